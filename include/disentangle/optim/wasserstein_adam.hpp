// SPDX-License-Identifier: Apache-2.0
// Adam as WGAN-GP uses it.
#pragma once

#include <disentangle/optim/adam.hpp>

namespace disentangle::optim {

/// Adam without a first moment: beta1 = 0, beta2 = 0.9, learning rate 1e-4, for generators that follow a
/// critic which is trained anew between their steps, so that older gradients point to where the critic no
/// longer is. Gulrajani et al., NeurIPS 2017, algorithm 1 (BibTeX: gulrajani2017improved). The same update as
/// optim::Adam.
struct WassersteinAdam {
  double learning_rate = 1e-4;
  double beta1 = 0;
  double beta2 = 0.9;
  double epsilon = 1e-8;
  double clip_norm = 0;  ///< largest global L2 norm of the gradient; 0: no clipping
  Schedule schedule{};

  static constexpr std::size_t moments = 2;

  auto update(long step, double gradient_factor) const {
    return Adam{learning_rate, beta1, beta2, epsilon, clip_norm, schedule}.update(step, gradient_factor);
  }
  friend bool operator==(WassersteinAdam const&, WassersteinAdam const&) = default;
};

}  // namespace disentangle::optim
