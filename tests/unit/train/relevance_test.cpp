// SPDX-License-Identifier: Apache-2.0
// relevance(model), and its columns in the log.
#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/data/arrays.hpp>
#include <disentangle/prior/relevance.hpp>
#include <disentangle/regularizer/relevance.hpp>
#include <disentangle/train/csv_log.hpp>
#include <disentangle/train/relevance.hpp>
#include <disentangle/train/train.hpp>

#include "tests/support/small_model.hpp"

using namespace disentangle;
using Learnt =
    Plus<With<test::SmallVae, Prior<prior::LearntRelevance>, Regularizer<regularizer::RelevanceWeightedKl>>,
         Regularizer<regularizer::RelevancePenalty>>;
using Known = With<Learnt, Prior<prior::KnownRelevance>>;

TEST_CASE("learnt relevance starts near a half, falls where the penalty pushes it, and is logged") {
  Learnt method;
  method.get<regularizer::RelevancePenalty>() = {.sparsity = 100, .entropy = 0};
  method.get<optim::Adam>().learning_rate = 0.1;
  Model model{method, backend::Cpu{1}, test::SmallImage{}, seed(1)};
  auto const start = relevance(model);
  REQUIRE(start.values.size() == 3);
  for (double const r : start.values) CHECK(r == doctest::Approx(0.5).epsilon(0.01));
  for (int i = 0; i < 30; ++i) model.step(test::Bars(8, 3 * static_cast<std::size_t>(i)).batch());
  auto const end = relevance(model);
  for (double const r : end.values) CHECK(r < 0.2);
  CHECK(end.relevant.empty());
  CHECK(relevance(model, 0).relevant == std::vector<std::size_t>{0, 1, 2});

  test::Bars const bars(48);
  auto const data = data::arrays<test::SmallImage>(bars.images);
  train(model, data, {.steps = 32, .batch_size = 8, .log_every = 1}, csv_log("log.csv"));
  auto const table = io::read_csv("log.csv");
  auto const last = relevance(model).values;
  for (std::size_t j = 0; j < 3; ++j) {
    CHECK(table.numbers<double>("relevance_" + std::to_string(j)).back() ==
          doctest::Approx(last[j]).epsilon(1e-5));
  }
}

TEST_CASE("known relevance is what it was set to") {
  Known method;
  method.get<prior::KnownRelevance>().relevant = 2;
  Model model{method, backend::Cpu{1}, test::SmallImage{}, seed(1)};
  CHECK(relevance(model).values == std::vector<double>{1, 1, 0});
  CHECK(relevance(model).relevant == std::vector<std::size_t>{0, 1});
}
