// SPDX-License-Identifier: Apache-2.0
// Opens data sets by the words of --data.
#include "data_sets.hpp"

#include "usage_error.hpp"

#include <disentangle/data/dsprites.hpp>
#include <disentangle/data/fixed_factor.hpp>
#include <disentangle/data/image_folder.hpp>
#include <disentangle/data/npy_files.hpp>

#include <filesystem>

namespace dis = disentangle;

namespace {

/// Kind ("dsprites", "npz", "folder") and path of --data.
std::pair<std::string, std::string> split(std::string const& words) {
  for (std::string const start : {"dsprites=", "npz:", "folder:"}) {
    if (words.starts_with(start) && words.size() > start.size()) {
      return {start.substr(0, start.size() - 1), words.substr(start.size())};
    }
  }
  if (words != "dsprites" && words != "oval_dsprites") throw UsageError("--data: found '" + words + "', expected " + data_forms);
  return {words, ""};
}

/// Images in member "images", labels in "labels" if it is there; one or three channels as the extents say.
OpenedData open_npz(std::string const& path) {
  dis::data::NpzOptions options;
  std::vector<std::size_t> shape;
  {
    dis::io::NpzReader const file(path);
    if (file.contains("labels")) options.labels = "labels";
    shape = file.header(options.images).shape;
  }
  bool const colour = shape.size() == 4 ? shape[3] == 3 || shape[1] == 3 : shape.size() == 2 && shape[1] == Colour::size;
  if (colour) return AnyData<Colour>(dis::data::npz<Colour>(path, options));
  return AnyData<Grey>(dis::data::npz<Grey>(path, options));
}

/// PNG files of any size, cropped and resized; grey if the first is; labels from labels.csv if it is there.
OpenedData open_folder(std::filesystem::path const& folder) {
  std::filesystem::path labels = folder / "labels.csv";
  if (!std::filesystem::exists(labels)) labels.clear();
  auto const files = dis::data::detail::png_files(folder);
  dis::data::ImageFolderOptions const options{.fit = dis::data::Fit::centre_crop_and_resize};
  if (dis::io::read_png_info(folder / files.front()).channels == 3) {
    return AnyData<Colour>(dis::data::image_folder<Colour>(folder, labels, options));
  }
  return AnyData<Grey>(dis::data::image_folder<Grey>(folder, labels, options));
}

}  // namespace

OpenedData open_data(std::string const& words) {
  auto const [kind, path] = split(words);
  if (kind == "npz") return open_npz(path);
  if (kind == "folder") return open_folder(path);
  if (kind == "oval_dsprites") return AnyGrid<Grey>(dis::data::oval_dsprites());
  return AnyGrid<Grey>(path.empty() ? dis::data::dsprites() : dis::data::dsprites(std::filesystem::path(path)));
}

std::string with_absolute_path(std::string const& words) {
  auto const [kind, path] = split(words);
  if (path.empty()) return words;
  return words.substr(0, kind.size() + 1) + std::filesystem::absolute(path).lexically_normal().string();
}
