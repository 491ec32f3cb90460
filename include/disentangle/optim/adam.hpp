// SPDX-License-Identifier: Apache-2.0
// Adam and AdamW.
#pragma once

#include <cmath>

#include <disentangle/optim/optimizer.hpp>
#include <disentangle/optim/schedule.hpp>

namespace disentangle::optim {

namespace detail {

struct AdamKernel {
  float rate, beta1, rest1, beta2, rest2, scale2, epsilon, decay, factor;  // rest = 1 - beta, rounded once

  template <class P>
  DISENTANGLE_HD void operator()(P& w, P g, FixedArray<P, 2>& m) const {
    using std::sqrt;
    g = g * P(factor);
    m[0] = P(beta1) * m[0] + P(rest1) * g;
    m[1] = P(beta2) * m[1] + P(rest2) * g * g;
    w = w * P(decay) - P(rate) * m[0] / (sqrt(m[1]) * P(scale2) + P(epsilon));
  }
};

}  // namespace detail

/// Adam (Kingma, Ba, ICLR 2015; BibTeX: kingma2015adam) with bias correction:
///     m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g^2,
///     w -= rate m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + epsilon)
/// Defaults are those of disentanglement_lib's unsupervised study.
struct Adam {
  double learning_rate = 1e-4;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double clip_norm = 0;  ///< largest global L2 norm of the gradient; 0: no clipping
  Schedule schedule{};

  static constexpr std::size_t moments = 2;

  auto update(long step, double gradient_factor) const { return kernel(step, gradient_factor, 0); }
  friend bool operator==(Adam const&, Adam const&) = default;

  /// The update with decoupled weight decay.
  detail::AdamKernel kernel(long step, double gradient_factor, double weight_decay) const {
    double const rate = learning_rate * schedule(step);
    double const t = static_cast<double>(step);
    return {static_cast<float>(rate / (1 - std::pow(beta1, t))),
            static_cast<float>(beta1),
            static_cast<float>(1 - beta1),
            static_cast<float>(beta2),
            static_cast<float>(1 - beta2),
            static_cast<float>(1 / std::sqrt(1 - std::pow(beta2, t))),
            static_cast<float>(epsilon),
            static_cast<float>(1 - rate * weight_decay),
            static_cast<float>(gradient_factor)};
  }
};

/// AdamW (Loshchilov, Hutter, ICLR 2019; BibTeX: loshchilov2019decoupled): Adam with w *= 1 - rate *
/// weight_decay.
struct AdamW {
  double learning_rate = 1e-4;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.01;
  double clip_norm = 0;  ///< largest global L2 norm of the gradient; 0: no clipping
  Schedule schedule{};

  static constexpr std::size_t moments = 2;

  auto update(long step, double gradient_factor) const {
    return Adam{learning_rate, beta1, beta2, epsilon, clip_norm, schedule}.kernel(step, gradient_factor,
                                                                                  weight_decay);
  }
  friend bool operator==(AdamW const&, AdamW const&) = default;
};

}  // namespace disentangle::optim
