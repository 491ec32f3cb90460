// SPDX-License-Identifier: Apache-2.0
// value_and_gradient(term, arrays): the value of a term on plain arrays and its gradients, for terms on the
// posterior, reconstructions and policies on a training step; autodiff/value_and_gradient.hpp has bare
// formulas.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include <disentangle/autodiff/host_array.hpp>
#include <disentangle/autodiff/value_and_gradient.hpp>
#include <disentangle/core/error.hpp>
#include <disentangle/core/reflection.hpp>
#include <disentangle/core/shape.hpp>
#include <disentangle/nn/builder.hpp>
#include <disentangle/nn/setting.hpp>
#include <disentangle/reconstruction/reconstruction.hpp>
#include <disentangle/regularizer/regularizer.hpp>
#include <disentangle/train/posterior_arrays.hpp>
#include <disentangle/train/term_step.hpp>

namespace disentangle {

/// What a reconstruction reads, as arrays: the decoder's raw output and the images, both (batch, pixels).
/// Both are inputs with a gradient.
struct LikelihoodArrays {
  HostArray<2> output{};
  HostArray<2> images{};
};

/// How many latents a term with a State is built for: dis::latents<10>. Other terms take any number.
template <int N>
struct Latents {};
template <int N>
inline constexpr Latents<N> latents{};

namespace detail {

/// A policy that says how images are expected: what tells a reconstruction from other terms.
template <class P, class Backend>
concept expects_images =
    requires(P const& policy, Variable<Backend, 2> const& output) { policy.image(output); };

/// A regularizer on arrays, with its State where it has one.
template <class Policy, class Backend, int N>
class RegularizerOnArrays {
  using Setting = nn::Setting<Backend, ImageShape<64, 64, 1>, N>;
  using Q = posterior_needed_t<Policy, Backend>;
  static constexpr bool has_state = requires { typename Policy::template State<Setting>; };
  static_assert(term_on<Policy, Setting>,
                "[disentangle] value_and_gradient, check_term: the policy is no Regularizer; see "
                "docs/policies.md");

 public:
  RegularizerOnArrays(Policy const& policy, PosteriorArrays const& arrays)
      : policy_(policy), tape_(small_backend<Backend>()), inputs_(tape_), posterior_(inputs_, arrays) {
    leaves_ = inputs_.leaves();
    if constexpr (has_state) {
      if (posterior_.latents() != N) {
        throw ShapeError(std::string(type_name<Policy>()) + ": found a mean of " +
                         std::to_string(posterior_.latents()) + " latents, expected the " +
                         std::to_string(N) + " that its State is built for; pass dis::latents<" +
                         std::to_string(posterior_.latents()) + ">");
      }
      nn::Builder<Backend> builder(parameters_, own_);
      if constexpr (std::is_constructible_v<State, nn::Builder<Backend>&, Policy const&>) {
        state_ = std::make_unique<State>(builder, policy);
      } else {
        state_ = std::make_unique<State>(builder);
      }
      for_each_set([&](auto& set) {
        set.allocate(seed(1), 0);
        for (auto const& block : set.blocks()) {
          leaves_.push_back({set.name() + "." + block.name, *block.value, *block.gradient, block.size,
                             block.written != nullptr, block.extents});
        }
      });
    }
  }
  Tape<Backend>& tape() { return tape_; }
  std::vector<LeafOn<Backend>> const& leaves() const { return leaves_; }
  Variable<Backend, 0> run() {
    auto const q = posterior_.posterior();
    if constexpr (has_state) {
      term_input_t<Policy, Q, Setting> const input{q, *state_};
      return materialise(policy_(input));
    } else {
      return materialise(policy_(q));
    }
  }
  void begin() {
    for_each_set([](auto& set) { set.begin_step(); });
  }
  void end() {
    for_each_set([](auto& set) { set.complete_gradients(); });
  }

 private:
  struct NoState {};
  template <bool Has>
  static auto state_type() {
    if constexpr (Has) {
      return std::type_identity<typename Policy::template State<Setting>>{};
    } else {
      return std::type_identity<NoState>{};
    }
  }
  using State = typename decltype(state_type<has_state>())::type;

  template <class Visit>
  void for_each_set(Visit const& visit) {
    if constexpr (has_state) {
      visit(parameters_);
      for (auto& set : own_) visit(set->parameters);
    }
  }

  Policy policy_;
  Tape<Backend> tape_;
  Inputs<Backend> inputs_;
  PosteriorInputs<Q, Backend> posterior_;
  nn::Parameters<Backend> parameters_{tape_, "state"};
  std::vector<std::unique_ptr<nn::OwnParameters<Backend>>> own_{};
  std::unique_ptr<State> state_{};
  std::vector<LeafOn<Backend>> leaves_{};
};

/// A reconstruction on arrays.
template <class Policy, class Backend>
class ReconstructionOnArrays {
  static_assert(reconstruction_on<Policy, Backend>,
                "[disentangle] value_and_gradient, check_term: the policy is no Reconstruction; see "
                "docs/policies.md");

 public:
  ReconstructionOnArrays(Policy const& policy, LikelihoodArrays const& arrays)
      : policy_(policy), tape_(small_backend<Backend>()), inputs_(tape_) {
    likelihood_.output = inputs_.add("output", arrays.output);
    likelihood_.images = inputs_.add("images", arrays.images);
    if (likelihood_.output.extents != likelihood_.images.extents) {
      throw ShapeError("likelihood: found output " + extents_text(likelihood_.output.extents) +
                       " and images " + extents_text(likelihood_.images.extents) +
                       ", expected the same (batch, pixels)");
    }
  }
  Tape<Backend>& tape() { return tape_; }
  std::vector<LeafOn<Backend>> const& leaves() const { return inputs_.leaves(); }
  Variable<Backend, 0> run() { return materialise(policy_(likelihood_)); }
  void begin() {}
  void end() {}

 private:
  Policy policy_;
  Tape<Backend> tape_;
  Inputs<Backend> inputs_;
  Likelihood<Backend> likelihood_{};
};

template <class Backend, class OnArrays>
ValueAndGradient differentiate(OnArrays& term) {
  return differentiate<Backend>(
      term.tape(), term.leaves(), [&] { return term.run(); }, [&] { term.begin(); }, [&] { term.end(); });
}

}  // namespace detail

/// A term on the posterior:
///
///     auto const r = dis::value_and_gradient(dis::regularizer::TotalCorrelation{},
///                                            {.mean = m, .log_variance = v, .noise = e, .data_size = 1000});
///     r.value; r.gradient("mean"); r.gradient("log_variance");
///
/// Backend and precision as for formulas: BasicCpu<double>, or value_and_gradient<dis::backend::Cpu>(...).
/// The parameters of a State start from a seed and have gradients under "state." and their name; name the
/// number of latents for such a term: value_and_gradient(term, arrays, dis::latents<10>).
/// @throws ValueError where an array is missing that the term's posterior needs; ShapeError
template <class Backend = backend::BasicCpu<double>, class Policy, int N = 4>
[[nodiscard]] ValueAndGradient value_and_gradient(Policy const& policy, PosteriorArrays const& arrays,
                                                  Latents<N> = {}) {
  detail::RegularizerOnArrays<Policy, Backend, N> term(policy, arrays);
  return detail::differentiate<Backend>(term);
}

/// A reconstruction: value_and_gradient(dis::reconstruction::Bernoulli{}, {.output = logits, .images = x}),
/// with gradients "output" and "images".
template <class Backend = backend::BasicCpu<double>, class Policy>
  requires detail::expects_images<Policy, Backend>
[[nodiscard]] ValueAndGradient value_and_gradient(Policy const& policy, LikelihoodArrays const& arrays) {
  detail::ReconstructionOnArrays<Policy, Backend> term(policy, arrays);
  return detail::differentiate<Backend>(term);
}

/// A policy on a training step (roles Adversary, Contrast, Supervision), with the networks, prior and
/// likelihood of a method; TermStep has more of it:
///
///     auto const r = dis::value_and_gradient(dis::contrast::PriorMmd{}, {.images = x}, dis::method::Vae{},
///                                            dis::ImageShape<64, 64, 1>{});
///     r.gradient("images"); r.gradient("encoder.0.weight");
template <class Backend = backend::BasicCpu<double>, class Policy, class Networks = SmallNetworks,
          class Image = ImageShape<4, 4, 1>>
[[nodiscard]] ValueAndGradient value_and_gradient(Policy const& policy, StepArrays const& arrays,
                                                  Networks const& networks = {}, Image = {}) {
  return TermStep<Policy, Networks, Image, Backend>(policy, arrays, networks).value_and_gradient();
}

}  // namespace disentangle
