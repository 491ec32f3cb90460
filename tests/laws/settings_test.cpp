// SPDX-License-Identifier: Apache-2.0
// Settings of methods that are values: the grids of the comparison study, the authors' settings of RF-VAE.
#include <doctest/doctest.h>

#include <disentangle/core/describe.hpp>
#include <disentangle/method/rf_vae.hpp>
#include <disentangle/method/study_grids.hpp>

using namespace disentangle;

TEST_CASE("the study varies one number of each method and leaves the rest") {
  auto const beta = method::study_grid<method::BetaVae>();
  CHECK(beta.front().get<regularizer::WeightedKl>().beta == 1);
  CHECK(beta.back().get<regularizer::WeightedKl>().beta == 16);
  CHECK(method::study_grid<method::AnnealedVae>()[2] == method::AnnealedVae{});  // 25 nats is our default
  CHECK(method::study_grid<method::FactorVae>()[3].get<adversary::TotalCorrelation<>>().weight == 40);
  auto const dip = method::study_grid<method::DipVaeI>()[4].get<regularizer::MeanCovariance>();
  CHECK(dip.off_diagonal == 20);
  CHECK(dip.diagonal == 200);
  CHECK(method::study_grid<method::DipVaeII>()[4].get<regularizer::CodeCovariance>().diagonal == 20);
  auto const tc = method::study_grid<method::BetaTcVae>()[5];
  CHECK(tc.get<regularizer::TotalCorrelation>().beta == 10);
  auto plain = tc;
  plain.get<regularizer::TotalCorrelation>().beta =
      method::BetaTcVae{}.get<regularizer::TotalCorrelation>().beta;
  CHECK(plain == method::BetaTcVae{});
}

TEST_CASE("RF-VAE's settings are those of the authors' table") {
  auto const numbers = [](auto const& method) {
    auto const& kl = method.template get<regularizer::RelevanceWeightedKl>();
    auto const& penalty = method.template get<regularizer::RelevancePenalty>();
    return std::array<double, 5>{method.template get<adversary::TotalCorrelation<5>>().weight, kl.smallest,
                                 kl.largest, penalty.sparsity, penalty.entropy};
  };
  CHECK(numbers(method::rf_vae_oval_dsprites()) == std::array{35.0, 0.1, 10.0, 1.0, 100.0});
  CHECK(numbers(method::rf_vae_faces()) == std::array{10.0, 0.01, 10.0, 5.0, 5.0});
  CHECK(numbers(method::rf_vae_teapots()) == std::array{10.0, 0.1, 2.0, 0.5, 0.5});
  CHECK(describe(method::rf_vae_teapots()).find("TeapotsResNet<10") != std::string::npos);
  CHECK(numbers(method::rf_vae_celeba(0.1)) == std::array{10.0, 0.01, 10.0, 0.1, 0.1});
  CHECK(describe(method::rf_vae_celeba()).find("KimMnihConv256<20>") != std::string::npos);
}
