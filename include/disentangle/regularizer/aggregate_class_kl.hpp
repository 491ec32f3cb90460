// SPDX-License-Identifier: Apache-2.0
// The KL of the classes of a whole minibatch.
#pragma once

#include <cmath>

#include <disentangle/prior/classes.hpp>
#include <disentangle/regularizer/regularizer.hpp>

namespace disentangle::regularizer {

/// weight * sum_i KL(qbar_i || p(c_i)), qbar_i(k) = mean over the batch of q(c_i = k | x), in nats: the
/// classes of the minibatch are held at p(c), not those of each image (whose KL would also cost what c tells
/// about x). Hajimiri, Lotfi, Soleymani Baghshah 2021 (BibTeX: hajimiri2021semi), as the authors' code has
/// it.
/// @param weight default 15 (authors, MNIST; dSprites 100, CelebA 2000)
/// The minibatch's qbar is a noisy estimate: its KL is biased up by about (values - 1) / (2 batch). Cost
/// O(batch * values).
struct AggregateClassKl {
  double weight = 15;

  template <class B>
  using posterior_type = prior::JointPosterior<B>;

  auto operator()(auto const& posterior) const {
    static_assert(
        requires { posterior.c; }, "[disentangle] AggregateClassKl needs a Prior with classes: "
                                   "prior::GumbelSoftmax or prior::ClassMixture; "
                                   "see docs/methods.md");
    auto const log_mean =
        materialise(logsumexp(posterior.c.log_probability, axis<0>) - std::log(posterior.c.batch_size()));
    return weight * sum(exp(log_mean) * (log_mean - posterior.c.log_prior));
  }
  friend bool operator==(AggregateClassKl const&, AggregateClassKl const&) = default;
};

}  // namespace disentangle::regularizer
