// SPDX-License-Identifier: Apache-2.0
// Missing labels in metrics that train a classifier or a regressor of each factor.
#include <disentangle/metric/dci.hpp>
#include <disentangle/metric/dci_regression.hpp>
#include <disentangle/metric/downstream.hpp>
#include <disentangle/metric/explicitness.hpp>
#include <disentangle/metric/linear_probe.hpp>
#include <disentangle/metric/nearest_neighbours.hpp>
#include <disentangle/metric/sap.hpp>

#include "tests/support/missing_labels.hpp"

using namespace disentangle;
using Scores = test::PartlyLabelledScores;

namespace {

void check_counts(Scores const& s) {
  CAPTURE(s.all.metric);
  CHECK(s.all.table("train_rows_per_factor").values == std::vector<double>{160, 128, 107});
  CHECK(s.all.table("test_rows_per_factor").values == std::vector<double>{80, 64, 53});
}

}  // namespace

TEST_CASE("accuracies are means over factors, each from the rows that have it") {
  auto const check = [](auto const& metric, std::string const& table) {
    Scores const s(metric);
    CHECK(s.all.value == doctest::Approx(s.mean_alone()).epsilon(1e-14));
    CHECK(s.alike(table));
    check_counts(s);
  };
  check(metric::Sap{}, "predictability");
  check(metric::Sap{.continuous = true}, "predictability");
  check(metric::Explicitness{}, "test_area_per_factor");
  check(metric::DownstreamTrees{.train_sizes = {20, 100}}, "accuracy");
  check(metric::NearestNeighbours{.k = 10}, "top_1_per_factor");
  check(metric::LinearProbe{.epochs = 3, .standardise = true}, "epoch_top_1");
}

TEST_CASE("parts that all factors have are means, the worst factor is the worst") {
  Scores const s(metric::DownstreamLogisticRegression{.train_sizes = {20, 1000}});
  CHECK(s.all.part("accuracy_20") == doctest::Approx(s.mean_alone("accuracy_20")).epsilon(1e-14));
  for (auto const& [name, value] : s.all.parts) CHECK(name != "accuracy_160");  // of the first factor alone
  double least = 1;
  for (auto const& alone : s.alone) least = std::min(least, alone.value);
  CHECK(s.all.part("least") == least);
  check_counts(s);
}

TEST_CASE("DCI by trees, forest and Lasso: importances by factor, disentanglement across them") {
  Scores const trees(metric::Dci{.rounds = 5});
  CHECK(trees.alike("importance"));
  CHECK(trees.alike("test_accuracy"));
  CHECK(trees.all.value == metric::disentanglement(trees.all.table("importance").view()).value);
  CHECK(trees.all.part("completeness") == metric::completeness(trees.all.table("importance").view()).value);
  CHECK(trees.all.part("informativeness_test") ==
        doctest::Approx(trees.mean_alone("informativeness_test")).epsilon(1e-14));
  CHECK(trees.all.table("disentanglement_per_latent").rows == 4);
  check_counts(trees);
  auto const check = [](Scores const& s) {
    CHECK(s.alike("importance"));
    CHECK(s.alike("test_error"));
    CHECK(s.alike("completeness_per_factor"));
    CHECK(s.all.value > 0.3);
    CHECK(s.all.value < 1);
    CHECK(s.all.part("completeness") == doctest::Approx(s.mean_alone("completeness")).epsilon(1e-14));
    check_counts(s);
  };
  check(Scores(metric::DciLasso{}));
  check(Scores(metric::DciRandomForest{.trees = 3}));
}
