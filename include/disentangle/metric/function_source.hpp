// SPDX-License-Identifier: Apache-2.0
// A full grid of factor values and a function from factor values to codes: a renderer followed by an encoder,
// or a formula.
#pragma once

#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <unordered_set>
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
  /// Different points: the combinations of the factors.
  std::size_t rows() const { return strides_[0] * cardinality(0); }

  void draw(random_integers auto& rng, std::span<std::size_t> points) const {
    for (std::size_t& p : points) p = 0;
    for (std::size_t k = 0; k < factors_.size(); ++k)
      for (std::size_t& p : points) p += strides_[k] * draw_value(k, rng);
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

  std::vector<std::size_t> distinct(random_integers auto& rng, std::size_t most) const {
    return distinct_among(rows(), rng, most, [](std::size_t p) { return p; });
  }

  std::vector<std::size_t> distinct_sharing(std::size_t k, random_integers auto& rng,
                                            std::size_t most) const {
    std::size_t const shared = draw_value(k, rng);
    std::size_t const stride = strides_[k];
    return distinct_among(rows() / cardinality(k), rng, most, [&](std::size_t rest) {
      return rest / stride * (stride * cardinality(k)) + shared * stride + rest % stride;
    });
  }

  std::vector<std::size_t> distinct_varying(std::size_t k, random_integers auto& rng,
                                            std::size_t most) const {
    std::size_t others = 0;
    for (std::size_t j = 0; j < factors_.size(); ++j)
      if (j != k) others += strides_[j] * draw_value(j, rng);
    return distinct_among(cardinality(k), rng, most,
                          [&](std::size_t value) { return others + value * strides_[k]; });
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
  std::size_t draw_value(std::size_t k, random_integers auto& rng) const {
    return static_cast<std::size_t>(rng.integer(static_cast<std::uint32_t>(factors_[k].cardinality)));
  }
  /// point(i) of up to `most` different i below n, in the order in which they are drawn; all, in ascending
  /// order, where there are no more.
  template <class Point>
  static std::vector<std::size_t> distinct_among(std::size_t n, random_integers auto& rng, std::size_t most,
                                                 Point const& point) {
    std::vector<std::size_t> points;
    if (n <= most) {
      for (std::size_t i = 0; i < n; ++i) points.push_back(point(i));
      return points;
    }
    // Repeats are drawn again, at worst about ln(most) times as many draws as points. Grids beyond 32 bits
    // take two numbers a draw.
    constexpr std::size_t half = std::size_t{1} << 31;
    std::unordered_set<std::size_t> taken;
    while (points.size() < most) {
      std::size_t i = 0;
      if (n <= half) {
        i = static_cast<std::size_t>(rng.integer(static_cast<std::uint32_t>(n)));
      } else {
        i = static_cast<std::size_t>(rng.integer(static_cast<std::uint32_t>((n - 1) / half + 1))) * half +
            static_cast<std::size_t>(rng.integer(static_cast<std::uint32_t>(half)));
        if (i >= n) continue;
      }
      if (taken.insert(i).second) points.push_back(point(i));
    }
    return points;
  }
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
