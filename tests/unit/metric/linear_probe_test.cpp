// SPDX-License-Identifier: Apache-2.0
// The linear probe: its classifier against a problem with a closed form and against Adam by hand, its
// accuracies where theory knows them, its laws and its errors.
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/core/error.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/metric/linear_probe.hpp>

#include "tests/support/metric_laws.hpp"
#include "tests/support/split_metric_errors.hpp"

using namespace disentangle;

TEST_CASE("two classes and one yes-or-no feature: the classifier finds the frequencies, its closed form") {
  // Of x = 0, 3 of 10 are of class 1; of x = 1, 8 of 10.
  std::vector<float> x;
  std::vector<int> label;
  for (int i = 0; i < 20; ++i) {
    x.push_back(i < 10 ? 0.0f : 1.0f);
    label.push_back(i < 10 ? i < 3 : i < 18);
  }
  ThreadPool pool(1);
  metric::detail::LinearSoftmax classifier(1, 2, Philox{3, 1, 0});
  std::vector<float> scores(40);
  for (int step = 0; step < 3000; ++step) {
    classifier.scores(pool, x.data(), 20, scores.data());
    classifier.backward(pool, x.data(), 20, scores.data(), label);
    classifier.update(0.02, 0);
  }
  classifier.scores(pool, x.data(), 20, scores.data());
  CHECK(scores[1] - scores[0] == doctest::Approx(std::log(3. / 7)).epsilon(1e-3));
  CHECK(scores[39] - scores[38] == doctest::Approx(std::log(8. / 2)).epsilon(1e-3));
}

TEST_CASE("a step is Adam's on the gradient of the mean cross entropy and the decay") {
  std::size_t const d = 5, classes = 3, rows = 7;
  Philox const start{1, 2, 0}, numbers{4, 5, 0};
  std::vector<float> x(rows * d);
  std::vector<int> label(rows);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = numbers.normal(i);
  for (std::size_t i = 0; i < rows; ++i) label[i] = static_cast<int>(i % classes);
  // The same in double, one parameter at a time: W (d, classes), then b.
  std::vector<double> w(d * classes + classes), m(w.size()), v(w.size());
  for (std::size_t i = 0; i < w.size(); ++i)
    w[i] = (2 * static_cast<double>(start.uniform(i)) - 1) / std::sqrt(5.0);
  auto const score = [&](std::size_t i, std::size_t c) {
    double s = w[d * classes + c];
    for (std::size_t j = 0; j < d; ++j) s += static_cast<double>(x[i * d + j]) * w[j * classes + c];
    return s;
  };
  double const rate = 0.05, decay = 0.1;
  ThreadPool pool(2);
  metric::detail::LinearSoftmax classifier(d, classes, start);
  std::vector<float> scores(rows * classes);
  for (int step = 1; step <= 4; ++step) {
    classifier.scores(pool, x.data(), rows, scores.data());
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t c = 0; c < classes; ++c)
        CHECK(static_cast<double>(scores[i * classes + c]) == doctest::Approx(score(i, c)).epsilon(1e-4));
    classifier.backward(pool, x.data(), rows, scores.data(), label);
    classifier.update(rate, decay);
    std::vector<double> g(w.size());
    for (std::size_t i = 0; i < rows; ++i) {
      double sum = 0;
      for (std::size_t c = 0; c < classes; ++c) sum += std::exp(score(i, c));
      for (std::size_t c = 0; c < classes; ++c) {
        double const error =
            (std::exp(score(i, c)) / sum - (label[i] == static_cast<int>(c))) / static_cast<double>(rows);
        for (std::size_t j = 0; j < d; ++j) g[j * classes + c] += error * static_cast<double>(x[i * d + j]);
        g[d * classes + c] += error;
      }
    }
    for (std::size_t i = 0; i < w.size(); ++i) {
      g[i] += decay * w[i];
      m[i] = 0.9 * m[i] + 0.1 * g[i];
      v[i] = 0.999 * v[i] + 0.001 * g[i] * g[i];
      w[i] -=
          rate * (m[i] / (1 - std::pow(0.9, step))) / (std::sqrt(v[i] / (1 - std::pow(0.999, step))) + 1e-8);
    }
  }
}

TEST_CASE("the probe reads what is linear, reports the last epoch, and is the same bits by seed") {
  auto const s = test::axis_aligned(600, 0.05, 3);
  metric::LinearProbe const probe{.epochs = 60, .batch = 32, .rate = 0.05};
  metric::Score const score = probe(s.codes, s.factors);
  CHECK(test::in_range(score));
  CHECK(score.value > 0.85);
  CHECK(score.part("top_5") == 1);
  CHECK(score.part("best_epoch_top_1") >= score.value);
  auto const& epochs = score.table("epoch_top_1");
  CHECK(epochs.rows == 60);
  double last = 0;
  for (std::size_t k = 0; k < 3; ++k) last += epochs(59, k) / 3;
  CHECK(score.value == doctest::Approx(last));
  CHECK(epochs(0, 0) < epochs(59, 0) + 1e-12);
  auto const bits = [&](metric::LinearProbe m) { return m(s.codes, s.factors).table("epoch_top_1").values; };
  metric::LinearProbe const few{.epochs = 3, .batch = 50, .rate = 0.02};
  metric::LinearProbe three = few, other = few;
  three.threads = 3;
  other.seed = 1;
  CHECK(bits(few) == bits(three));
  CHECK(bits(few) != bits(other));
  auto const nothing = test::unrelated(900, 5);
  CHECK(std::abs(metric::LinearProbe{.epochs = 5}(nothing.codes, nothing.factors).value -
                 (1. / 3 + 1. / 4 + 1. / 5) / 3) < 0.09);
}

TEST_CASE("standardised columns do not see scales, and one label a row is the same in float and double") {
  auto s = test::axis_aligned(300, 0.1, 4);
  std::vector<int> train_label(200), test_label(100);
  for (std::size_t i = 0; i < 300; ++i) (i < 200 ? train_label[i] : test_label[i - 200]) = s.factors(i, 1);
  metric::LinearProbe const probe{.epochs = 8, .batch = 20, .rate = 0.02, .standardise = true};
  auto const value = [&](auto const& codes) {
    using View = MatrixView<std::remove_cvref_t<decltype(codes(0, 0))> const>;
    View const all = codes.view();
    return probe(View(all.data, 200, all.columns), train_label,
                 View(all.data + 200 * all.columns, 100, all.columns), test_label)
        .value;
  };
  double const expected = value(s.codes);
  CHECK(expected > 0.5);
  CHECK(value(test::times(s.codes, 1024)) == expected);
  CHECK(value(metric::detail::copy_of<float>(s.codes)) == doctest::Approx(expected).epsilon(0.03));
  CHECK(value(test::with_constant(s.codes, 0.1)) > 0.5);
  test_label.assign(100, 9);  // no training row has it
  CHECK(value(s.codes) == 0);
}

TEST_CASE("LinearProbe names what is wrong with its arrays, splits and settings") {
  test::check_errors_of_arrays(metric::LinearProbe{.epochs = 1});
  test::check_splits(metric::LinearProbe{.epochs = 3, .batch = 5, .rate = 0.05});
  auto s = test::axis_aligned(60, 0.1, 4);
  auto const message = [&](metric::LinearProbe const& m) {
    return test::message_of<ValueError>([&] { (void)m(s.codes, s.factors); });
  };
  CHECK(test::contains(message({.epochs = 0}), "linear_probe: epochs is 0, expected at least 1"));
  CHECK(test::contains(message({.batch = 0}), "batch is 0"));
  CHECK(test::contains(message({.rate = 0}), "rate is 0, expected above 0"));
  CHECK(test::contains(message({.weight_decay = -1}), "weight_decay is -1"));
  s.codes(3, 1) = 1e300;
  CHECK(test::contains(message({}), "row 3, latent 1, expected a finite number in float"));
  s.codes(3, 1) = 1e30;
  s.codes(4, 1) = -1e30;
  CHECK(test::contains(test::message_of<NumericalError>([&] {
                         (void)metric::LinearProbe{.epochs = 50, .rate = 1e30}(s.codes, s.factors);
                       }),
                       "scores are not finite after epoch"));
}
