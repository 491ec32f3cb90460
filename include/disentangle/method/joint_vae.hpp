// SPDX-License-Identifier: Apache-2.0
// JointVAE.
#pragma once

#include <disentangle/core/with.hpp>
#include <disentangle/decoder/dupont_conv.hpp>
#include <disentangle/encoder/dupont_conv.hpp>
#include <disentangle/method/vae.hpp>
#include <disentangle/prior/gumbel_softmax.hpp>
#include <disentangle/regularizer/capacity.hpp>
#include <disentangle/regularizer/class_capacity.hpp>
#include <disentangle/regularizer/part.hpp>

namespace disentangle::method {

/// JointVAE with `Continuous` continuous latents and class variables of so many values: the KL of each part
/// held at a capacity of its own. Dupont, NeurIPS 2018 (BibTeX: dupont2018learning), with its own network.
/// The defaults of the types are those of the shelf (Adam 1e-4, capacity 25 nats for z); joint_vae_mnist()
/// and its neighbours have the author's.
template <int Continuous, int... Values>
using JointVaeOf =
    With<Vae, Encoder<encoder::DupontConv<Continuous + prior::Classes<Values...>::total>>,
         Decoder<decoder::DupontConv>, Prior<prior::GumbelSoftmax<Values...>>,
         Regularizer<regularizer::OnZ<regularizer::Capacity>>, Regularizer<regularizer::ClassCapacity>>;

/// Ten continuous latents and a class of ten values, as on MNIST.
using JointVae = JointVaeOf<10, 10>;

namespace detail {

template <class M>
M joint_vae(regularizer::Capacity const& continuous, regularizer::Capacity const& discrete) {
  M method;
  method.template get<regularizer::OnZ<regularizer::Capacity>>().term = continuous;
  method.template get<regularizer::ClassCapacity>().ramp = discrete;
  method.template get<optim::Adam>().learning_rate = 5e-4;
  return method;
}

}  // namespace detail

/// The author's settings (his code's example scripts): MNIST, dSprites and CelebA of 64 x 64.
inline JointVae joint_vae_mnist() {
  return detail::joint_vae<JointVae>({30, 0, 5, 25'000}, {30, 0, 5, 25'000});
}
inline JointVaeOf<6, 3> joint_vae_dsprites() {
  return detail::joint_vae<JointVaeOf<6, 3>>({150, 0, 40, 300'000}, {150, 0, 1.1, 300'000});
}
inline JointVaeOf<32, 10> joint_vae_celeba() {
  return detail::joint_vae<JointVaeOf<32, 10>>({100, 0, 50, 100'000}, {100, 0, 10, 100'000});
}

}  // namespace disentangle::method
