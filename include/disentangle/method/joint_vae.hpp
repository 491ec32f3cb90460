// SPDX-License-Identifier: Apache-2.0
// JointVAE.
#pragma once

#include <type_traits>

#include <disentangle/core/with.hpp>
#include <disentangle/decoder/dupont_conv.hpp>
#include <disentangle/encoder/dupont_conv.hpp>
#include <disentangle/method/vae.hpp>
#include <disentangle/prior/gumbel_softmax.hpp>
#include <disentangle/regularizer/capacity.hpp>
#include <disentangle/regularizer/class_capacity.hpp>
#include <disentangle/regularizer/part.hpp>

namespace disentangle::method {

namespace detail {

/// What the author's settings differ in.
struct JointSetting {
  regularizer::Capacity continuous, discrete;
};

/// His setting for a code: that for dSprites or CelebA (his code's example scripts) where the code is the one
/// for it, else that for MNIST.
template <int Continuous, int... Values>
constexpr JointSetting joint_setting() {
  using Classes = prior::Classes<Values...>;
  if constexpr (Continuous == 6 && std::is_same_v<Classes, prior::Classes<3>>)
    return {{150, 0, 40, 300'000}, {150, 0, 1.1, 300'000}};
  if constexpr (Continuous == 32 && std::is_same_v<Classes, prior::Classes<10>>)
    return {{100, 0, 50, 100'000}, {100, 0, 10, 100'000}};
  return {{30, 0, 5, 25'000}, {30, 0, 5, 25'000}};
}

template <int Continuous, int... Values>
constexpr regularizer::OnZ<regularizer::Capacity> joint_continuous() {
  return {joint_setting<Continuous, Values...>().continuous};
}
template <int Continuous, int... Values>
constexpr regularizer::ClassCapacity joint_discrete() {
  return {joint_setting<Continuous, Values...>().discrete};
}
/// The author's code is for PyTorch 0.3.1.
constexpr decoder::DupontConv joint_decoder() { return {nn::Initialisation::torch_before_1}; }
constexpr optim::Adam joint_optimizer() { return {.learning_rate = 5e-4}; }

}  // namespace detail

/// JointVAE with `Continuous` continuous latents and class variables of so many values: the KL of each part
/// held at a capacity of its own. Dupont, NeurIPS 2018 (BibTeX: dupont2018learning), with its own network and
/// the author's settings: <10, 10> has that for MNIST, <6, 3> for dSprites, <32, 10> for CelebA of 64 x 64,
/// any other code the numbers of MNIST's.
template <int Continuous, int... Values>
using JointVaeOf =
    With<Vae, Encoder<encoder::DupontConv<Continuous + prior::Classes<Values...>::total>>,
         Preset<Decoder<decoder::DupontConv>, &detail::joint_decoder>, Prior<prior::GumbelSoftmax<Values...>>,
         Preset<Regularizer<regularizer::OnZ<regularizer::Capacity>>,
                &detail::joint_continuous<Continuous, Values...>>,
         Preset<Regularizer<regularizer::ClassCapacity>, &detail::joint_discrete<Continuous, Values...>>,
         Preset<Optimizer<optim::Adam>, &detail::joint_optimizer>>;

/// Ten continuous latents and a class of ten values, as on MNIST.
using JointVae = JointVaeOf<10, 10>;

/// The author's settings by the names of their data sets.
template <class M = JointVae>
[[nodiscard]] M joint_vae_mnist() {
  return {};
}
[[nodiscard]] inline JointVaeOf<6, 3> joint_vae_dsprites() { return {}; }
[[nodiscard]] inline JointVaeOf<32, 10> joint_vae_celeba() { return {}; }

}  // namespace disentangle::method
