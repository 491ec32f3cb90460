// SPDX-License-Identifier: Apache-2.0
// The KL held at a capacity that grows with training.
#pragma once

#include <algorithm>

#include <disentangle/regularizer/regularizer.hpp>

namespace disentangle::regularizer {

/// gamma * |KL - C(step)|, KL the batch mean of the posterior's KL in nats, C growing linearly from
/// capacity_start to capacity_end over `steps` steps and staying there. The gradient at equality is 0.
/// Burgess et al., "Understanding disentangling in beta-VAE", 2018 (BibTeX: burgess2018understanding), eq. 8.
/// @param gamma default 1000 (the paper's); capacity_end default 25 nats (the paper's, dSprites); steps
/// default 100,000
struct Capacity {
  double gamma = 1000;
  double capacity_start = 0;
  double capacity_end = 25;
  long steps = 100'000;

  /// C at a step, counted from 1.
  double capacity(long step) const {
    if (steps <= 0) return capacity_end;
    double const done = std::clamp(static_cast<double>(step) / static_cast<double>(steps), 0.0, 1.0);
    return capacity_start + (capacity_end - capacity_start) * done;
  }
  auto operator()(auto const& posterior) const {
    return gamma * abs((1.0 / posterior.batch_size()) * sum(posterior.kl) - capacity(posterior.step));
  }
  friend bool operator==(Capacity const&, Capacity const&) = default;
};

}  // namespace disentangle::regularizer
