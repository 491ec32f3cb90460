// SPDX-License-Identifier: Apache-2.0
// The difference encoder H: a network on pairs of images, whose output says how they differ.
#pragma once

#include <disentangle/autodiff/autodiff.hpp>
#include <disentangle/contrast/contrast.hpp>
#include <disentangle/core/shape.hpp>

namespace disentangle::contrast {

/// H([x ; x']), the channels of both images as those of one: InfoGAN-CR's pair network (BibTeX:
/// lin2020infogan). H sees what x shows, and not only what changes.
struct ChannelPair {
  template <class Image>
  using input = ImageShape<Image::height, Image::width, 2 * Image::channels>;

  template <class Image>
  static auto difference(auto& network, auto const& x, auto const& y, nn::Mode mode) {
    std::ptrdiff_t const n = x.extent(0), channels = Image::channels,
                         pixels = std::ptrdiff_t{Image::height} * Image::width;
    Extents<2> const by_pixel{n * pixels, channels};
    return network(reshape(concatenate(axis<1>, reshape(x, by_pixel), reshape(y, by_pixel)),
                           Extents<2>{n, pixels * 2 * channels}),
                   mode);
  }
};

/// H(x' - x).
struct SubtractedPair {
  template <class Image>
  using input = Image;

  template <class Image>
  static auto difference(auto& network, auto const& x, auto const& y, nn::Mode mode) {
    return network(y - x, mode);
  }
};

/// H(x') - H(x): DisCo's variation space (BibTeX: ren2022learning).
struct SiamesePair {
  template <class Image>
  using input = Image;

  template <class Image>
  static auto difference(auto& network, auto const& x, auto const& y, nn::Mode mode) {
    auto const codes = network(concatenate(axis<0>, x, y), mode);
    std::ptrdiff_t const n = x.extent(0);
    return materialise(slice(codes, axis<0>, n, 2 * n) - slice(codes, axis<0>, 0, n));
  }
};

/// How a difference encoder takes its pairs.
template <class P>
concept pair_input = requires { typename P::template input<ImageShape<64, 64, 1>>; };

/// Which networks a term on generated pairs trains.
enum class TrainsNetworks {
  generator_and_difference_encoder,  ///< both minimise it
  difference_encoder,                ///< the generator does not see it
  generator                          ///< the difference encoder stays as it starts
};

namespace detail {

/// The difference encoder of a method: a trunk (an encoder policy) for pairs of images.
template <class Trunk, class Pair, int Outputs, class Setting>
struct DifferenceNetwork {
  using B = typename Setting::backend_type;
  using Image = typename Setting::image_shape;
  typename Trunk::template network<Outputs>::template On<B, typename Pair::template input<Image>> network;

  DifferenceNetwork(nn::Builder<B>& build, Trunk const& trunk, std::string const& name) {
    network.declare(build.parameters(), name, trunk.initialisation);
  }

  /// What H says about pairs, rows of x and y: (n, pixels), (n, pixels) -> (n, Outputs).
  Variable<B, 2> operator()(Variable<B, 2> const& x, Variable<B, 2> const& y, TrainsNetworks trains) {
    auto const seen = [&](auto const& v) {
      return trains == TrainsNetworks::difference_encoder ? stop_gradient(v) : v;
    };
    return Pair::template difference<Image>(
        network, seen(x), seen(y), nn::Mode{.training = true, .frozen = trains == TrainsNetworks::generator});
  }
};

/// |v| of each row. 1e-12: the derivative of the root is finite at 0.
template <matrix_expression E>
auto lengths(E const& v) {
  return sqrt(sum(square(v), axis<1>) + 1e-12);
}
/// v / |v|, row by row.
template <class B>
Variable<B, 2> unit_rows(Variable<B, 2> const& v) {
  return materialise(v / insert_axis(lengths(v), axis<1>));
}

/// The share of rows of `v` that lie nearest to the mean of those rows of `reference` that have their own
/// dimension; a dimension that no reference has counts as missed. Dimensions are rows with a single 1.
template <class B>
auto nearest_class_accuracy(Variable<B, 2> const& reference, Variable<B, 2> const& reference_dimension,
                            Variable<B, 2> const& v, Variable<B, 2> const& dimension) {
  auto const count = materialise(sum(reference_dimension, axis<0>));  // (latent)
  auto const centre = materialise(matmul(transpose(reference_dimension), reference) *
                                  insert_axis(1.0 / max(count, 1.0), axis<1>));  // (latent, d)
  auto const missing = where(count > 0.0, 0.0, -1e30);
  auto const score = materialise(2.0 * matmul(v, transpose(centre)) - sum(square(centre), axis<1>) + missing);
  auto const own = sum(score * dimension, axis<1>);
  return mean(own >= max(score, axis<1>));
}

}  // namespace detail

}  // namespace disentangle::contrast
