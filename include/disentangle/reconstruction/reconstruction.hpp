// SPDX-License-Identifier: Apache-2.0
// The reconstruction role: the negative log-likelihood of the images given the decoder's output.
#pragma once

#include <concepts>

#include <disentangle/autodiff/autodiff.hpp>
#include <disentangle/backend/archetype.hpp>
#include <disentangle/core/roles.hpp>

namespace disentangle {

/// The decoder's raw output and the images, both (batch, pixels).
template <class Backend>
struct Likelihood {
  Variable<Backend, 2> output;
  Variable<Backend, 2> images;
  double batch_size() const { return static_cast<double>(output.extents[0]); }
};

/// A reconstruction is called with a Likelihood<B> and returns an expression of rank 0: summed over pixels
/// and channels, mean over the batch, in nats up to a constant. `image(output)` is the expected image, an
/// expression (batch, pixels).
template <class P, class Backend>
concept reconstruction_on =
    std::semiregular<P> && requires(P const& policy, Likelihood<Backend> const& likelihood) {
      { policy(likelihood) } -> scalar_expression;
      { policy.image(likelihood.output) } -> matrix_expression;
    };

template <class P>
concept reconstruction_policy = reconstruction_on<P, backend::Archetype>;

/// The role of the likelihood in a method.
template <reconstruction_policy P>
struct Reconstruction {
  static constexpr Role kind = Role::reconstruction;
  using policy = P;
};

}  // namespace disentangle
