// SPDX-License-Identifier: Apache-2.0
// study_grid<method::BetaVae>(): the six settings of a method in the large comparison study of the field.
#pragma once

#include <array>

#include <disentangle/method/annealed_vae.hpp>
#include <disentangle/method/beta_tc_vae.hpp>
#include <disentangle/method/beta_vae.hpp>
#include <disentangle/method/dip_vae.hpp>
#include <disentangle/method/factor_vae.hpp>

namespace disentangle::method {

namespace detail {

/// One setting of a method by the number that the study varies.
template <class M>
struct StudySetting;
template <>
struct StudySetting<BetaVae> {
  static constexpr std::array<double, 6> values{1, 2, 4, 6, 8, 16};
  static void set(BetaVae& m, double beta) { m.get<regularizer::WeightedKl>().beta = beta; }
};
template <>
struct StudySetting<AnnealedVae> {
  static constexpr std::array<double, 6> values{5, 10, 25, 50, 75, 100};
  static void set(AnnealedVae& m, double capacity) {
    m.get<regularizer::Capacity>() = {
        .gamma = 1000, .capacity_start = 0, .capacity_end = capacity, .steps = 100'000};
  }
};
template <>
struct StudySetting<FactorVae> {
  static constexpr std::array<double, 6> values{10, 20, 30, 40, 50, 100};
  static void set(FactorVae& m, double gamma) { m.get<adversary::TotalCorrelation<>>().weight = gamma; }
};
template <>
struct StudySetting<DipVaeI> {
  static constexpr std::array<double, 6> values{1, 2, 5, 10, 20, 50};
  static void set(DipVaeI& m, double weight) {
    m.get<regularizer::MeanCovariance>() = {.off_diagonal = weight, .diagonal = 10 * weight};
  }
};
template <>
struct StudySetting<DipVaeII> {
  static constexpr std::array<double, 6> values{1, 2, 5, 10, 20, 50};
  static void set(DipVaeII& m, double weight) {
    m.get<regularizer::CodeCovariance>() = {.off_diagonal = weight, .diagonal = weight};
  }
};
template <>
struct StudySetting<BetaTcVae> {
  static constexpr std::array<double, 6> values{1, 2, 4, 6, 8, 10};
  static void set(BetaTcVae& m, double beta) { m.get<regularizer::TotalCorrelation>().beta = beta; }
};

}  // namespace detail

/// The settings of Locatello et al., "Challenging common assumptions", ICML 2019 (BibTeX:
/// locatello2019challenging; the code's sweep of unsupervised_study_v1), of BetaVae (beta), AnnealedVae
/// (largest capacity), FactorVae (gamma), DipVaeI and DipVaeII (weight off the diagonal), BetaTcVae (beta),
/// smallest first; everything else at its default. The study gave all six one network, 300,000 steps and 50
/// seeds.
///     for (auto const& method : dis::method::study_grid<dis::method::BetaVae>()) ...
template <class M>
[[nodiscard]] std::array<M, 6> study_grid() {
  std::array<M, 6> grid;
  for (std::size_t i = 0; i < grid.size(); ++i)
    detail::StudySetting<M>::set(grid[i], detail::StudySetting<M>::values[i]);
  return grid;
}

}  // namespace disentangle::method
