// SPDX-License-Identifier: Apache-2.0
// How weights start, as the papers' code has it.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>

#include <disentangle/core/philox.hpp>

namespace disentangle::nn {

/// Law of the initial weights and biases of a layer with `fan_in` inputs to each output and `fan_out` outputs
/// of each input (a kernel's area counted).
enum class Initialisation {
  /// U(-a, a), a = sqrt(6 / (fan_in + fan_out)), bias 0: TensorFlow's default, disentanglement_lib
  glorot_uniform,
  torch_default,  ///< U(-a, a), a = 1 / sqrt(fan_in), weights and bias: PyTorch's default, disentangling-vae
  he_normal,      ///< N(0, 2 / fan_in), bias 0: common code of FactorVAE and beta-VAE in PyTorch
  normal_002      ///< N(0, 0.02^2), bias 0: the code of RF-VAE and of many GANs
};

/// Values of one parameter block, written on the host.
struct Initialiser {
  enum class Law { constant, uniform, normal };
  Law law = Law::constant;
  double scale = 0;  ///< the constant, half the width of the interval, or the standard deviation

  /// Values first .. first + n - 1 of a block; `first` is a multiple of 4, as many as one block of random
  /// numbers gives.
  void operator()(Philox const& random, double* values, std::size_t first, std::size_t n) const {
    for (std::size_t i = 0; i < n; i += 4) {
      FixedArray<float, 4> draw{};
      if (law == Law::uniform) {
        auto const bits = random.block((first + i) / 4);
        for (std::size_t k = 0; k < 4; ++k) draw[k] = 2.0f * Philox::to_uniform(bits[k]) - 1.0f;
      } else if (law == Law::normal) {
        draw = random.normals((first + i) / 4);
      } else {
        draw = {1, 1, 1, 1};
      }
      for (std::size_t k = 0; k < 4 && i + k < n; ++k) values[i + k] = scale * static_cast<double>(draw[k]);
    }
  }
};

inline Initialiser weight_initialiser(Initialisation kind, double fan_in, double fan_out) {
  using enum Initialiser::Law;
  switch (kind) {
    case Initialisation::glorot_uniform: return {uniform, std::sqrt(6.0 / (fan_in + fan_out))};
    case Initialisation::torch_default: return {uniform, 1.0 / std::sqrt(fan_in)};
    case Initialisation::he_normal: return {normal, std::sqrt(2.0 / fan_in)};
    case Initialisation::normal_002: return {normal, 0.02};
  }
  return {};
}

inline Initialiser bias_initialiser(Initialisation kind, double fan_in) {
  if (kind == Initialisation::torch_default) return {Initialiser::Law::uniform, 1.0 / std::sqrt(fan_in)};
  return {};
}

}  // namespace disentangle::nn
