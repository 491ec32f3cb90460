// SPDX-License-Identifier: Apache-2.0
// The beta-VAE metric against disentanglement_lib's own points and accuracies, its laws and its errors.
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/array_source.hpp>
#include <disentangle/metric/beta_vae.hpp>

#include "tests/support/metric_laws.hpp"
#include "tests/support/metric_reference.hpp"

using namespace disentangle;

namespace {

constexpr metric::BetaVae reference_settings{.num_train = 1000, .num_eval = 500, .batches_per_encode = 1};

/// Points written as label,d0,d1,... with a header line.
metric::BetaVae::Points read_points(std::string const& file) {
  std::ifstream in(test::metric_reference_folder() / "beta_vae_points" / file);
  REQUIRE(in);
  metric::BetaVae::Points points;
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    std::istringstream cells(line);
    std::string cell;
    std::getline(cells, cell, ',');
    points.factor.push_back(std::stoi(cell));
    while (std::getline(cells, cell, ',')) points.differences.values.push_back(std::stod(cell));
  }
  points.differences.rows = points.factor.size();
  points.differences.columns = points.differences.values.size() / points.factor.size();
  return points;
}

}  // namespace

TEST_CASE("the beta-VAE metric's points and accuracies equal disentanglement_lib's, on its random stream") {
  for (auto const& reference : test::reference_cases()) {
    CAPTURE(reference.name);
    auto const expected = test::reference_values(reference.name)["sampled_metrics"]["beta_vae"];
    test::SplitMix64 stream{2000};
    auto const source = reference.source(stream);
    auto const train = reference_settings.points(source, 1000, stream);
    auto const eval = reference_settings.points(source, 500, stream);
    CHECK(stream.next() == std::stoull(expected["next_raw_after_run"].get<std::string>(), nullptr, 16));
    for (std::size_t i = 0; i < 10; ++i) CHECK(train.factor[i] == expected["first_10_labels"][i].get<int>());
    for (std::size_t l = 0; l < reference.latents; ++l) {
      CHECK(std::abs(train.differences(0, l) - expected["first_point"][l].get<double>()) < 1e-12);
      double train_sum = 0;
      double eval_sum = 0;
      for (std::size_t i = 0; i < 1000; ++i) train_sum += train.differences(i, l);
      for (std::size_t i = 0; i < 500; ++i) eval_sum += eval.differences(i, l);
      CHECK(std::abs(train_sum - expected["train_points_column_sums"][l].get<double>()) < 1e-9);
      CHECK(std::abs(eval_sum - expected["eval_points_column_sums"][l].get<double>()) < 1e-9);
    }
    metric::Score const s = reference_settings.classify(train, eval, reference.sizes.size());
    for (std::size_t k = 0; k < reference.sizes.size(); ++k) {
      CHECK(s.table("train_points")(k, 0) == expected["train_label_counts"][k].get<double>());
      CHECK(s.table("eval_points")(k, 0) == expected["eval_label_counts"][k].get<double>());
    }
    CHECK(std::abs(s.value - expected["eval_accuracy"].get<double>()) < 0.004);
    CHECK(std::abs(s.part("train_accuracy") - expected["train_accuracy"].get<double>()) < 0.004);

    test::SplitMix64 again{2000};
    CHECK(reference_settings(reference.source(again), again).value == s.value);
  }
}

TEST_CASE("the beta-VAE classifier reaches scikit-learn's optimum on recorded points") {
  auto const expected =
      test::reference_values("rotated45_noisy_S")["sampled_metrics"]["beta_vae"]["converged_multinomial"];
  auto const train = read_points("rotated45_noisy_S.train.csv");
  auto const eval = read_points("rotated45_noisy_S.eval.csv");
  metric::Score const s = reference_settings.classify(train, eval, 4);
  CHECK(s.value == doctest::Approx(expected["eval_accuracy"].get<double>()).epsilon(1e-12));
  CHECK(s.part("train_accuracy") == doctest::Approx(expected["train_accuracy"].get<double>()).epsilon(1e-12));
  // lbfgs stops on a small relative decrease, at weights within a few 1e-3; see also
  // detail/logistic_regression_test.cpp.
  metric::Matrix<double> const coefficients = test::reference_matrix(expected["coef"]);  // (factors, latents)
  for (std::size_t k = 0; k < 4; ++k)
    for (std::size_t l = 0; l < 4; ++l) CHECK(std::abs(s.table("weights")(l, k) - coefficients(k, l)) < 5e-3);
}

TEST_CASE("the beta-VAE metric of 2018 has liblinear's optimum") {
  auto const expected = test::reference_values(
      "rotated45_noisy_S")["sampled_metrics"]["beta_vae"]["legacy_liblinear_ovr_converged"];
  auto const train = read_points("rotated45_noisy_S.train.csv");
  auto const eval = read_points("rotated45_noisy_S.eval.csv");
  metric::BetaVae of_2018 = reference_settings;
  of_2018.definition = metric::definition::disentanglement_lib_2018;
  metric::Score const s = of_2018.classify(train, eval, 4);
  CHECK(s.value == doctest::Approx(expected["eval_accuracy"].get<double>()).epsilon(1e-12));
  CHECK(s.part("train_accuracy") == doctest::Approx(expected["train_accuracy"].get<double>()).epsilon(1e-12));
  auto const made = test::read_json(test::metric_reference_folder() / "scikit_learn" /
                                    "expected.json")["beta_vae_2018"]["rotated45_noisy_S"];
  metric::Matrix<double> const coefficients = test::reference_matrix(made["coef"]);  // (factors, latents)
  for (std::size_t k = 0; k < 4; ++k)
    for (std::size_t l = 0; l < 4; ++l) CHECK(std::abs(s.table("weights")(l, k) - coefficients(k, l)) < 1e-4);
  // two factors are one machine
  auto const two = [](metric::BetaVae::Points all) {
    metric::BetaVae::Points some;
    some.differences.columns = all.differences.columns;
    for (std::size_t i = 0; i < all.factor.size(); ++i) {
      if (all.factor[i] > 1) continue;
      some.factor.push_back(all.factor[i]);
      for (double const d : all.differences.row(i)) some.differences.values.push_back(d);
    }
    some.differences.rows = some.factor.size();
    return some;
  };
  metric::Score const pair = of_2018.classify(two(train), two(eval), 2);
  metric::Matrix<double> const of_two = test::reference_matrix(made["coef_of_two"]);  // (1, latents)
  for (std::size_t l = 0; l < 4; ++l) {
    CHECK(std::abs(pair.table("weights")(l, 1) - of_two(0, l)) < 1e-4);
    CHECK(pair.table("weights")(l, 0) == -pair.table("weights")(l, 1));
  }
}

namespace {
constexpr metric::BetaVae small{.batch_size = 16, .num_train = 400, .num_eval = 300};
}

TEST_CASE("BetaVae: a perfect code scores 1, codes that know nothing score near chance") {
  metric::BetaVae const metric = small;
  auto const perfect = test::axis_aligned(2000, 0, 1);
  auto const nothing = test::unrelated(2000, 2);
  metric::Score const high =
      metric(metric::ArraySource(perfect.codes.view(), perfect.factors.view()), seed(0));
  metric::Score const low =
      metric(metric::ArraySource(nothing.codes.view(), nothing.factors.view()), seed(0));
  CHECK(high.value == 1);
  CHECK(low.value < 0.5);
  CHECK(low.value > 0.2);
  CHECK(test::in_range(high));
  CHECK(test::in_range(low));
}

TEST_CASE("BetaVae of a source is repeatable and does not depend on how many batches are encoded at once") {
  auto const s = test::axis_aligned(500, 0.8, 3);
  metric::ArraySource const source(s.codes.view(), s.factors.view(), {"a", "b", "c"});
  metric::BetaVae metric = small;
  metric::Score const first = metric(source, seed(5));
  CHECK(first.factor_names[1] == "b");
  CHECK(metric(source, seed(6)).tables[0].values != first.tables[0].values);
  metric.batches_per_encode = 3;
  CHECK(metric(source, seed(5)).value == first.value);
  CHECK(metric(source, seed(5)).tables[0].values == first.tables[0].values);
}

TEST_CASE("BetaVae: constant latents change nothing, and constant codes give a number") {
  auto const s = test::axis_aligned(500, 0.2, 3);
  double const value = small(metric::ArraySource(s.codes.view(), s.factors.view()), seed(5)).value;
  auto const dead = test::with_constant(s.codes, 0.1);
  CHECK(small(metric::ArraySource(dead.view(), s.factors.view()), seed(5)).value == value);
  metric::Matrix<double> const constant(500, 3, 0.1);
  CHECK(test::in_range(small(metric::ArraySource(constant.view(), s.factors.view()), seed(5))));
}

TEST_CASE("BetaVae names what is wrong with a source or a setting") {
  using test::contains;
  using test::message_of;
  auto s = test::axis_aligned(50, 0.2, 3);
  metric::BetaVae bad = small;
  bad.num_eval = 0;
  CHECK_THROWS_AS((void)bad(metric::ArraySource(s.codes.view(), s.factors.view()), seed(0)), ValueError);
  bad = small;
  bad.batch_size = 0;
  CHECK(contains(message_of<ValueError>(
                     [&] { (void)bad(metric::ArraySource(s.codes.view(), s.factors.view()), seed(0)); }),
                 "batch_size is 0"));
  metric::FunctionSource const nan({{"a", 2}, {"b", 3}}, 2,
                                   [](MatrixView<int const>, MatrixView<double> codes) {
                                     for (std::size_t i = 0; i < codes.size(); ++i)
                                       codes.data[i] = std::nan("");
                                   });
  CHECK(contains(message_of<ValueError>([&] { (void)small(nan, seed(0)); }), "expected a finite number"));
  for (std::size_t i = 0; i < 50; ++i) s.factors(i, 1) = 3;
  CHECK(contains(message_of<ValueError>(
                     [&] { (void)small(metric::ArraySource(s.codes.view(), s.factors.view()), seed(0)); }),
                 "factor factor 1 has 1 values"));
}

TEST_CASE("BetaVae is the same for any number of threads") {
  auto const s = test::axis_aligned(500, 0.8, 3);
  metric::ArraySource const source(s.codes.view(), s.factors.view());
  metric::BetaVae metric{.batch_size = 4, .num_train = 9000, .num_eval = 100, .threads = 1};
  auto const one = metric(source, seed(2)).table("weights");
  metric.threads = 3;
  CHECK(metric(source, seed(2)).table("weights") == one);
}

TEST_CASE("BetaVae needs two factors, and training points of two") {
  auto const s = test::axis_aligned(50, 0.2, 3);
  auto const one = test::columns(s.factors, {0});
  CHECK(test::contains(test::message_of<ValueError>(
                           [&] { (void)small(metric::ArraySource(s.codes.view(), one.view()), seed(0)); }),
                       "factors is 1, expected at least 2"));
}
