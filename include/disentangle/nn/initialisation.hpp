// SPDX-License-Identifier: Apache-2.0
// How weights start, as the papers' code has it.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>

#include <disentangle/core/philox.hpp>

namespace disentangle::nn {

/// What a layer is, as far as its start depends on it.
enum class LayerKind { dense, convolution, transposed_convolution };

/// Law of the initial weights and biases of a network, layer by layer: `fan_in` inputs to each output and
/// `fan_out` outputs of each input, a kernel's area counted. For a transposed convolution these are the fans
/// of the convolution that it is the adjoint of (fan_in = area * channels out), as PyTorch and TensorFlow
/// count them. docs/methods/initialisation.md says who starts how.
enum class Initialisation {
  glorot_uniform,  ///< U(-a, a), a = sqrt(6 / (fan_in + fan_out)), bias 0: TensorFlow's default
  torch_default,   ///< U(-a, a), a = 1 / sqrt(fan_in), weights and bias: PyTorch's default since 1.0
  torch_before_1,  ///< the same, but a = 1 / sqrt(area * channels in) if transposed: PyTorch's until 0.4
  he_normal,       ///< N(0, 2 / fan_in), bias 0
  normal_002,      ///< N(0, 0.02^2), bias 0
  normal_002_torch_transposed,  ///< normal_002, transposed convolutions torch_default: RF-VAE's decoder
  he_uniform_torch_bias,        ///< U(-a, a), a = sqrt(6 / fan_in), bias of torch_default: disentangling-vae
  he_fan_out,        ///< convolutions N(0, 2 / fan_out), bias 0, others torch_default: torchvision's ResNets
  torch_he_residual  ///< bodies of residual blocks he_normal, others torch_default: RF-VAE's for Teapots
};

/// How the body of a residual block starts in a network that starts as `kind`.
[[nodiscard]] constexpr Initialisation in_residual_body(Initialisation kind) {
  return kind == Initialisation::torch_he_residual ? Initialisation::he_normal : kind;
}

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

namespace detail {

/// The law of a layer: for kinds that depend on the layer, the one of its kind.
constexpr Initialisation of_layer(Initialisation kind, LayerKind layer) {
  using enum Initialisation;
  if (kind == normal_002_torch_transposed)
    return layer == LayerKind::transposed_convolution ? torch_default : normal_002;
  if (kind == he_fan_out) return layer == LayerKind::convolution ? he_fan_out : torch_default;
  if (kind == torch_before_1)
    return layer == LayerKind::transposed_convolution ? torch_before_1 : torch_default;
  if (kind == torch_he_residual) return torch_default;
  return kind;
}

}  // namespace detail

[[nodiscard]] inline Initialiser weight_initialiser(Initialisation kind, LayerKind layer, double fan_in,
                                                    double fan_out) {
  using enum Initialiser::Law;
  switch (detail::of_layer(kind, layer)) {
    case Initialisation::glorot_uniform: return {uniform, std::sqrt(6.0 / (fan_in + fan_out))};
    case Initialisation::torch_default: return {uniform, 1.0 / std::sqrt(fan_in)};
    case Initialisation::torch_before_1: return {uniform, 1.0 / std::sqrt(fan_out)};  // of a transposed one
    case Initialisation::he_normal: return {normal, std::sqrt(2.0 / fan_in)};
    case Initialisation::normal_002: return {normal, 0.02};
    case Initialisation::he_uniform_torch_bias: return {uniform, std::sqrt(6.0 / fan_in)};
    case Initialisation::he_fan_out: return {normal, std::sqrt(2.0 / fan_out)};
    case Initialisation::normal_002_torch_transposed:
    case Initialisation::torch_he_residual: break;  // no law of a layer
  }
  return {};
}

[[nodiscard]] inline Initialiser bias_initialiser(Initialisation kind, LayerKind layer, double fan_in,
                                                  double fan_out) {
  Initialisation const law = detail::of_layer(kind, layer);
  if (law == Initialisation::torch_before_1) return {Initialiser::Law::uniform, 1.0 / std::sqrt(fan_out)};
  if (law == Initialisation::torch_default || law == Initialisation::he_uniform_torch_bias)
    return {Initialiser::Law::uniform, 1.0 / std::sqrt(fan_in)};
  return {};
}

}  // namespace disentangle::nn
