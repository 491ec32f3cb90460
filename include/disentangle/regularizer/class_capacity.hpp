// SPDX-License-Identifier: Apache-2.0
// The KL of discrete latents held at a capacity that grows with training.
#pragma once

#include <algorithm>
#include <cmath>

#include <disentangle/prior/classes.hpp>
#include <disentangle/regularizer/capacity.hpp>

namespace disentangle::regularizer {

/// gamma * |KL - C(step)|, KL = mean over the batch of sum_i KL(q(c_i|x) || p(c_i)) in nats, C as in Capacity
/// but at most sum_i log K_i, all that class variables of K_i values can hold. Dupont, NeurIPS 2018 (BibTeX:
/// dupont2018learning), eq. 7; the ceiling is that of the author's code.
/// @param ramp.gamma default 30, ramp.capacity_end 5 nats, ramp.steps 25,000: JointVAE's setting for MNIST
struct ClassCapacity {
  Capacity ramp{.gamma = 30, .capacity_start = 0, .capacity_end = 5, .steps = 25'000};

  template <class B>
  using posterior_type = prior::JointPosterior<B>;

  auto operator()(auto const& posterior) const {
    static_assert(
        requires { posterior.c; }, "[disentangle] ClassCapacity needs a Prior with classes: "
                                   "prior::GumbelSoftmax or prior::ClassMixture; "
                                   "see docs/methods.md");
    double ceiling = 0;
    for (int const size : posterior.c.sizes) ceiling += std::log(static_cast<double>(size));
    auto const& log_q = posterior.c.log_probability;
    return ramp.gamma *
           abs((1.0 / posterior.batch_size()) * sum(exp(log_q) * (log_q - posterior.c.log_prior)) -
               std::min(ramp.capacity(posterior.step), ceiling));
  }
  friend bool operator==(ClassCapacity const&, ClassCapacity const&) = default;
};

}  // namespace disentangle::regularizer
