// SPDX-License-Identifier: Apache-2.0
// Attention of the class over hidden features.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include <disentangle/autodiff/autodiff.hpp>
#include <disentangle/nn/layer.hpp>

namespace disentangle::encoder {

namespace detail {

/// The weights for class variables C over `Features` features.
template <class Policy, class B, class C, int Features>
class ClassMasks {
 public:
  /// @param dense_fan_in as if the blocks of all variables were one dense layer, of which the others are
  /// masked away
  void declare(nn::Parameters<B>& parameters, std::string const& prefix, Policy const& policy,
               nn::Initialisation kind, bool dense_fan_in) {
    policy_ = policy;
    for (std::size_t i = 0; i < weight_.size(); ++i) {
      double const inputs = dense_fan_in ? C::total : C::sizes[i];
      double const outputs = dense_fan_in ? C::variables * Features : Features;
      std::string const name = prefix + "." + std::to_string(i);
      parameters.declare(weight_[i], name + ".weight", Extents<2>{C::sizes[i], Features},
                         nn::weight_initialiser(kind, nn::LayerKind::dense, inputs, outputs));
      parameters.declare(bias_[i], name + ".bias", Extents<2>{1, Features},
                         nn::bias_initialiser(kind, nn::LayerKind::dense, inputs, outputs));
    }
  }
  /// The features that class variable i lets through, (batch, Features).
  Variable<B, 2> operator()(Variable<B, 2> const& features, Variable<B, 2> const& classes, int i, long step,
                            nn::Mode mode) const {
    auto const v = static_cast<std::size_t>(i);
    auto const use = [&](Variable<B, 2> const& weight) {
      return mode.frozen ? stop_gradient(weight) : weight;
    };
    auto const logits =
        matmul(slice(classes, axis<1>, C::offset(i), C::offset(i + 1)), use(weight_[v])) + use(bias_[v]);
    return materialise(features * sigmoid(policy_.sharpness(step, mode.training) * logits));
  }

 private:
  Policy policy_{};
  std::array<Variable<B, 2>, static_cast<std::size_t>(C::variables)> weight_, bias_;
};

}  // namespace detail

/// a_i = sigmoid(kappa (A_i c~_i + b_i)), one mask over the hidden features h for each class variable: the
/// latents of that variable are read from h o a_i. The mask depends on the class alone; column k of A_i holds
/// the logits of class k.
///     kappa(step) = min(end, start + per_step * step) in training,  end in inference
/// Hajimiri, Lotfi, Soleymani Baghshah 2021 (BibTeX: hajimiri2021semi), as the authors' code has it: kappa is
/// 8 after 35,000 steps, and always in inference. kappa is a function of the step here, so a resumed run goes
/// on where it was; the authors' code does not save it and starts resumed runs at 8, which is start = 8.
/// @param start, per_step, end defaults 1, 2e-4, 8
struct ClassAttention {
  double start = 1;
  double per_step = 2e-4;
  double end = 8;

  double sharpness(long step, bool training) const {
    return training ? std::min(end, start + per_step * static_cast<double>(step)) : end;
  }

  template <class B, class C, int Features>
  using On = detail::ClassMasks<ClassAttention, B, C, Features>;

  friend bool operator==(ClassAttention const&, ClassAttention const&) = default;
};

/// No mask: all features for every class, so u depends on the image alone. An ablation; its form is a
/// RECONSTRUCTION.
struct NoAttention {
  template <class B, class C, int Features>
  struct On {
    void declare(nn::Parameters<B>&, std::string const&, NoAttention const&, nn::Initialisation, bool) {}
    Variable<B, 2> operator()(Variable<B, 2> const& features, Variable<B, 2> const&, int, long,
                              nn::Mode) const {
      return features;
    }
  };
  friend bool operator==(NoAttention const&, NoAttention const&) = default;
};

}  // namespace disentangle::encoder
