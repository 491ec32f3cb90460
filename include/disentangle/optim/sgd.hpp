// SPDX-License-Identifier: Apache-2.0
// Stochastic gradient descent with momentum.
#pragma once

#include <disentangle/optim/optimizer.hpp>
#include <disentangle/optim/schedule.hpp>

namespace disentangle::optim {

namespace detail {

struct SgdKernel {
  float rate, momentum, factor;

  template <class P>
  DISENTANGLE_HD void operator()(P& w, P g, FixedArray<P, 1>& m) const {
    m[0] = P(momentum) * m[0] + P(factor) * g;
    w = w - P(rate) * m[0];
  }
};

}  // namespace detail

/// m = momentum m + g,  w -= rate m
struct Sgd {
  double learning_rate = 0.1;
  double momentum = 0.9;
  double clip_norm = 0;  ///< largest global L2 norm of the gradient; 0: no clipping
  Schedule schedule{};

  static constexpr std::size_t moments = 1;

  auto update(long step, double gradient_factor) const {
    return detail::SgdKernel{static_cast<float>(learning_rate * schedule(step)), static_cast<float>(momentum),
                             static_cast<float>(gradient_factor)};
  }
  friend bool operator==(Sgd const&, Sgd const&) = default;
};

}  // namespace disentangle::optim
