// SPDX-License-Identifier: Apache-2.0
// A full grid of factor values and a function from factor values to codes: a renderer followed by an encoder,
// or a formula.
#pragma once

#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/factor.hpp>
#include <disentangle/core/matrix_view.hpp>
#include <disentangle/metric/factor_source.hpp>
#include <disentangle/metric/matrix.hpp>

namespace disentangle::metric {

/// A factor_source over every combination of the factors. Encode is called as
/// encode(MatrixView<int const> factors, MatrixView<double> codes) with (points, factors) and (points,
/// latents). Factor values are drawn one column after the other, as disentanglement_lib draws them; a point's
/// index is the mixed-radix number of its values, the last factor varying fastest.
template <std::invocable<MatrixView<int const>, MatrixView<double>> Encode>
class FunctionSource {
 public:
  /// Throws ValueError for no factor, no latent, a cardinality below 1, or a grid that size_t cannot count.
  FunctionSource(std::vector<Factor> factors, std::size_t latents, Encode encode)
      : factors_(std::move(factors)),
        strides_(factors_.size()),
        latents_(latents),
        encode_(std::move(encode)) {
    if (factors_.empty() || latents_ == 0)
      throw ValueError("FunctionSource: found " + std::to_string(factors_.size()) + " factors and " +
                       std::to_string(latents_) + " latents, expected at least 1 of each");
    std::size_t size = 1;
    for (std::size_t k = factors_.size(); k-- > 0;) {
      if (factors_[k].cardinality < 1)
        throw ValueError("FunctionSource: factor " + factors_[k].name + " has cardinality " +
                         std::to_string(factors_[k].cardinality) + ", expected at least 1");
      strides_[k] = size;
      if (size > std::numeric_limits<std::size_t>::max() / cardinality(k))
        throw ValueError("FunctionSource: the grid has more combinations than size_t can count");
      size *= cardinality(k);
    }
  }

  std::size_t latents() const { return latents_; }
  std::span<Factor const> factors() const { return factors_; }

  void draw(random_integers auto& rng, std::span<std::size_t> points) const {
    for (std::size_t& p : points) p = 0;
    for (std::size_t k = 0; k < factors_.size(); ++k)
      for (std::size_t& p : points)
        p += strides_[k] *
             static_cast<std::size_t>(rng.integer(static_cast<std::uint32_t>(factors_[k].cardinality)));
  }

  void draw_sharing(std::size_t k, random_integers auto& rng, std::span<std::size_t> points) const {
    draw(rng, points);
    for (std::size_t& p : points) p = with_value(p, k, points[0]);
  }

  void draw_matching(std::size_t k, std::span<std::size_t const> like, random_integers auto& rng,
                     std::span<std::size_t> points) const {
    draw(rng, points);
    for (std::size_t i = 0; i < points.size(); ++i) points[i] = with_value(points[i], k, like[i]);
  }

  void labels(std::span<std::size_t const> points, MatrixView<int> out) const {
    for (std::size_t i = 0; i < points.size(); ++i)
      for (std::size_t k = 0; k < factors_.size(); ++k) out(i, k) = static_cast<int>(value(points[i], k));
  }

  void encode(std::span<std::size_t const> points, MatrixView<double> codes) const {
    Matrix<int> values(points.size(), factors_.size());
    labels(points, values.view());
    encode_(MatrixView<int const>(values.view()), codes);
  }

 private:
  std::size_t cardinality(std::size_t k) const { return static_cast<std::size_t>(factors_[k].cardinality); }
  std::size_t value(std::size_t point, std::size_t k) const { return point / strides_[k] % cardinality(k); }
  std::size_t with_value(std::size_t point, std::size_t k, std::size_t like) const {
    return point - value(point, k) * strides_[k] + value(like, k) * strides_[k];
  }

  std::vector<Factor> factors_;
  std::vector<std::size_t> strides_;
  std::size_t latents_;
  Encode encode_;
};

}  // namespace disentangle::metric
