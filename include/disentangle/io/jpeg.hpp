// SPDX-License-Identifier: Apache-2.0
// JPEG images as 8-bit grey or RGB, read and written with libjpeg. Needs the component disentangle::jpeg.
#pragma once

#include <disentangle/core/error.hpp>
#include <disentangle/io/byte_stream.hpp>
#include <disentangle/io/memory.hpp>
#include <disentangle/io/png.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>  // jpeglib.h needs it

#include <jpeglib.h>

#include <csetjmp>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace disentangle::io {

namespace detail {

/// libjpeg reports a fault by a call that must not return. It jumps back to where `jump` was set; nothing
/// with a destructor lives in the functions in between. Warnings (a truncated image is one) are faults too.
struct JpegErrors {
  jpeg_error_mgr manager;
  std::jmp_buf jump;
  char text[JMSG_LENGTH_MAX];
};

inline void jpeg_fail(j_common_ptr codec) {
  auto* const errors = reinterpret_cast<JpegErrors*>(codec->err);
  codec->err->format_message(codec, errors->text);
  std::longjmp(errors->jump, 1);
}
inline void jpeg_message(j_common_ptr codec, int level) {
  if (level < 0) jpeg_fail(codec);
}

inline void jpeg_start(JpegErrors& errors) {
  jpeg_std_error(&errors.manager);
  errors.manager.error_exit = jpeg_fail;
  errors.manager.emit_message = jpeg_message;
  errors.text[0] = 0;
}

/// Reads the header, then, once `take` has found room for it, the pixels. Returns false on a fault, whose
/// words are in `errors`. `take` must not throw and returns null to refuse the image.
inline bool jpeg_decode(std::span<std::byte const> bytes, int channels, JpegErrors& errors, int& width,
                        int& height, int& stored, std::uint8_t* (*take)(void*, int, int, int),
                        void* context) {
  jpeg_decompress_struct codec;
  std::memset(&codec, 0, sizeof codec);
  jpeg_start(errors);
  codec.err = &errors.manager;
  if (setjmp(errors.jump) != 0) {
    jpeg_destroy_decompress(&codec);
    return false;
  }
  jpeg_create_decompress(&codec);
  // libjpeg wants memory to give up before it takes what a false header asks for.
  codec.mem->max_memory_to_use = 256L << 20;
  jpeg_mem_src(&codec, reinterpret_cast<unsigned char const*>(bytes.data()),
               static_cast<unsigned long>(bytes.size()));
  jpeg_read_header(&codec, TRUE);
  stored = codec.num_components == 1 ? 1 : 3;
  int const wanted = channels == 0 ? stored : channels;
  codec.out_color_space = wanted == 1 ? JCS_GRAYSCALE : JCS_RGB;
  width = static_cast<int>(codec.image_width);
  height = static_cast<int>(codec.image_height);
  std::uint8_t* const pixels = take(context, width, height, wanted);
  bool const accepted = pixels != nullptr;
  if (accepted) {
    jpeg_start_decompress(&codec);
    std::size_t const row = static_cast<std::size_t>(width) * static_cast<std::size_t>(wanted);
    while (codec.output_scanline < codec.output_height) {
      JSAMPROW line = pixels + codec.output_scanline * row;
      jpeg_read_scanlines(&codec, &line, 1);
    }
    jpeg_finish_decompress(&codec);
  }
  jpeg_destroy_decompress(&codec);
  return accepted;
}

/// Writes to memory that libjpeg takes with malloc; false on a fault.
inline bool jpeg_encode(Image8 const& image, int quality, JpegErrors& errors, unsigned char** out,
                        unsigned long* size) {
  jpeg_compress_struct codec;
  std::memset(&codec, 0, sizeof codec);
  jpeg_start(errors);
  codec.err = &errors.manager;
  if (setjmp(errors.jump) != 0) {
    jpeg_destroy_compress(&codec);
    return false;
  }
  jpeg_create_compress(&codec);
  jpeg_mem_dest(&codec, out, size);
  codec.image_width = static_cast<JDIMENSION>(image.width);
  codec.image_height = static_cast<JDIMENSION>(image.height);
  codec.input_components = image.channels;
  codec.in_color_space = image.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&codec);
  jpeg_set_quality(&codec, quality, TRUE);
  jpeg_start_compress(&codec, TRUE);
  std::size_t const row = static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.channels);
  while (codec.next_scanline < codec.image_height) {
    // libjpeg takes a pointer to non-const but does not write through it.
    JSAMPROW line = const_cast<std::uint8_t*>(image.pixels.data() + codec.next_scanline * row);
    jpeg_write_scanlines(&codec, &line, 1);
  }
  jpeg_finish_compress(&codec);
  jpeg_destroy_compress(&codec);
  return true;
}

/// Where jpeg_decode puts its pixels.
struct JpegTarget {
  Image8 image;
  /// Bytes of the file.
  std::size_t bytes = 0;
  bool refused = false, no_memory = false;
  std::size_t wanted = 0;  // bytes of pixels
};

inline std::uint8_t* jpeg_room(void* context, int width, int height, int channels) {
  auto* const target = static_cast<JpegTarget*>(context);
  std::uint64_t const pixels = static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(height);
  target->image.width = width;
  target->image.height = height;
  target->image.channels = channels;
  // A block of 64 pixels takes a bit or so at least; a larger promise is false and would only cost memory.
  target->refused = width < 1 || height < 1 || width > max_png_side || height > max_png_side ||
                    pixels > max_png_pixels || pixels / 4096 > target->bytes;
  if (target->refused) return nullptr;
  target->wanted = static_cast<std::size_t>(pixels) * static_cast<std::size_t>(channels);
  try {
    target->image.pixels.resize(target->wanted);
  } catch (...) {
    target->no_memory = true;
    return nullptr;
  }
  return target->image.pixels.data();
}

}  // namespace detail

/// Decodes a JPEG in memory; `name` stands in the messages of errors. `channels`: 1 (colours become luma), 3
/// (grey is repeated), or 0 (as stored). Throws FileError for data that are no JPEG, truncated, corrupt, or
/// of more pixels than max_png_pixels.
[[nodiscard]] inline Image8 decode_jpeg(std::span<std::byte const> bytes, std::string const& name,
                                        int channels = 0) {
  if (channels != 0 && channels != 1 && channels != 3) {
    throw ValueError(name + ": " + std::to_string(channels) +
                     " channels asked for, expected 1, 3 or 0 (as stored)");
  }
  detail::JpegTarget target;
  target.bytes = bytes.size();
  detail::JpegErrors errors;
  int width = 0, height = 0, stored = 0;
  if (!detail::jpeg_decode(bytes, channels, errors, width, height, stored, detail::jpeg_room, &target)) {
    if (target.refused) {
      throw FileError(name, "an image of " + std::to_string(width) + " x " + std::to_string(height) +
                                " pixels in " + std::to_string(bytes.size()) + " bytes, expected 1 .. " +
                                std::to_string(max_png_side) + " a side, at most " +
                                std::to_string(max_png_pixels) + " in all and 4096 a byte");
    }
    if (target.no_memory) detail::too_little_memory(name, target.wanted, free_some_memory);
    throw FileError(name, std::string("broken JPEG: ") + errors.text);
  }
  return std::move(target.image);
}

/// Reads a JPEG file; see decode_jpeg.
[[nodiscard]] inline Image8 read_jpeg(std::filesystem::path const& path, int channels = 0) {
  return decode_jpeg(InputFile(path).read_all(), path.string(), channels);
}

/// A JPEG of 8-bit grey (1 channel) or RGB (3 channels) in memory; quality 1 .. 100 as libjpeg's.
[[nodiscard]] inline std::vector<std::byte> encode_jpeg(Image8 const& image, int quality = 90) {
  if ((image.channels != 1 && image.channels != 3) || image.width < 1 || image.height < 1 ||
      image.width > 65500 || image.height > 65500 || quality < 1 || quality > 100 ||
      image.pixels.size() != static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height) *
                                 static_cast<std::size_t>(image.channels)) {
    throw ShapeError("a JPEG of " + std::to_string(image.width) + " x " + std::to_string(image.height) +
                     " pixels, " + std::to_string(image.channels) + " channels and quality " +
                     std::to_string(quality) + " cannot be made of " + std::to_string(image.pixels.size()) +
                     " bytes");
  }
  detail::JpegErrors errors;
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  bool const made = detail::jpeg_encode(image, quality, errors, &memory, &size);
  std::unique_ptr<unsigned char, decltype(&std::free)> const owner(memory, &std::free);
  if (!made) throw Error(std::string("JPEG encoder: ") + errors.text);
  auto const* first = reinterpret_cast<std::byte const*>(memory);
  return {first, first + size};
}

}  // namespace disentangle::io
