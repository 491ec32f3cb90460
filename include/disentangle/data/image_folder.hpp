// SPDX-License-Identifier: Apache-2.0
// A data set from a folder of PNG images, with labels from a CSV table or without.
#pragma once

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/shape.hpp>
#include <disentangle/data/arrays.hpp>
#include <disentangle/data/label_table.hpp>
#include <disentangle/data/resize.hpp>
#include <disentangle/io/memory.hpp>
#include <disentangle/io/png.hpp>

namespace disentangle::data {

/// What happens to an image whose size is not that of the data set.
enum class Fit {
  /// It is an error.
  exact,
  /// The largest centred part of the right proportions is resized (area means or linear interpolation).
  centre_crop_and_resize,
};

/// How image_folder() reads.
struct ImageFolderOptions {
  Fit fit = Fit::exact;
};

/// The names of the PNG files in a folder (not in folders inside it), sorted byte by byte: the order of the
/// images of image_folder(). @throws FileError for a folder that cannot be listed or has none.
[[nodiscard]] inline std::vector<std::string> png_files(std::filesystem::path const& folder) {
  std::error_code code;
  std::vector<std::string> names;
  auto entry = std::filesystem::directory_iterator(folder, code);
  for (; !code && entry != std::filesystem::directory_iterator(); entry.increment(code)) {
    std::string extension = entry->path().extension().string();
    std::ranges::transform(extension, extension.begin(), [](unsigned char c) { return std::tolower(c); });
    std::error_code ignored;
    if (extension == ".png" && entry->is_regular_file(ignored))
      names.push_back(entry->path().filename().string());
  }
  if (code) throw FileError(folder.string(), "cannot list the folder: " + code.message());
  if (names.empty()) throw FileError(folder.string(), "found no .png file, expected at least one");
  std::ranges::sort(names);
  return names;
}

/// A data set of the PNG files of a folder, in the order of their names. All are read at once and held as
/// bytes. With one channel colours become grey (Rec. 601 luma), with three channels grey is repeated;
/// transparent pixels are laid on black. `labels`: a CSV file as read_label_table() describes, or empty;
/// images that it does not name have all labels missing.
///
///     auto data = dis::data::image_folder<dis::ImageShape<64, 64, 3>>("faces", "faces/labels.csv");
///
/// Throws FileError for a broken PNG, for a PNG of another size unless options.fit says otherwise, for a
/// folder without any, and for a table that is broken or names a file that is not there.
template <class Shape>
[[nodiscard]] Arrays<Shape> image_folder(std::filesystem::path const& folder,
                                         std::filesystem::path const& labels = {},
                                         ImageFolderOptions options = {}) {
  static_assert(Shape::channels == 1 || Shape::channels == 3,
                "[disentangle] image_folder gives images of 1 (grey) or 3 (red, green, blue) channels");
  std::vector<std::string> const files = png_files(folder);
  typename Arrays<Shape>::Description description;
  description.name = (folder.has_filename() ? folder : folder.parent_path()).filename().string();
  std::vector<int> values;
  if (!labels.empty()) {
    LabelTable table = read_label_table(labels);
    std::size_t const width = table.factors.size();
    values.assign(files.size() * width, -1);
    for (std::size_t r = 0; r < table.files.size(); ++r) {
      auto const found = std::ranges::lower_bound(files, table.files[r]);
      if (found == files.end() || *found != table.files[r]) {
        throw FileError(labels.string(),
                        "names the file '" + table.files[r] + "', which is not a .png in " + folder.string());
      }
      std::copy_n(table.labels.begin() + static_cast<std::ptrdiff_t>(r * width), width,
                  values.begin() + (found - files.begin()) * static_cast<std::ptrdiff_t>(width));
    }
    description.factors = std::move(table.factors);
  }
  std::vector<std::uint8_t> pixels;
  io::reserve_room(pixels, files.size() * Shape::size, folder.string());
  for (std::string const& file : files) {
    io::Image8 image = io::read_png(folder / file, Shape::channels);
    if (image.height != Shape::height || image.width != Shape::width) {
      if (options.fit == Fit::exact) {
        throw FileError((folder / file).string(),
                        "found an image of " + std::to_string(image.height) + " x " +
                            std::to_string(image.width) + " (height x width), expected " +
                            std::to_string(Shape::height) + " x " + std::to_string(Shape::width) +
                            "; Fit::centre_crop_and_resize takes other sizes");
      }
      image = centre_crop_and_resize(image, Shape::height, Shape::width);
    }
    pixels.insert(pixels.end(), image.pixels.begin(), image.pixels.end());
  }
  return {std::move(pixels), std::move(values), std::move(description)};
}

}  // namespace disentangle::data
