// SPDX-License-Identifier: Apache-2.0
// How far a partition of images into two subsets is that of a known factor.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numbers>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/factor.hpp>
#include <disentangle/core/matrix_view.hpp>
#include <disentangle/metric/mutual_information.hpp>

namespace disentangle::metric {

/// What a partition has to do with one factor.
struct PartitionAgreement {
  std::string factor;
  /// The share of images that lie in the subset that holds more images of their value: 1 where no value is
  /// cut in two; by chance somewhat above 1/2, the more so the fewer images a value has.
  double purity = 0;
  /// I(subset; value) in bits: at most 1, 0 by chance.
  double information = 0;
};

/// Compares a partition with every factor. Images with a missing label (-1) are left out for that factor.
/// Wang et al., NeurIPS 2021 (BibTeX: wang2021self) compare by eye; these two numbers are a RECONSTRUCTION.
/// @param subsets 0 or 1 for each image  @param labels (images, factors)
/// @throws ShapeError where the numbers of rows or of factors differ or are 0, ValueError for a subset that
/// is neither
[[nodiscard]] inline std::vector<PartitionAgreement> partition_agreement(std::span<int const> subsets,
                                                                         MatrixView<int const> labels,
                                                                         std::span<Factor const> factors) {
  if (subsets.empty() || labels.rows != subsets.size() || labels.columns != factors.size()) {
    throw ShapeError("partition_agreement: found " + std::to_string(subsets.size()) + " images in subsets, " +
                     std::to_string(labels.rows) + " x " + std::to_string(labels.columns) + " labels and " +
                     std::to_string(factors.size()) +
                     " factors, expected a row of labels for each image and a column for each factor");
  }
  for (int const subset : subsets) {
    if (subset != 0 && subset != 1) {
      throw ValueError("partition_agreement: found subset " + std::to_string(subset) + ", expected 0 or 1");
    }
  }
  std::vector<PartitionAgreement> result;
  for (std::size_t k = 0; k < factors.size(); ++k) {
    std::vector<int> subset, value;
    for (std::size_t i = 0; i < subsets.size(); ++i) {
      if (labels(i, k) < 0) continue;
      subset.push_back(subsets[i]);
      value.push_back(labels(i, k));
    }
    PartitionAgreement found{factors[k].name, 0, 0};
    if (!value.empty()) {
      auto const values = detail::renumber(value);
      std::vector<std::size_t> counts(2 * values.size, 0);
      for (std::size_t i = 0; i < subset.size(); ++i)
        ++counts[2 * static_cast<std::size_t>(values.label[i]) + static_cast<std::size_t>(subset[i])];
      std::size_t pure = 0;
      for (std::size_t v = 0; v < values.size; ++v) pure += std::max(counts[2 * v], counts[2 * v + 1]);
      found.purity = static_cast<double>(pure) / static_cast<double>(subset.size());
      found.information = mutual_information(subset, value) / std::numbers::ln2;
    }
    result.push_back(std::move(found));
  }
  return result;
}

/// The same for the images of a data set, of which partitions are.
template <class Data>
[[nodiscard]] std::vector<PartitionAgreement> partition_agreement(std::span<int const> subsets,
                                                                  Data const& data) {
  std::size_t const width = data.factors().size();
  std::vector<std::size_t> indices(data.size());
  for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = i;
  std::vector<int> labels(indices.size() * width);
  data.labels(indices, labels);
  return partition_agreement(subsets, MatrixView<int const>(labels.data(), indices.size(), width),
                             data.factors());
}

}  // namespace disentangle::metric
