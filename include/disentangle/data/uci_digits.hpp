// SPDX-License-Identifier: Apache-2.0
// Handwritten digits of 8 x 8 pixels: "Optical recognition of handwritten digits" of the UCI repository
// (Alpaydin, Kaynak 1998), whose test part of 1,797 images scikit-learn ships.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/core/shape.hpp>
#include <disentangle/data/arrays.hpp>
#include <disentangle/data/resize.hpp>
#include <disentangle/io/gzip.hpp>

namespace disentangle::data {

namespace detail {

/// The lines of such a file: 64 pixels 0 .. 16 and a digit each.
struct UciDigits {
  std::vector<std::uint8_t> pixels;
  std::vector<int> labels;
};

inline UciDigits parse_uci_digits(std::string_view text, std::string const& name) {
  UciDigits result;
  std::size_t line = 0;
  for (std::size_t at = 0; at < text.size();) {
    ++line;
    std::size_t const end = std::min(text.find('\n', at), text.size());
    std::string_view row = text.substr(at, end - at);
    at = end + 1;
    if (row.ends_with('\r')) row.remove_suffix(1);
    if (row.empty()) continue;
    auto const refuse = [&](std::string const& what) {
      throw FileError(name, "line " + std::to_string(line) + ": " + what);
    };
    std::size_t column = 0;
    for (bool more = true; more; ++column) {
      std::size_t const comma = row.find(',');
      more = comma != std::string_view::npos;
      std::string_view const cell = row.substr(0, comma);
      row.remove_prefix(more ? comma + 1 : row.size());
      int value = -1;
      bool const whole = read_number(cell, value);
      int const largest = column < 64 ? 16 : 9;
      if (column > 64) refuse("found more than 65 numbers, expected 64 pixels and a digit");
      if (!whole || value < 0 || value > largest) {
        refuse("number " + std::to_string(column + 1) + " is '" + std::string(cell.substr(0, 20)) +
               "', expected a whole number 0 .. " + std::to_string(largest));
      }
      if (column < 64) {
        result.pixels.push_back(static_cast<std::uint8_t>(value));
      } else {
        result.labels.push_back(value);
      }
    }
    if (column != 65) {
      refuse("found " + std::to_string(column) + " numbers, expected 64 pixels and a digit");
    }
  }
  if (result.labels.empty())
    throw FileError(name, "holds no digits, expected lines of 64 pixels and a digit");
  return result;
}

}  // namespace detail

/// The digits of a text file, gzipped or not, of lines of 64 pixels 0 .. 16 and a digit, separated by commas:
/// digits.csv.gz of scikit-learn, optdigits.tra and optdigits.tes of UCI. One factor, "digit". Pixels are v /
/// 16 at 8 x 8; another ImageShape resizes them, as idx() says. Throws FileError naming the line, what was
/// found and what was expected.
template <class Shape = ImageShape<8, 8, 1>>
[[nodiscard]] Arrays<Shape> uci_digits(std::filesystem::path const& path) {
  static_assert(Shape::channels == 1,
                "[disentangle] these images are grey: take an ImageShape of one channel");
  auto const bytes = io::read_possibly_gzipped(io::InputFile(path));
  auto digits =
      detail::parse_uci_digits({reinterpret_cast<char const*>(bytes.data()), bytes.size()}, path.string());
  typename Arrays<Shape>::Description description{
      .name = "uci_digits", .factors = {{"digit", 10}}, .byte_scale = 1.0f / 16};
  if (Shape::height != 8 || Shape::width != 8) {
    for (std::uint8_t& pixel : digits.pixels) pixel = static_cast<std::uint8_t>((pixel * 255 + 8) / 16);
    description.byte_scale = 1.0f / 255;
  }
  return {detail::fitted<Shape>(std::move(digits.pixels), 8, 8, path.string()), std::move(digits.labels),
          std::move(description)};
}

}  // namespace disentangle::data
