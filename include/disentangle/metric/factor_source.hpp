// SPDX-License-Identifier: Apache-2.0
// Where a metric draws its samples from: something with ground-truth factors and a code for each of its
// points.
//
// A point is one observation, named by an index that only its source understands: the position in a full grid
// of factor values (FunctionSource), or a row of somebody's arrays (ArraySource, LabelledSource). So data
// sets that hold only some of the combinations, or several observations of one, need no special treatment.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>

#include <disentangle/core/factor.hpp>
#include <disentangle/core/matrix_view.hpp>
#include <disentangle/metric/random.hpp>

namespace disentangle::metric {

/// What a source offers. All members are const and called from one thread at a time.
///   latents()                        number of codes per point
///   factors()                        names and cardinalities; labels lie in 0 .. cardinality - 1
///   draw(rng, points)                fills points with independent draws, with replacement
///   draw_sharing(k, rng, points)     the same, but all points share one random value of factor k
///   draw_matching(k, like, rng, points)  the same, but points[i] has the value of factor k that like[i] has
///   labels(points, out)              (points, factors) labels
///   encode(points, out)              (points, latents) codes, finite
template <class S>
concept factor_source = requires(S const& source, RandomIntegers& rng, std::size_t k,
                                 std::span<std::size_t> points, std::span<std::size_t const> given,
                                 MatrixView<int> labels, MatrixView<double> codes) {
  { source.latents() } -> std::convertible_to<std::size_t>;
  { source.factors() } -> std::convertible_to<std::span<Factor const>>;
  source.draw(rng, points);
  source.draw_sharing(k, rng, points);
  source.draw_matching(k, given, rng, points);
  source.labels(given, labels);
  source.encode(given, codes);
};

}  // namespace disentangle::metric
