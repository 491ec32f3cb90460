// SPDX-License-Identifier: Apache-2.0
// check_term(policy): a term on the posterior checked in one line, the library's own and yours.
#pragma once

#include <memory>
#include <type_traits>
#include <vector>

#include <disentangle/autodiff/gradient_check.hpp>
#include <disentangle/nn/builder.hpp>
#include <disentangle/prior/standard_normal.hpp>
#include <disentangle/regularizer/regularizer.hpp>

namespace disentangle {

/// Runs a regularizer on a random posterior of 7 images and 4 latents (standard normal prior, a data set of
/// 100 images, in double) and compares its derived gradient with central differences: with respect to the
/// means, the log-variances and, if the policy has a State, its parameters.
///
///     auto const report = dis::check_term(OrthogonalMeans{});
///     CHECK_MESSAGE(report.ok, report.text);
template <class Policy>
GradientReport check_term(Policy const& policy, GradientTolerance const& tolerance = {}) {
  using Backend = backend::BasicCpu<double>;
  constexpr int latent = 4;
  using Setting = nn::Setting<Backend, ImageShape<64, 64, 1>, latent>;
  static_assert(term_on<Policy, Setting>,
                "[disentangle] check_term: the policy is no Regularizer; see docs/policies.md");
  constexpr bool has_state = requires { typename Policy::template State<Setting>; };

  Tape<Backend> tape(Backend(1));
  nn::Parameters<Backend> parameters(tape, "state");
  std::vector<std::unique_ptr<nn::OwnParameters<Backend>>> own;
  [[maybe_unused]] auto const state = [&] {
    if constexpr (has_state) {
      using State = typename Policy::template State<Setting>;
      nn::Builder<Backend> builder(parameters, own);
      if constexpr (std::is_constructible_v<State, nn::Builder<Backend>&, Policy const&>) {
        return std::make_unique<State>(builder, policy);
      } else {
        return std::make_unique<State>(builder);
      }
    } else {
      return nullptr;
    }
  }();
  std::vector<nn::Parameters<Backend>*> sets{&parameters};
  for (auto& set : own) sets.push_back(&set->parameters);

  Extents<2> const extents{7, latent};
  auto mean = random_array(extents, 1, -1.5, 1.5), log_variance = random_array(extents, 2, -2, 0.5);
  std::vector<double> mean_gradient(mean.values.size()), log_variance_gradient(mean.values.size());
  std::vector<detail::Leaf> leaves{
      {"mean", mean.values.data(), mean_gradient.data(), mean.values.size()},
      {"log_variance", log_variance.values.data(), log_variance_gradient.data(), mean.values.size()}};
  for (auto* set : sets) {
    set->allocate(seed(1), 0);
    for (auto const& block : set->blocks()) {
      leaves.push_back({set->name() + "." + block.name, *block.value, *block.gradient, block.size,
                        block.written != nullptr});
    }
  }
  auto const strides = contiguous_strides(extents);
  Variable<Backend, 2> const means{&tape, mean.values.data(), mean_gradient.data(), extents, strides};
  Variable<Backend, 2> const log_variances{&tape, log_variance.values.data(), log_variance_gradient.data(),
                                           extents, strides};

  auto const run = [&] {
    auto q = prior::StandardNormal{}.posterior(concatenate(axis<1>, means, log_variances),
                                               Philox{3, stream("posterior"), 0});
    q.data_size = 100;
    q.step = 10;
    if constexpr (has_state) {
      term_input_t<Policy, Posterior<Backend>, Setting> const input{q, *state};
      return materialise(policy(input));
    } else {
      return materialise(policy(q));
    }
  };
  auto const begin = [&] {
    for (auto* set : sets) set->begin_step();
  };
  auto const end = [&] {
    for (auto* set : sets) set->complete_gradients();
  };
  return detail::compare_gradients(tape, leaves, run, begin, end, tolerance);
}

}  // namespace disentangle
