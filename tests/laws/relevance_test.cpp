// SPDX-License-Identifier: Apache-2.0
// RF-VAE with r = 1, lambda = 1 and no penalty is FactorVAE, to the last bit of its parameters.
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/adversary/total_correlation.hpp>
#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/prior/relevance.hpp>
#include <disentangle/regularizer/relevance.hpp>

#include "tests/support/small_model.hpp"

using namespace disentangle;

TEST_CASE("RF-VAE with everything relevant is FactorVAE") {
  using Factor = Plus<test::SmallVae, Adversary<adversary::TotalCorrelation<2, 32>>>;
  using Relevant = With<Factor, Prior<prior::KnownRelevance>, Regularizer<regularizer::RelevanceWeightedKl>>;
  Relevant method;
  method.get<prior::KnownRelevance>().relevant = 3;  // all latents
  method.get<regularizer::RelevanceWeightedKl>() = {.smallest = 1, .largest = 1};
  Model a{Factor{}, backend::Cpu{1}, test::SmallImage{}, seed(5)};
  Model b{method, backend::Cpu{1}, test::SmallImage{}, seed(5)};
  for (std::size_t i = 0; i < 6; ++i) {
    test::Bars const first(8, 11 * i), second(8, 11 * i + 5);
    Minibatch const batches[] = {first.batch(), second.batch()};
    double const loss = a.step(batches).loss;
    CHECK(b.step(batches).loss == doctest::Approx(loss).epsilon(1e-6));
  }
  auto const everything = [](auto& model) {
    std::vector<float> all;
    model.for_each_tensor([&](std::string const&, auto const& extents, float* p) {
      std::size_t n = 1;
      for (auto extent : extents) n *= static_cast<std::size_t>(extent);
      all.insert(all.end(), p, p + n);
    });
    return all;
  };
  CHECK(everything(a) == everything(b));
}
