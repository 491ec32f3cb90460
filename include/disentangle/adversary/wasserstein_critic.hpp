// SPDX-License-Identifier: Apache-2.0
// The critic of WGAN-GP.
#pragma once

#include <string>
#include <vector>

#include <disentangle/adversary/adversary.hpp>
#include <disentangle/encoder/info_gan_conv.hpp>
#include <disentangle/nn/input_gradient.hpp>
#include <disentangle/optim/adam.hpp>

namespace disentangle::adversary {

/// The generator minimises -weight * mean D(G(c)). Before each of its steps the critic D makes CriticSteps
/// steps of its own, each with another minibatch of real images r and other codes, on
///     mean D(f) - mean D(r) + penalty * mean (|grad_m D(m)| - 1)^2,  f = G(c),  m = r + u (f - r),
///     u ~ U(0, 1) per image.
/// Gulrajani, Ahmed, Arjovsky, Dumoulin, Courville, "Improved training of Wasserstein GANs", NeurIPS 2017,
/// algorithm 1 (BibTeX: gulrajani2017improved). The penalty's gradient is exact (nn/input_gradient.hpp).
/// @tparam Trunk the critic's network, an encoder policy: its network<1>, of Dense, Conv, LayerNorm and shape
/// layers
/// @tparam CriticSteps n_critic; default 5, as in the paper
/// @param penalty default 10, as in the paper
/// @param optimizer default Adam 1e-4 (0, 0.9), as in the paper
/// Measures critic_gap, mean D(r) - mean D(f): an estimate from below of the Wasserstein distance of images
/// and generated images once the critic has converged; gradient_penalty; gradient_norm, the mean of |grad_m
/// D(m)|, 1 where the penalty is satisfied. All of the last critic step.
/// Cost of a critic step: one forward pass of G, and the work of about eleven forward passes of D, on a
/// minibatch.
template <class Trunk = encoder::InfoGanConv<>, int CriticSteps = 5>
struct WassersteinCritic {
  static_assert(CriticSteps > 0, "[disentangle] WassersteinCritic: the critic makes at least one step");

  double weight = 1;
  double penalty = 10;
  Trunk trunk{};
  optim::Adam optimizer{.learning_rate = 1e-4, .beta1 = 0, .beta2 = 0.9};

  static constexpr int minibatches = CriticSteps;

  [[nodiscard]] static std::vector<std::string> measures(int) {
    return {"critic_gap", "gradient_penalty", "gradient_norm"};
  }

  template <class Setting>
  struct State {
    using B = typename Setting::backend_type;
    nn::OwnParameters<B>& own;
    typename Trunk::template network<1>::template On<B, typename Setting::image_shape> critic;

    State(nn::Builder<B>& build, WassersteinCritic const& policy)
        : own(build.own_parameters("critic", policy.optimizer)) {
      critic.declare(own.parameters, "layer", policy.trunk.initialisation);
    }
  };

  void before_step(auto& step) const {
    auto& tape = step.tape();
    auto& critic = step.state().critic;
    for (int i = 0; i < CriticSteps; ++i) {
      tape.reset();  // the steps need each other's memory, not each other's variables
      auto const real = step.minibatch(i);
      std::ptrdiff_t const n = real.extent(0);
      auto const mine = [&](auto const& all) { return slice(all, axis<0>, i * n, (i + 1) * n); };
      auto const fake = [&] {
        RecordingOff const guard(tape);
        return step.generate(mine(step.codes(CriticSteps * n, "critic.codes")));
      }();
      auto const u = tape.variable(Extents<2>{CriticSteps * n, 1}, false);
      tape.backend().uniform(step.random("critic.mixture"), u.value, static_cast<std::size_t>(u.size()));

      auto const values = critic(concatenate(axis<0>, fake, real));
      auto const gap =
          materialise(mean(slice(values, axis<0>, n, 2 * n)) - mean(slice(values, axis<0>, 0, n)));
      auto const g = nn::input_gradient(critic, real + mine(u) * (fake - real));
      // 1e-12: the derivative of the root is finite where the critic is flat
      auto const norm = materialise(sqrt(sum(square(g), axis<1>) + 1e-12));
      auto const excess = materialise(mean(square(norm - 1.0)));
      step.state().own.minimise(penalty * excess - gap);
      if (i + 1 == CriticSteps) {
        step.measure(0, gap);
        step.measure(1, penalty * excess);
        step.measure(2, mean(stop_gradient(norm)));
      }
    }
  }

  auto operator()(auto& step) const {
    return -weight * mean(step.state().critic(step.generated(), nn::Mode{.training = true, .frozen = true}));
  }

  friend bool operator==(WassersteinCritic const&, WassersteinCritic const&) = default;
};

}  // namespace disentangle::adversary
