// SPDX-License-Identifier: Apache-2.0
// What scores say of themselves where they say little, and the level of codes that know nothing.
#include <disentangle/core/philox.hpp>
#include <disentangle/metric/aam.hpp>
#include <disentangle/metric/array_source.hpp>
#include <disentangle/metric/beta_vae.hpp>
#include <disentangle/metric/chance.hpp>
#include <disentangle/metric/code_dependence.hpp>
#include <disentangle/metric/dci.hpp>
#include <disentangle/metric/downstream.hpp>
#include <disentangle/metric/factor_vae.hpp>
#include <disentangle/metric/med.hpp>
#include <disentangle/metric/mig.hpp>
#include <disentangle/metric/modularity.hpp>
#include <disentangle/metric/nearest_neighbours.hpp>
#include <disentangle/metric/rf_vae.hpp>
#include <disentangle/metric/sap.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

namespace dis = disentangle;
namespace metric = disentangle::metric;

namespace {

/// Codes that know nothing, and factors of as many values as asked.
struct Arrays {
  dis::Matrix<double> z;
  dis::Matrix<int> y;

  Arrays(std::size_t rows, std::size_t latents, std::vector<int> const& values)
      : z(rows, latents), y(rows, values.size()) {
    dis::Philox const random{7, 1, 0};
    for (std::size_t i = 0; i < z.values.size(); ++i)
      z.values[i] = static_cast<double>(random.block(i)[0]) / 4294967296.0;
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t k = 0; k < values.size(); ++k)
        y(i, k) = static_cast<int>(i / (k + 1) % static_cast<std::size_t>(values[k]));
  }
  dis::MatrixView<double const> codes() const { return z.view(); }
  dis::MatrixView<int const> factors() const { return y.view(); }
  metric::ArraySource<double> source() const { return {codes(), factors()}; }
};

using Warnings = std::vector<std::string>;
std::string const high = ": with fewer than 100 codes that know nothing may score high";

}  // namespace

TEST_CASE("8 rows with one factor: dci is 1, and says that this is so by definition") {
  Arrays const a(8, 3, {2});
  auto const s = metric::Dci{}(a.codes(), a.factors());
  CHECK(s.value == 1);
  CHECK(s.warnings ==
        Warnings{"5 rows to train on" + high, "one factor: disentanglement is 1 by definition"});
  CHECK_FALSE(s.chance.has_value());
  CHECK(metric::chance_level(metric::Dci{}, a.codes(), a.factors(), dis::seed(0)) == 1);
}

TEST_CASE("5 rows: factor_vae says so, and that with one factor every vote is right") {
  Arrays const one(5, 3, {2});
  metric::FactorVae const vote{.num_train = 100, .num_eval = 100, .num_variance_estimate = 100};
  auto const s = vote(one.source(), dis::seed(0));
  CHECK(s.value == 1);
  CHECK(s.chance == 1);
  CHECK(s.warnings ==
        Warnings{"5 rows to draw from" + high, "one factor: every vote is right by definition"});
  Arrays const two(5, 3, {2, 2});
  auto const t = vote(two.source(), dis::seed(0));
  CHECK(t.warnings == Warnings{"5 rows to draw from" + high});
  CHECK(*t.chance > 0.5);
  CHECK(*t.chance < 0.65);
  auto const rescaled = metric::FactorVae::with(metric::definition::ubisoft)(one.source(), dis::seed(0));
  CHECK(rescaled.value == 0);  // and no 0 / 0
  CHECK(rescaled.chance == 0);
}

TEST_CASE("many rows of several factors have no warnings") {
  Arrays const a(600, 3, {2, 4, 5});
  CHECK(metric::Mig{}(a.codes(), a.factors()).warnings.empty());
  CHECK(metric::Sap{}(a.codes(), a.factors()).warnings.empty());
  CHECK(metric::Modularity{}(a.codes(), a.factors()).warnings.empty());
  CHECK(metric::Mig{.num_train = 1000}(a.source(), dis::seed(0)).warnings.empty());
  CHECK(metric::RfVaeMetricI{.votes = 30, .batch_size = 10, .repeats = 1}(a.source(), dis::seed(0))
            .warnings.empty());
}

TEST_CASE("few rows for each value of a factor, few to test on, few to draw many from") {
  Arrays const a(120, 3, {2, 9});
  CHECK(metric::Mig{}(a.codes(), a.factors()).warnings ==
        Warnings{"120 rows for 9 values of factor 1: with fewer than 20 a value codes that know nothing may "
                 "score high"});
  CHECK(metric::Sap{}(a.codes(), a.factors(), 110).warnings.size() == 1);
  Arrays const b(150, 3, {2, 3});
  CHECK(metric::Sap{}(b.codes(), b.factors(), 110).warnings ==
        Warnings{"40 rows to test on: a share of so few is coarse"});
  Arrays const c(60, 3, {2, 3});
  CHECK(metric::Mig{.num_train = 1000}(c.source(), dis::seed(0)).warnings ==
        Warnings{"60 rows to draw from" + high});
  CHECK(metric::Mig{.num_train = 50}(c.source(), dis::seed(0)).warnings == Warnings{"50 rows" + high});
  CHECK(metric::GaussianTotalCorrelation{}(c.codes()).warnings == Warnings{"60 rows" + high});
}

TEST_CASE("one factor or one latent: metrics whose value that decides say so, the others do not") {
  Arrays const a(300, 3, {3});
  CHECK(metric::Modularity{}(a.codes(), a.factors()).warnings ==
        Warnings{"one factor: modularity is 1 by definition"});
  CHECK(metric::Med{}(a.codes(), a.factors()).warnings.size() == 1);
  CHECK(metric::Mig{}(a.codes(), a.factors()).warnings.empty());
  Arrays const b(300, 1, {3, 2});
  CHECK(metric::Aam{}(b.codes(), b.factors()).warnings.size() == 1);
  CHECK(metric::Dci{.rounds = 2}(b.codes(), b.factors()).warnings ==
        Warnings{"one latent: completeness is 1 by definition"});
}

TEST_CASE("accuracies know their chance: the share of the largest class") {
  Arrays a(300, 3, {2, 3});
  for (std::size_t i = 0; i < 300; ++i) a.y(i, 0) = i % 4 == 0;  // three quarters are 0
  for (std::size_t i = 0; i < 300; ++i) a.y(i, 1) = static_cast<int>(i % 3);
  auto const near = metric::NearestNeighbours{}(a.codes(), a.factors(), 200);
  CHECK(*near.chance == doctest::Approx((0.75 + 0.33) / 2).epsilon(0.02));
  auto const trees = metric::DownstreamTrees{.train_sizes = {200}}(a.codes(), a.factors(), 200);
  CHECK(*trees.chance == *near.chance);
  auto const pairs =
      metric::BetaVae{.batch_size = 4, .num_train = 100, .num_eval = 100}(a.source(), dis::seed(0));
  CHECK(*pairs.chance >= 0.5);
  CHECK(*pairs.chance < 0.7);
}

TEST_CASE("chance level: codes against factors of other rows, whatever the codes know") {
  Arrays a(400, 2, {4, 4});
  for (std::size_t i = 0; i < 400; ++i) {
    a.y(i, 1) = static_cast<int>(i / 4 % 4);
    for (std::size_t k = 0; k < 2; ++k) a.z(i, k) = a.y(i, k);
  }
  CHECK(metric::Mig{}(a.codes(), a.factors()).value > 0.7);
  double const level = metric::chance_level(metric::Mig{}, a.codes(), a.factors(), dis::seed(0));
  CHECK(level < 0.03);
  CHECK(level == metric::chance_level(metric::Mig{}, a.codes(), a.factors(), dis::seed(0)));
  CHECK(level != metric::chance_level(metric::Mig{}, a.codes(), a.factors(), dis::seed(1)));
  metric::FactorVae const vote{.num_train = 300, .num_eval = 300, .num_variance_estimate = 300};
  CHECK(vote(a.source(), dis::seed(0)).value > 0.95);
  CHECK(std::abs(metric::chance_level(vote, a.codes(), a.factors(), dis::seed(0)) - 0.5) < 0.15);
  CHECK_THROWS_AS(metric::chance_level(metric::Mig{}, a.codes(), a.factors(), dis::seed(0), 0),
                  dis::ValueError);
}
