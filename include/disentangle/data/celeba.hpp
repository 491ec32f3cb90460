// SPDX-License-Identifier: Apache-2.0
// CelebA (Liu, Luo, Wang, Tang, "Deep learning face attributes in the wild", ICCV 2015): 202,599 photographs
// of faces with 40 attributes, from the published folder. Needs the component disentangle::jpeg.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/factor.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/core/shape.hpp>
#include <disentangle/data/arrays.hpp>
#include <disentangle/data/resize.hpp>
#include <disentangle/io/byte_stream.hpp>
#include <disentangle/io/jpeg.hpp>
#include <disentangle/io/memory.hpp>

namespace disentangle::data {

/// Which part of CelebA is read.
enum class CelebaPart { train = 0, validation = 1, test = 2, all = 3 };

/// How celeba() reads.
struct CelebaOptions {
  CelebaPart part = CelebaPart::train;
  /// At most this many images, the first of the part.
  std::size_t most = std::numeric_limits<std::size_t>::max();
};

namespace detail {

/// The words of each line that has any, with the line's number.
struct Line {
  std::size_t number = 0;
  std::vector<std::string_view> words;
};
inline std::vector<Line> lines_of_words(std::string_view text) {
  std::vector<Line> lines;
  Line line{1, {}};
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || text[i] == '\n') {
      std::size_t const next = line.number + 1;
      if (!line.words.empty()) lines.push_back(std::move(line));
      line = {next, {}};
    } else if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r') {
      std::size_t const end = std::min(text.find_first_of(" \t\r\n", i), text.size());
      line.words.push_back(text.substr(i, end - i));
      i = end - 1;
    }
  }
  return lines;
}

inline bool whole_number(std::string_view word, long long& value) { return read_number(word, value); }

/// File names and, of each, 0 or 1 for every attribute.
struct CelebaAttributes {
  std::vector<std::string> names;
  std::vector<std::string> files;
  std::vector<std::uint8_t> values;  // (files, names)
};

/// list_attr_celeba.txt: the number of images, the names of the attributes, then a line for each image of its
/// file and 1 or -1 for each attribute.
inline CelebaAttributes parse_celeba_attributes(std::string_view text, std::string const& name) {
  auto const lines = lines_of_words(text);
  long long count = 0;
  if (lines.size() < 2 || lines[0].words.size() != 1 || !whole_number(lines[0].words[0], count) ||
      count < 0) {
    throw FileError(
        name, "expected the number of images in the first line, the names of the attributes in the second");
  }
  CelebaAttributes table;
  table.names.assign(lines[1].words.begin(), lines[1].words.end());
  std::size_t const width = table.names.size();
  if (static_cast<unsigned long long>(count) != lines.size() - 2) {
    throw FileError(name, "found " + std::to_string(lines.size() - 2) + " images, expected " +
                              std::to_string(count) + " as the first line says");
  }
  for (std::size_t r = 2; r < lines.size(); ++r) {
    auto const& words = lines[r].words;
    std::string const where = "line " + std::to_string(lines[r].number) + ": ";
    if (words.size() != width + 1) {
      throw FileError(name, where + "found " + std::to_string(words.size()) + " words, expected a file and " +
                                std::to_string(width) + " attributes");
    }
    if (words[0].find('/') != std::string_view::npos) {
      throw FileError(name, where + "found the file '" + std::string(words[0].substr(0, 60)) +
                                "', expected a name without /");
    }
    table.files.emplace_back(words[0]);
    for (std::size_t k = 0; k < width; ++k) {
      long long value = 0;
      if (!whole_number(words[k + 1], value) || (value != 1 && value != -1)) {
        throw FileError(name, where + table.names[k] + " is '" + std::string(words[k + 1].substr(0, 20)) +
                                  "', expected 1 or -1");
      }
      table.values.push_back(value == 1 ? 1 : 0);
    }
  }
  return table;
}

/// list_eval_partition.txt: a line for each image of its file and 0 (train), 1 (validation) or 2 (test).
inline std::unordered_map<std::string, int> parse_celeba_parts(std::string_view text,
                                                               std::string const& name) {
  std::unordered_map<std::string, int> parts;
  for (Line const& line : lines_of_words(text)) {
    long long value = -1;
    if (line.words.size() != 2 || !whole_number(line.words[1], value) || value < 0 || value > 2) {
      throw FileError(name, "line " + std::to_string(line.number) +
                                ": expected a file and 0, 1 or 2, found " +
                                std::to_string(line.words.size()) + " words" +
                                (line.words.size() == 2
                                     ? ", the second '" + std::string(line.words[1].substr(0, 20)) + "'"
                                     : std::string()));
    }
    parts.emplace(line.words[0], static_cast<int>(value));
  }
  return parts;
}

inline std::string whole_text(std::filesystem::path const& path) {
  auto const bytes = io::InputFile(path).read_all();
  return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

}  // namespace detail

/// CelebA from a folder that holds list_attr_celeba.txt, list_eval_partition.txt (not needed for
/// CelebaPart::all) and the folder img_align_celeba of JPEG files 178 x 218. The largest centred part of
/// Shape's proportions is resized to Shape (area means). 40 factors of two values, 0 no and 1 yes, with the
/// published names. All images are held as bytes: 2.5 GB for the whole set at 64 x 64; `most` takes fewer.
/// Throws FileError naming the file, what was found and what was expected.
///
///     auto faces = dis::data::celeba<dis::ImageShape<64, 64, 3>>("celeba", {.most = 20'000});
template <class Shape = ImageShape<64, 64, 3>>
[[nodiscard]] Arrays<Shape> celeba(std::filesystem::path const& folder, CelebaOptions options = {}) {
  static_assert(Shape::channels == 1 || Shape::channels == 3,
                "[disentangle] celeba gives images of 1 (grey) or 3 (red, green, blue) channels");
  auto const table_path = folder / "list_attr_celeba.txt", parts_path = folder / "list_eval_partition.txt";
  auto const table = detail::parse_celeba_attributes(detail::whole_text(table_path), table_path.string());
  std::unordered_map<std::string, int> parts;
  if (options.part != CelebaPart::all) {
    parts = detail::parse_celeba_parts(detail::whole_text(parts_path), parts_path.string());
  }
  std::size_t const width = table.names.size();
  std::vector<std::uint8_t> pixels;
  std::vector<int> labels;
  std::size_t count = 0, of_part = table.files.size();
  if (options.part != CelebaPart::all) {
    of_part = static_cast<std::size_t>(std::count_if(parts.begin(), parts.end(), [&](auto const& part) {
      return part.second == static_cast<int>(options.part);
    }));
  }
  io::reserve_room(
      pixels, std::min(options.most, of_part) * Shape::size, folder.string(),
      "take fewer of the images (.most), end other programs, or take a machine with more memory");
  for (std::size_t r = 0; r < table.files.size() && count < options.most; ++r) {
    if (options.part != CelebaPart::all) {
      auto const part = parts.find(table.files[r]);
      if (part == parts.end())
        throw FileError(parts_path.string(), "has no line for '" + table.files[r] + "'");
      if (part->second != static_cast<int>(options.part)) continue;
    }
    io::Image8 const image = io::read_jpeg(folder / "img_align_celeba" / table.files[r], Shape::channels);
    io::Image8 const fitted = centre_crop_and_resize(image, Shape::height, Shape::width);
    pixels.insert(pixels.end(), fitted.pixels.begin(), fitted.pixels.end());
    for (std::size_t k = 0; k < width; ++k) labels.push_back(table.values[r * width + k]);
    ++count;
  }
  if (count == 0) throw FileError(folder.string(), "found no image of the part that was asked for");
  std::vector<Factor> factors;
  for (std::string const& name : table.names) factors.push_back({name, 2});
  return {std::move(pixels), std::move(labels), {.name = "celeba", .factors = std::move(factors)}};
}

}  // namespace disentangle::data
