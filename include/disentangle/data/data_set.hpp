// SPDX-License-Identifier: Apache-2.0
// The data-set concept: what everything that trains, scores or draws asks of a data set.
//
// A user's own data set is any class with these members; no base class, nothing to register:
//
//     struct Ramps {  // 100 grey images 4 x 4 of growing brightness
//       using image_shape_type = dis::ImageShape<4, 4, 1>;
//       image_shape_type image_shape() const { return {}; }
//       std::string name() const { return "ramps"; }
//       std::size_t size() const { return 100; }
//       std::vector<dis::Factor> const& factors() const { return factors_; }
//       void images(std::span<std::size_t const> indices, std::span<float> out) const {
//         for (std::size_t i = 0; i < indices.size(); ++i)
//           std::ranges::fill(out.subspan(i * 16, 16), static_cast<float>(indices[i]) / 99);
//       }
//       void labels(std::span<std::size_t const> indices, std::span<int> out) const {
//         for (std::size_t i = 0; i < indices.size(); ++i) out[i] = static_cast<int>(indices[i]);
//       }
//       std::vector<dis::Factor> factors_{{"brightness", 100}};
//     };
//     static_assert(dis::data::data_set<Ramps>);
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <disentangle/core/config.hpp>
#include <disentangle/core/error.hpp>
#include <disentangle/core/factor.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/core/shape.hpp>

namespace disentangle::data {

/// A collection of images of one compile-time shape, with factor labels or none.
///
/// - `D::image_shape_type`: an ImageShape; `d.image_shape()` returns it.
/// - `d.name()`: a short name for reports. `d.size()`: the number of images.
/// - `d.factors()`: the labelled factors, empty when there are no labels.
/// - `d.images(indices, out)`: out is (indices.size(), height * width * channels), float, values in [0, 1].
/// - `d.labels(indices, out)`: out is (indices.size(), factors().size()), values 0 .. cardinality - 1, or -1
///   where the label is missing.
///
/// images() and labels() are const, may be called from several threads at once and allocate nothing on the
/// heap. The library's data sets throw ValueError for an index that is too large and ShapeError for a span of
/// the wrong length, and share their storage when copied, so that copying one costs nothing.
template <class D>
concept data_set = requires(D const& d, std::span<std::size_t const> indices, std::span<float> images,
                            std::span<int> labels) {
  typename D::image_shape_type;
  { d.image_shape() } -> std::same_as<typename D::image_shape_type>;
  { D::image_shape_type::size } -> std::convertible_to<std::size_t>;
  { d.name() } -> std::convertible_to<std::string>;
  { d.size() } -> std::convertible_to<std::size_t>;
  { d.factors() } -> std::convertible_to<std::vector<Factor> const&>;
  d.images(indices, images);
  d.labels(indices, labels);
};

/// A data set in which every combination of factor values occurs exactly once: `d.index(values)` finds it,
/// where values holds one value per factor. It is the inverse of labels().
template <class D>
concept factor_grid = data_set<D> && requires(D const& d, std::span<int const> values) {
  { d.index(values) } -> std::convertible_to<std::size_t>;
};

/// Draws combinations of factor values, each value uniform and independent. out is (n, factors.size())
/// row-major with n = out.size() / factors.size(). Uses the numbers 0 .. out.size() - 1 of `random`. Throws
/// ShapeError when out is not a whole number of rows.
inline void sample_factors(Philox const& random, std::span<Factor const> factors, std::span<int> out) {
  if (factors.empty() ? !out.empty() : out.size() % factors.size() != 0) {
    throw ShapeError("sample_factors: " + std::to_string(out.size()) +
                     " values are not a whole number of rows of " + std::to_string(factors.size()) +
                     " factors");
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    auto const cardinality = static_cast<std::uint32_t>(factors[i % factors.size()].cardinality);
    out[i] = static_cast<int>(random.integer(i, cardinality));
  }
}

/// Throws unless every index is below `size` and `found` equals indices.size() * width. `what` names the
/// call.
DISENTANGLE_COLD inline void check_request(char const* data, char const* what,
                                           std::span<std::size_t const> indices, std::size_t size,
                                           std::size_t found, std::size_t width) {
  if (found != indices.size() * width) {
    throw ShapeError(std::string(data) + ": " + what + " of " + std::to_string(indices.size()) +
                     " images needs " + std::to_string(indices.size() * width) + " values of output, got " +
                     std::to_string(found));
  }
  for (std::size_t const index : indices) {
    if (index >= size) {
      throw ValueError(std::string(data) + ": image " + std::to_string(index) + " of a data set of " +
                       std::to_string(size) + " images (indices are 0 .. size - 1)");
    }
  }
}

}  // namespace disentangle::data
