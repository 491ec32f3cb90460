// SPDX-License-Identifier: Apache-2.0
// PNG images as 8-bit grey or RGB, read and written with libspng.
#pragma once

#include <disentangle/core/error.hpp>
#include <disentangle/io/atomic_file.hpp>
#include <disentangle/io/byte_stream.hpp>
#include <disentangle/io/memory.hpp>

#include <spng.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace disentangle::io {

/// 8-bit pixels, rows from top to bottom, channels (1 grey or 3 RGB) interleaved.
struct Image8 {
  int width = 0;
  int height = 0;
  int channels = 3;
  std::vector<std::uint8_t> pixels;
};

/// What becomes of transparency.
enum class Alpha {
  /// value * alpha, as if the image lay on black.
  over_black,
  /// The stored value, however transparent the pixel is.
  dropped
};

/// Size and kind of a PNG, from its header.
struct PngInfo {
  int width = 0;
  int height = 0;
  /// Channels as stored, alpha not counted: 1 for grey, 3 for RGB and palette images.
  int channels = 0;
  bool has_alpha = false;
  int bit_depth = 8;
};

/// Limits for reading: larger images are refused before memory is taken for them.
inline constexpr int max_png_side = 1 << 15;
inline constexpr std::uint64_t max_png_pixels = std::uint64_t{1} << 26;

namespace detail {

struct SpngFree {
  void operator()(spng_ctx* context) const { spng_ctx_free(context); }
};
using SpngContext = std::unique_ptr<spng_ctx, SpngFree>;

inline void spng_check(int code, std::string const& name, char const* action) {
  if (code != 0) throw FileError(name, std::string(action) + ": " + spng_strerror(code));
}

/// A decoder over bytes that the caller keeps; its header has been checked.
struct PngDecoder {
  SpngContext context;
  PngInfo info;

  PngDecoder(std::span<std::byte const> bytes, std::string const& name) : context(spng_ctx_new(0)) {
    if (context == nullptr) throw FileError(name, "libspng cannot start: out of memory");
    // No chunk is larger than its file; the cache limit bounds what compressed text may inflate to.
    std::size_t const chunk_limit =
        bytes.size() < (std::size_t{1} << 30) ? bytes.size() + 1 : std::size_t{1} << 30;
    spng_check(spng_set_chunk_limits(context.get(), chunk_limit, std::size_t{1} << 26), name, "libspng");
    spng_check(spng_set_png_buffer(context.get(), bytes.data(), bytes.size()), name, "libspng");
    spng_ihdr header{};
    spng_check(spng_get_ihdr(context.get(), &header), name, "not a readable PNG");
    std::uint64_t const pixels = std::uint64_t{header.width} * header.height;
    if (header.width > max_png_side || header.height > max_png_side || pixels > max_png_pixels) {
      throw FileError(name, "an image of " + std::to_string(header.width) + " x " +
                                std::to_string(header.height) + " pixels, expected at most " +
                                std::to_string(max_png_side) + " a side and " +
                                std::to_string(max_png_pixels) + " in all");
    }
    unsigned const stored_channels = header.color_type == SPNG_COLOR_TYPE_TRUECOLOR         ? 3
                                     : header.color_type == SPNG_COLOR_TYPE_TRUECOLOR_ALPHA ? 4
                                     : header.color_type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA ? 2
                                                                                            : 1;
    // Deflate makes at most 1032 bytes out of one, so a larger promise is false and would only cost memory.
    std::uint64_t const stored_bytes = pixels * stored_channels * header.bit_depth / 8;
    if (stored_bytes / 1032 > bytes.size()) {
      throw FileError(name, "an image of " + std::to_string(header.width) + " x " +
                                std::to_string(header.height) + " pixels cannot be in " +
                                std::to_string(bytes.size()) + " bytes");
    }
    info.width = static_cast<int>(header.width);
    info.height = static_cast<int>(header.height);
    info.bit_depth = header.bit_depth;
    bool const grey = header.color_type == SPNG_COLOR_TYPE_GRAYSCALE ||
                      header.color_type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA;
    info.channels = grey ? 1 : 3;
    spng_trns transparency{};
    info.has_alpha = header.color_type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA ||
                     header.color_type == SPNG_COLOR_TYPE_TRUECOLOR_ALPHA ||
                     spng_get_trns(context.get(), &transparency) == 0;
  }
};

/// Rec. 601 luma of three 8-bit values, rounded.
inline std::uint8_t luma(unsigned red, unsigned green, unsigned blue) {
  return static_cast<std::uint8_t>((299 * red + 587 * green + 114 * blue + 500) / 1000);
}

}  // namespace detail

/// Decodes a PNG in memory; `name` stands in the messages of errors. Grey, RGB, palette, 1 to 16 bits,
/// interlaced, with or without alpha. `channels`: 1 (colours become Rec. 601 luma), 3 (grey is repeated), or
/// 0 (as stored). 16 bits are rounded to 8; gamma and colour profiles are ignored. A broken image is a
/// FileError.
[[nodiscard]] inline Image8 decode_png(std::span<std::byte const> bytes, std::string const& name,
                                       int channels = 0, Alpha alpha = Alpha::over_black) {
  if (channels != 0 && channels != 1 && channels != 3) {
    throw ValueError(name + ": " + std::to_string(channels) +
                     " channels asked for, expected 1, 3 or 0 (as stored)");
  }
  detail::PngDecoder decoder(bytes, name);
  PngInfo const& info = decoder.info;
  bool const wide = info.bit_depth == 16;
  int const format = wide ? SPNG_FMT_RGBA16 : SPNG_FMT_RGBA8;
  std::size_t const pixels = static_cast<std::size_t>(info.width) * static_cast<std::size_t>(info.height);
  std::size_t length = 0;
  detail::spng_check(spng_decoded_image_size(decoder.context.get(), format, &length), name, "broken PNG");
  if (length != pixels * (wide ? 8 : 4))
    throw FileError(name, "broken PNG: the decoded size is not that of the header");
  std::vector<std::uint8_t> rgba;
  make_room(rgba, length, name);
  detail::spng_check(
      spng_decode_image(decoder.context.get(), rgba.data(), rgba.size(), format, SPNG_DECODE_TRNS), name,
      "broken PNG");
  detail::spng_check(spng_decode_chunks(decoder.context.get()), name, "broken PNG after its pixels");
  Image8 image{info.width, info.height, channels == 0 ? info.channels : channels, {}};
  make_room(image.pixels, pixels * static_cast<std::size_t>(image.channels), name);
  for (std::size_t i = 0; i < pixels; ++i) {
    unsigned value[4];
    for (std::size_t c = 0; c < 4; ++c) {
      if (wide) {
        std::uint16_t sample;
        std::memcpy(&sample, rgba.data() + (i * 4 + c) * 2, 2);
        value[c] = (sample * 255u + 32767u) / 65535u;
      } else {
        value[c] = rgba[i * 4 + c];
      }
    }
    if (alpha == Alpha::over_black) {
      for (int c = 0; c < 3; ++c) value[c] = (value[c] * value[3] + 127) / 255;
    }
    if (image.channels == 3) {
      for (std::size_t c = 0; c < 3; ++c) image.pixels[i * 3 + c] = static_cast<std::uint8_t>(value[c]);
    } else {
      image.pixels[i] = detail::luma(value[0], value[1], value[2]);
    }
  }
  return image;
}

/// Reads a PNG file; see decode_png.
[[nodiscard]] inline Image8 read_png(std::filesystem::path const& path, int channels = 0,
                                     Alpha alpha = Alpha::over_black) {
  return decode_png(InputFile(path).read_all(), path.string(), channels, alpha);
}

/// Decodes a PNG in memory as (height, width, 4): red, green, blue and alpha as they are stored, for images
/// that are laid on each other. The Image8 of four channels is not for write_png. Otherwise as decode_png.
[[nodiscard]] inline Image8 decode_png_rgba(std::span<std::byte const> bytes, std::string const& name) {
  detail::PngDecoder decoder(bytes, name);
  std::size_t const pixels =
      static_cast<std::size_t>(decoder.info.width) * static_cast<std::size_t>(decoder.info.height);
  Image8 image{decoder.info.width, decoder.info.height, 4, {}};
  make_room(image.pixels, pixels * 4, name);
  std::size_t length = 0;
  detail::spng_check(spng_decoded_image_size(decoder.context.get(), SPNG_FMT_RGBA8, &length), name,
                     "broken PNG");
  if (length != image.pixels.size())
    throw FileError(name, "broken PNG: the decoded size is not that of the header");
  detail::spng_check(
      spng_decode_image(decoder.context.get(), image.pixels.data(), length, SPNG_FMT_RGBA8, SPNG_DECODE_TRNS),
      name, "broken PNG");
  return image;
}

/// Reads a PNG file with its alpha; see decode_png_rgba.
[[nodiscard]] inline Image8 read_png_rgba(std::filesystem::path const& path) {
  return decode_png_rgba(InputFile(path).read_all(), path.string());
}

/// Reads only size and kind of a PNG file.
[[nodiscard]] inline PngInfo read_png_info(std::filesystem::path const& path) {
  auto const bytes = InputFile(path).read_all();
  return detail::PngDecoder(bytes, path.string()).info;
}

/// A PNG of 8-bit grey (1 channel) or RGB (3 channels) in memory.
[[nodiscard]] inline std::vector<std::byte> encode_png(Image8 const& image) {
  bool const grey = image.channels == 1;
  if ((!grey && image.channels != 3) || image.width < 1 || image.height < 1 ||
      image.pixels.size() != static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height) *
                                 static_cast<std::size_t>(image.channels)) {
    throw ShapeError("a PNG of " + std::to_string(image.width) + " x " + std::to_string(image.height) +
                     " pixels and " + std::to_string(image.channels) + " channels cannot be made of " +
                     std::to_string(image.pixels.size()) + " bytes; expected 1 or 3 channels");
  }
  detail::SpngContext const context(spng_ctx_new(SPNG_CTX_ENCODER));
  std::string const name = "PNG encoder";
  if (context == nullptr) throw FileError(name, "out of memory");
  spng_ihdr header{};
  header.width = static_cast<std::uint32_t>(image.width);
  header.height = static_cast<std::uint32_t>(image.height);
  header.bit_depth = 8;
  header.color_type = grey ? SPNG_COLOR_TYPE_GRAYSCALE : SPNG_COLOR_TYPE_TRUECOLOR;
  detail::spng_check(spng_set_option(context.get(), SPNG_ENCODE_TO_BUFFER, 1), name, "libspng");
  detail::spng_check(spng_set_ihdr(context.get(), &header), name, "libspng");
  detail::spng_check(spng_encode_image(context.get(), image.pixels.data(), image.pixels.size(), SPNG_FMT_PNG,
                                       SPNG_ENCODE_FINALIZE),
                     name, "libspng");
  std::size_t size = 0;
  int code = 0;
  std::unique_ptr<void, decltype(&std::free)> const buffer(spng_get_png_buffer(context.get(), &size, &code),
                                                           &std::free);
  detail::spng_check(code, name, "libspng");
  auto const* first = static_cast<std::byte const*>(buffer.get());
  return {first, first + size};
}

/// Writes a PNG file of 8-bit grey or RGB, beside and renamed.
inline void write_png(std::filesystem::path const& path, Image8 const& image) {
  write_file(path, encode_png(image));
}

}  // namespace disentangle::io
