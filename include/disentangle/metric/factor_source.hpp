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
#include <vector>

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
concept factor_source =
    requires(S const& source, RandomIntegers& rng, std::size_t k, std::span<std::size_t> points,
             std::span<std::size_t const> given, MatrixView<int> labels, MatrixView<double> codes) {
      { source.latents() } -> std::convertible_to<std::size_t>;
      { source.factors() } -> std::convertible_to<std::span<Factor const>>;
      source.draw(rng, points);
      source.draw_sharing(k, rng, points);
      source.draw_matching(k, given, rng, points);
      source.labels(given, labels);
      source.encode(given, codes);
    };

/// A source that can also draw without replacement. Each member returns up to `most` different points, fewer
/// where there are no more.
///   distinct(rng, most)             of all
///   distinct_sharing(k, rng, most)  of those that have one value of factor k, drawn uniformly among its
///   values distinct_varying(k, rng, most)  of those that differ in factor k alone, the other factors' values
///   being
///                                   drawn uniformly among the combinations with at least two such points
template <class S>
concept slice_source =
    factor_source<S> && requires(S const& source, RandomIntegers& rng, std::size_t k, std::size_t most) {
      { source.distinct(rng, most) } -> std::same_as<std::vector<std::size_t>>;
      { source.distinct_sharing(k, rng, most) } -> std::same_as<std::vector<std::size_t>>;
      { source.distinct_varying(k, rng, most) } -> std::same_as<std::vector<std::size_t>>;
    };

}  // namespace disentangle::metric
