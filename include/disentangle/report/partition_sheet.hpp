// SPDX-License-Identifier: Apache-2.0
// The two subsets of a partition as a sheet of images: what IP-IRM found.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/found_partition.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/core/sample_indices.hpp>
#include <disentangle/metric/partition_agreement.hpp>
#include <disentangle/report/image_grid.hpp>

namespace disentangle::report {

/// How many images, which, how large.
struct PartitionSheetOptions {
  int columns = 14;  ///< images side by side
  int rows = 3;      ///< of each subset
  std::uint64_t seed = 0;
  int zoom = 0;  ///< side of a square that one image pixel becomes; 0 chooses
};

/// Random images of subset 0 above random images of subset 1, with the partition's risk and, for data sets
/// that have factors, what it has in common with each. @throws ShapeError for a partition of another number
/// of images
template <class Data>
Canvas draw_partition(FoundPartition const& partition, Data const& data,
                      PartitionSheetOptions const& options = {}) {
  using Shape = typename Data::image_shape_type;
  if (partition.subsets.size() != data.size()) {
    throw ShapeError("draw_partition: found a partition of " + std::to_string(partition.subsets.size()) +
                     " images, expected one of the " + std::to_string(data.size()) + " of " + data.name());
  }
  if (options.columns < 1 || options.rows < 1) {
    throw ValueError("draw_partition: found " + std::to_string(options.rows) + " rows of " +
                     std::to_string(options.columns) + " images, expected at least 1 of 1");
  }
  auto const each = static_cast<std::size_t>(options.columns) * static_cast<std::size_t>(options.rows);
  auto const order = sample_indices(data.size(), data.size(), options.seed, stream("report.partition"));
  std::vector<std::size_t> chosen;
  std::vector<std::size_t> sizes(2, 0);
  std::vector<float> images(2 * each * Shape::size, 1.0f);  // white where a subset has no more
  for (int k = 0; k < 2; ++k) {
    chosen.clear();
    for (std::size_t const i : order) {
      if (partition.subsets[i] != k) continue;
      ++sizes[static_cast<std::size_t>(k)];
      if (chosen.size() < each) chosen.push_back(i);
    }
    data.images(chosen, std::span(images).subspan(static_cast<std::size_t>(k) * each * Shape::size,
                                                  chosen.size() * Shape::size));
  }
  GridText words;
  char text[96];
  std::snprintf(text, sizeof text, "Partition before epoch %ld, risk %.3f", partition.epoch, partition.risk);
  words.title = text;
  for (metric::PartitionAgreement const& a : metric::partition_agreement(partition.subsets, data)) {
    std::snprintf(text, sizeof text, "%s%s %.2f bit, purity %.2f", words.note.empty() ? "" : ";  ",
                  a.factor.c_str(), a.information, a.purity);
    words.note += text;
  }
  for (int row = 0; row < 2 * options.rows; ++row) {
    auto const k = static_cast<std::size_t>(row / options.rows);
    words.row_labels.push_back(row % options.rows == 0 ? GridLabel{"subset " + std::to_string(k),
                                                                   std::to_string(sizes[k]) + " images"}
                                                       : GridLabel{});
  }
  GridStyle style;
  style.zoom = options.zoom;
  style.rows_per_group = options.rows;
  return image_grid(images, 2 * options.rows, options.columns, Shape::height, Shape::width, Shape::channels,
                    words, style);
}

}  // namespace disentangle::report
