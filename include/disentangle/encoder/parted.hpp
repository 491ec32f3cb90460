// SPDX-License-Identifier: Apache-2.0
// An encoder with a shared trunk and heads for class-independent latents, classes and class-related latents.
#pragma once

#include <array>
#include <string>

#include <disentangle/encoder/class_attention.hpp>
#include <disentangle/encoder/encoder.hpp>
#include <disentangle/nn/builder.hpp>
#include <disentangle/nn/dense.hpp>

namespace disentangle::encoder {

/// q(u_i | x, c_i) of all class variables side by side, (batch, all related) each.
template <class B>
struct RelatedHead {
  Variable<B, 2> mean, log_variance;
};

/// What a Parted encoder gives: the features of a minibatch, and its heads, each computed when it is asked
/// for.
template <class Network, class B>
struct PartedHeads {
  Network* network;
  Variable<B, 2> features;
  nn::Mode mode;

  bool training() const { return mode.training; }
  /// (mean, log-variance) of z, (batch, 2 independent).
  Variable<B, 2> z() const { return network->z(features, mode); }
  /// (batch, class values)
  Variable<B, 2> class_logits() const { return network->class_logits(features, mode); }
  /// Of u for (relaxed) one-hot classes (batch, class values), at a step of training.
  RelatedHead<B> u(Variable<B, 2> const& classes, long step) const {
    return network->u(features, classes, step, mode);
  }
};

/// One trunk x -> h of hidden features; heads of z and of the class logits read h, the head of u_i reads h
/// through the mask of class variable i. Each head is one linear layer.
///     Parted<HajimiriTrunk<>, prior::PartedCode<6, 10, 10>>
/// Hajimiri, Lotfi, Soleymani Baghshah 2021 (BibTeX: hajimiri2021semi), as the authors' code has it.
/// Parameters: "encoder.trunk...", "encoder.z_head...", "encoder.class_head...", "encoder.attention...",
/// "encoder.u_head...".
/// @tparam Trunk an nn::Sequential, or anything with its `On<Backend, Image>`, ending in features
/// @tparam Code  a prior::PartedCode
/// @tparam Attention ClassAttention or NoAttention
/// @param dense_fan_in where there are several class variables, the weights of attention and u heads start as
///        in the authors' masked dense layers: with the fan-in of all variables together (default). false: of
///        their own.
template <class Trunk, class Code, class Attention = ClassAttention>
struct Parted {
  Attention attention{};
  nn::Initialisation initialisation = nn::Initialisation::torch_default;
  bool dense_fan_in = true;

  static constexpr int latent_size = Code::size;
  using code = Code;

  template <class Setting>
  class Inference {
   public:
    using B = typename Setting::backend_type;
    using C = typename Code::classes;
    using TrunkNetwork = typename Trunk::template On<B, typename Setting::image_shape>;
    using Features = FeatureShape<static_cast<int>(TrunkNetwork::output_shape::size)>;

    void declare(nn::Parameters<B>& parameters, std::string const& prefix, Parted const& policy) {
      trunk_.declare(parameters, prefix + ".trunk", policy.initialisation);
      z_head_.declare(parameters, prefix + ".z_head", policy.initialisation);
      class_head_.declare(parameters, prefix + ".class_head", policy.initialisation);
      attention_.declare(parameters, prefix + ".attention", policy.attention, policy.initialisation,
                         policy.dense_fan_in);
      double const inputs = static_cast<double>(Features::size) * (policy.dense_fan_in ? C::variables : 1);
      double const outputs = 2.0 * Code::related * (policy.dense_fan_in ? C::variables : 1);
      for (std::size_t i = 0; i < u_weight_.size(); ++i) {
        std::string const name = prefix + ".u_head." + std::to_string(i);
        parameters.declare(
            u_weight_[i], name + ".weight",
            Extents<2>{static_cast<std::ptrdiff_t>(Features::size), 2 * Code::related},
            nn::weight_initialiser(policy.initialisation, nn::LayerKind::dense, inputs, outputs));
        parameters.declare(
            u_bias_[i], name + ".bias", Extents<2>{1, 2 * Code::related},
            nn::bias_initialiser(policy.initialisation, nn::LayerKind::dense, inputs, outputs));
      }
    }

    PartedHeads<Inference, B> operator()(Variable<B, 2> const& images, nn::Mode mode = {}) {
      return {this, trunk_(images, mode), mode};
    }
    Variable<B, 2> z(Variable<B, 2> const& features, nn::Mode mode) { return z_head_(features, mode); }
    Variable<B, 2> class_logits(Variable<B, 2> const& features, nn::Mode mode) {
      return class_head_(features, mode);
    }
    RelatedHead<B> u(Variable<B, 2> const& features, Variable<B, 2> const& classes, long step,
                     nn::Mode mode) const {
      auto const head = [&](int i) {
        auto const v = static_cast<std::size_t>(i);
        auto const use = [&](Variable<B, 2> const& weight) {
          return mode.frozen ? stop_gradient(weight) : weight;
        };
        return materialise(matmul(attention_(features, classes, i, step, mode), use(u_weight_[v])) +
                           use(u_bias_[v]));
      };
      return [&]<std::size_t... I>(std::index_sequence<I...>) {
        std::array const heads{head(static_cast<int>(I))...};
        auto const columns = [&](std::ptrdiff_t first) {
          return concatenate(axis<1>, slice(heads[I], axis<1>, first, first + Code::related)...);
        };
        return RelatedHead<B>{columns(0), columns(Code::related)};
      }(std::make_index_sequence<static_cast<std::size_t>(C::variables)>{});
    }

   private:
    TrunkNetwork trunk_;
    typename nn::Sequential<nn::Dense<2 * Code::independent>>::template On<B, Features> z_head_;
    typename nn::Sequential<nn::Dense<C::total>>::template On<B, Features> class_head_;
    typename Attention::template On<B, C, static_cast<int>(Features::size)> attention_;
    std::array<Variable<B, 2>, static_cast<std::size_t>(C::variables)> u_weight_, u_bias_;
  };

  friend bool operator==(Parted const&, Parted const&) = default;
};

}  // namespace disentangle::encoder
