// SPDX-License-Identifier: Apache-2.0
// Activations as types, for the layers' template arguments.
#pragma once

#include <disentangle/core/activation.hpp>

namespace disentangle::nn {

struct Identity {
  static constexpr Activation kind = Activation::identity;
  static constexpr double slope = 0;
};
struct Relu {
  static constexpr Activation kind = Activation::relu;
  static constexpr double slope = 0;
};
struct Tanh {
  static constexpr Activation kind = Activation::tanh;
  static constexpr double slope = 0;
};
struct Sigmoid {
  static constexpr Activation kind = Activation::sigmoid;
  static constexpr double slope = 0;
};
/// x > 0 ? x : slope x, the slope in thousandths: LeakyRelu<200> is the usual 0.2.
template <int Thousandths = 200>
struct LeakyRelu {
  static_assert(Thousandths > 0, "[disentangle] LeakyRelu needs a positive slope; use Relu for 0");
  static constexpr Activation kind = Activation::leaky_relu;
  static constexpr double slope = Thousandths / 1000.0;
};

}  // namespace disentangle::nn
