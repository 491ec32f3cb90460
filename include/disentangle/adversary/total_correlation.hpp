// SPDX-License-Identifier: Apache-2.0
// Total correlation by a discriminator between codes and codes whose columns are shuffled: one policy for
// FactorVAE and RF-VAE.
#pragma once

#include <array>
#include <utility>

#include <disentangle/adversary/adversary.hpp>
#include <disentangle/nn/activations.hpp>
#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/network.hpp>
#include <disentangle/optim/adam.hpp>

namespace disentangle::adversary {

/// Whose codes the discriminator learns from.
enum class DiscriminatorBatches {
  second,  ///< both from a second minibatch, encoded by the updated encoder: the code of RF-VAE's authors
  /// the method's own codes against shuffled codes of a second minibatch: FactorVAE, algorithm 2
  first_and_second,
  first  ///< the method's own codes for both: disentanglement_lib
};

namespace detail {

/// What is to be factorised: the codes, or the relevant part of them where the posterior knows relevance.
auto factorised(auto const& posterior) {
  if constexpr (requires { posterior.relevant_sample; }) {
    return posterior.relevant_sample;
  } else {
    return posterior.sample;
  }
}

/// Every column of a matrix without gradient in an order of its own, by random numbers.
template <class B>
Variable<B, 2> shuffle_columns(Variable<B, 2> const& x, Philox const& random) {
  std::ptrdiff_t const rows = x.extent(0), columns = x.extent(1);
  auto& tape = *x.tape;
  auto const n = static_cast<std::size_t>(rows * columns);
  int* const from = tape.template host<int>(n);
  for (std::ptrdiff_t j = 0; j < columns; ++j) {
    // Fisher-Yates with the numbers of column j
    for (std::ptrdiff_t i = 0; i < rows; ++i) from[i * columns + j] = static_cast<int>(i);
    for (std::ptrdiff_t i = rows - 1; i > 0; --i) {
      auto const k = static_cast<std::ptrdiff_t>(
          random.integer(static_cast<std::uint64_t>(j * rows + i), static_cast<std::uint32_t>(i + 1)));
      std::swap(from[i * columns + j], from[k * columns + j]);
    }
    for (std::ptrdiff_t i = 0; i < rows; ++i) {
      from[i * columns + j] = from[i * columns + j] * static_cast<int>(columns) + static_cast<int>(j);
    }
  }
  auto const flat = reshape(x, Extents<2>{rows * columns, 1});
  return reshape(gather(flat, std::span<int const>(from, n)), Extents<2>{rows, columns});
}

template <int Hidden, int Width, class Done = std::tuple<>>
struct DiscriminatorLayers;
template <int Hidden, int Width, class... Done>
  requires(Hidden > 0)
struct DiscriminatorLayers<Hidden, Width, std::tuple<Done...>>
    : DiscriminatorLayers<Hidden - 1, Width, std::tuple<Done..., nn::Dense<Width, nn::LeakyRelu<200>>>> {};
template <int Width, class... Done>
struct DiscriminatorLayers<0, Width, std::tuple<Done...>> {
  using type = nn::Sequential<Done..., nn::Dense<2>>;
};

}  // namespace detail

/// weight * mean_i [D_0(z_i) - D_1(z_i)], an estimate of the total correlation KL(q(z) || prod_j q(z_j)): D
/// tells codes (class 0) from codes whose every column is shuffled over the minibatch (class 1). D is trained
/// after each of the method's updates, on (CE(D(z), 0) + CE(D(shuffled z), 1)) / 2, by its own optimiser.
/// Kim, Mnih, "Disentangling by factorising", ICML 2018 (BibTeX: kim2018disentangling), eq. 3 and algorithm
/// 2. Where the prior knows relevance (RF-VAE), z is r o z, for codes and shuffled codes alike.
/// @tparam Hidden hidden layers: 6 in FactorVAE's appendix, 5 in the code of RF-VAE's authors
/// @tparam Width of a hidden layer, LeakyReLU(0.2)
/// @param weight gamma; default 35 (dSprites, FactorVAE section 5 and RF-VAE's authors)
/// @param optimizer default Adam 1e-4 (0.5, 0.9)
/// Noise: D must keep up with the encoder; the estimate is low while it learns. Cost: four passes of D and,
/// but for DiscriminatorBatches::first, one more of the encoder.
template <int Hidden = 6, int Width = 1000>
struct TotalCorrelation {
  double weight = 35;
  DiscriminatorBatches batches = DiscriminatorBatches::second;
  nn::Initialisation initialisation = nn::Initialisation::normal_002;
  optim::Adam optimizer{.learning_rate = 1e-4, .beta1 = 0.5, .beta2 = 0.9};

  static constexpr int minibatches = 2;

  template <class Setting>
  struct State {
    using B = typename Setting::backend_type;
    nn::OwnParameters<B>& own;
    typename detail::DiscriminatorLayers<Hidden, Width>::type::template On<B,
                                                                           FeatureShape<Setting::latent_size>>
        network;

    State(nn::Builder<B>& build, TotalCorrelation const& policy)
        : own(build.own_parameters("discriminator", policy.optimizer)) {
      network.declare(own.parameters, "layer", policy.initialisation);
    }
  };

  auto operator()(auto& step) const {
    auto const logits = step.state().network(detail::factorised(step.posterior()),
                                             nn::Mode{.training = true, .frozen = true});
    return weight * (mean(slice(logits, axis<1>, 0, 1)) - mean(slice(logits, axis<1>, 1, 2)));
  }

  void after_step(auto& step) const {
    auto codes = stop_gradient(detail::factorised(step.posterior()));
    auto others = codes;
    if (batches != DiscriminatorBatches::first) {
      RecordingOff const guard(step.tape());  // the encoder is not trained here
      others = detail::factorised(step.infer(step.minibatch(1), "discriminator"));
      if (batches == DiscriminatorBatches::second) codes = others;
    }
    auto const shuffled = detail::shuffle_columns(others, step.random("shuffle"));
    auto& network = step.state().network;
    // cross entropies of two classes: softplus of the difference of the logits
    auto const of_codes = network(codes), of_shuffled = network(shuffled);
    auto const first = [](auto const& logits) { return slice(logits, axis<1>, 0, 1); };
    auto const second = [](auto const& logits) { return slice(logits, axis<1>, 1, 2); };
    step.state().own.minimise(materialise(0.5 * mean(softplus(second(of_codes) - first(of_codes))) +
                                          0.5 * mean(softplus(first(of_shuffled) - second(of_shuffled)))));
  }

  friend bool operator==(TotalCorrelation const&, TotalCorrelation const&) = default;
};

}  // namespace disentangle::adversary
