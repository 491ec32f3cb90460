// SPDX-License-Identifier: Apache-2.0
// Adam with an L2 penalty.
#pragma once

#include <disentangle/optim/adam.hpp>

namespace disentangle::optim {

namespace detail {

struct AdamL2Kernel {
  AdamKernel adam;
  float weight_decay;

  template <class P>
  DISENTANGLE_HD void operator()(P& w, P g, FixedArray<P, 2>& m) const {
    AdamKernel kernel = adam;
    kernel.factor = 1;
    kernel(w, P(adam.factor) * g + P(weight_decay) * w, m);
  }
};

}  // namespace detail

/// Adam on the loss plus weight_decay / 2 * |w|^2: what PyTorch's Adam calls weight_decay. Unlike in AdamW
/// the penalty's gradient passes through the moments. The defaults are those of IP-IRM's authors, and of DCL
/// and HCL.
struct AdamL2 {
  double learning_rate = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 1e-6;
  double clip_norm =
      0;  ///< largest global L2 norm of the gradient, the penalty's not included; 0: no clipping
  Schedule schedule{};

  static constexpr std::size_t moments = 2;

  auto update(long step, double gradient_factor) const {
    Adam const adam{learning_rate, beta1, beta2, epsilon, clip_norm, schedule};
    return detail::AdamL2Kernel{adam.kernel(step, gradient_factor, 0), static_cast<float>(weight_decay)};
  }
  friend bool operator==(AdamL2 const&, AdamL2 const&) = default;
};

}  // namespace disentangle::optim
