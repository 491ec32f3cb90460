// SPDX-License-Identifier: Apache-2.0
// PartedVAE small enough to train within a test, and its posterior from given heads.
#pragma once

#include <disentangle/encoder/parted.hpp>
#include <disentangle/nn/shape_layers.hpp>
#include <disentangle/prior/class_mixture.hpp>
#include <disentangle/regularizer/aggregate_class_kl.hpp>
#include <disentangle/regularizer/bhattacharyya_hinge.hpp>
#include <disentangle/regularizer/capacity.hpp>
#include <disentangle/regularizer/conditional_entropy.hpp>
#include <disentangle/regularizer/part.hpp>
#include <disentangle/supervision/labelled_step.hpp>

#include "tests/support/small_model.hpp"

namespace disentangle::test {

/// Heads that are given, as an encoder would compute them.
template <class B>
struct GivenHeads {
  Variable<B, 2> z_head, logits, u_mean, u_log_variance;
  bool is_training = true;

  bool training() const { return is_training; }
  Variable<B, 2> z() const { return z_head; }
  Variable<B, 2> class_logits() const { return logits; }
  encoder::RelatedHead<B> u(Variable<B, 2> const&, long) const { return {u_mean, u_log_variance}; }
};
/// The tables of a ClassMixture.
template <class B>
struct GivenTables {
  Variable<B, 2> mean, rho;
  auto log_variance() const { return materialise(2.0 * tanh(rho) - 1.0); }
};

using SmallPartedTrunk = nn::Sequential<nn::Flatten, nn::Dense<12, nn::LeakyRelu<100>>>;
/// Two latents z, two u for each of two class variables of three and two values.
using SmallCode = prior::PartedCode<2, 2, 3, 2>;
using SmallParted = encoder::Parted<SmallPartedTrunk, SmallCode>;
/// One class variable: the place of a bar, one of eight.
using BarCode = prior::PartedCode<2, 1, 8>;

template <class Code, class Attention = encoder::ClassAttention>
using SmallPartedVaeOf =
    Method<Encoder<encoder::Parted<SmallPartedTrunk, Code, Attention>>, Decoder<SmallDecoder>,
           Prior<prior::ClassMixture<Code>>, Reconstruction<reconstruction::Bernoulli>,
           Regularizer<regularizer::OnZ<regularizer::Capacity>>,
           Regularizer<regularizer::OnU<regularizer::Capacity>>, Regularizer<regularizer::AggregateClassKl>,
           Regularizer<regularizer::ConditionalEntropy>, Regularizer<regularizer::BhattacharyyaHinge>,
           Supervision<supervision::LabelledStep>, Optimizer<optim::Adam>>;
using SmallPartedVae = SmallPartedVaeOf<BarCode>;

}  // namespace disentangle::test
