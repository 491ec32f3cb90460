// SPDX-License-Identifier: Apache-2.0
// The entropy of each image's class.
#pragma once

#include <disentangle/prior/classes.hpp>
#include <disentangle/regularizer/regularizer.hpp>

namespace disentangle::regularizer {

/// weight * mean over the batch of sum_i H(q(c_i | x)), in nats, minimised: every image gets a class with
/// certainty. With AggregateClassKl it rewards what c tells about x. Hajimiri, Lotfi, Soleymani Baghshah 2021
/// (BibTeX: hajimiri2021semi), as the authors' code has it.
/// @param weight default 30 (authors, MNIST; dSprites and CelebA 10)
/// Unbiased for any batch size. Cost O(batch * values).
struct ConditionalEntropy {
  double weight = 30;

  template <class B>
  using posterior_type = prior::JointPosterior<B>;

  auto operator()(auto const& posterior) const {
    static_assert(
        requires { posterior.c; }, "[disentangle] ConditionalEntropy needs a Prior with classes: "
                                   "prior::GumbelSoftmax or prior::ClassMixture; "
                                   "see docs/methods.md");
    auto const& log_q = posterior.c.log_probability;
    return (-weight / posterior.c.batch_size()) * sum(exp(log_q) * log_q);
  }
  friend bool operator==(ConditionalEntropy const&, ConditionalEntropy const&) = default;
};

}  // namespace disentangle::regularizer
