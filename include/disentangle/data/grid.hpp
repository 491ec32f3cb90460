// SPDX-License-Identifier: Apache-2.0
// The index arithmetic of a factor grid: every combination of factor values once, the last factor moving
// quickest.
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/factor.hpp>

namespace disentangle::data {

/// Mixed-radix numbering of factor combinations:
///   index = ((v[0] * n[1] + v[1]) * n[2] + v[2]) * n[3] + ...,   n = cardinalities, 0 <= v[k] < n[k].
/// Every factor must have a positive cardinality and the number of combinations must fit std::size_t
/// (ValueError).
class Grid {
 public:
  explicit Grid(std::vector<Factor> factors) : factors_(std::move(factors)) {
    for (Factor const& factor : factors_) {
      if (factor.cardinality <= 0) {
        throw ValueError("factor '" + factor.name + "' has cardinality " +
                         std::to_string(factor.cardinality) + ", expected at least 1");
      }
      auto const cardinality = static_cast<std::size_t>(factor.cardinality);
      if (size_ > std::numeric_limits<std::size_t>::max() / cardinality) {
        throw ValueError("the grid has more combinations than an index can count");
      }
      size_ *= cardinality;
    }
  }

  /// The number of combinations.
  std::size_t size() const { return size_; }
  std::vector<Factor> const& factors() const { return factors_; }

  /// The index of one combination. Throws ShapeError unless there is one value per factor, ValueError for a
  /// value outside 0 .. cardinality - 1.
  std::size_t index(std::span<int const> values) const {
    check_length(values.size());
    std::size_t result = 0;
    for (std::size_t k = 0; k < factors_.size(); ++k) {
      if (values[k] < 0 || values[k] >= factors_[k].cardinality) {
        throw ValueError("factor '" + factors_[k].name + "' has no value " + std::to_string(values[k]) +
                         " (0 .. " + std::to_string(factors_[k].cardinality - 1) + ")");
      }
      result =
          result * static_cast<std::size_t>(factors_[k].cardinality) + static_cast<std::size_t>(values[k]);
    }
    return result;
  }

  /// The combination of an index: the inverse of index().
  void values(std::size_t index, std::span<int> out) const {
    check_length(out.size());
    if (index >= size_) {
      throw ValueError("index " + std::to_string(index) + " of a grid of " + std::to_string(size_) +
                       " combinations");
    }
    for (std::size_t k = factors_.size(); k-- > 0;) {
      auto const cardinality = static_cast<std::size_t>(factors_[k].cardinality);
      out[k] = static_cast<int>(index % cardinality);
      index /= cardinality;
    }
  }

 private:
  void check_length(std::size_t found) const {
    if (found != factors_.size()) {
      throw ShapeError("a combination of this grid has " + std::to_string(factors_.size()) +
                       " factors, got " + std::to_string(found) + " values");
    }
  }

  std::vector<Factor> factors_;
  std::size_t size_ = 1;
};

}  // namespace disentangle::data
