// SPDX-License-Identifier: Apache-2.0
// The partition search of IP-IRM: gradients by central differences, identities of the soft loss, the exact
// factorial toy, and which factor a search splits (spec/ip_irm.md T2 to T5).
#include <algorithm>
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/contrast/partition_search.hpp>

#include <tests/support/coloured_features.hpp>

using namespace disentangle;
using namespace disentangle::test;
using contrast::SoftPartition;

namespace {

double cost(contrast::SoftRisk const& risk, double penalty) {
  return 0.5 * (risk.losses[0] + risk.losses[1] + penalty * (risk.penalties[0] + risk.penalties[1]));
}

/// Colour (2) x digit (4) x instance (3), one-hot blocks of energies 0.5, 0.3, 0.2.
std::vector<double> factorial() {
  std::vector<double> x(24 * 9);
  for (std::size_t c = 0; c < 2; ++c) {
    for (std::size_t digit = 0; digit < 4; ++digit) {
      for (std::size_t r = 0; r < 3; ++r) {
        double* const row = x.data() + ((c * 4 + digit) * 3 + r) * 9;
        row[c] = std::sqrt(0.5);
        row[2 + digit] = std::sqrt(0.3);
        row[6 + r] = std::sqrt(0.2);
      }
    }
  }
  return x;
}

}  // namespace

TEST_CASE("gradients of the soft loss and penalty (T2)") {
  auto const a = unit_rows(6, 5, 1), b = unit_rows(6, 5, 2);
  std::vector<double> w(12);
  for (std::size_t m = 0; m < 6; ++m) {
    w[2 * m] = 0.1 + 0.13 * static_cast<double>(m);
    w[2 * m + 1] = 1 - w[2 * m];
  }
  SoftPartition<double> soft(1);
  for (double const penalty : {0.0, 0.7}) {
    auto const at = [&] { return soft(view(a, 5), view(b, 5), view(w, 2), {0.5, 0.3, penalty}); };
    auto const exact = at().gradient;
    for (std::size_t i = 0; i < w.size(); ++i) {
      double const step = 1e-6, kept = w[i];
      w[i] = kept + step;
      double const above = cost(at(), penalty);
      w[i] = kept - step;
      double const below = cost(at(), penalty);
      w[i] = kept;
      CHECK(exact[i] == doctest::Approx((above - below) / (2 * step)).epsilon(1e-6));
    }
  }
}

TEST_CASE("the whole batch, colours and halves of the digits of the factorial toy (T3, T4)") {
  auto const x = factorial();
  SoftPartition<double> soft(2);
  auto const risk_of = [&](auto&& membership) {
    std::vector<double> w(48);
    for (std::size_t m = 0; m < 24; ++m) {
      w[2 * m] = membership(m / 12, m / 3 % 4);
      w[2 * m + 1] = 1 - w[2 * m];
    }
    return soft(view(x, 9), view(x, 9), view(w, 2), {0.5, 0.5, 0.5});
  };
  double const tiny = 1e-13;
  auto const whole = risk_of([](std::size_t, std::size_t) { return 0.37; });
  for (int k = 0; k < 2; ++k) {
    CHECK(whole.losses[k] == doctest::Approx(2.76922385).epsilon(1e-8));
    CHECK(whole.penalties[k] == doctest::Approx(3.53431007).epsilon(1e-8));
  }
  auto const colours = risk_of([&](std::size_t c, std::size_t) { return c == 0 ? 1 - tiny : tiny; });
  CHECK(colours.losses[0] == doctest::Approx(3.12332632).epsilon(1e-8));
  auto const halves = risk_of([&](std::size_t, std::size_t digit) { return digit < 2 ? 1 - tiny : tiny; });
  CHECK(halves.losses[1] == doctest::Approx(2.86534994).epsilon(1e-8));
  CHECK(halves.penalties[0] == doctest::Approx(3.61013776).epsilon(1e-8));
  // the loss of a subset does not change with the scale of its weights
  std::vector<double> w(48, 0.2);
  auto const scaled = soft(view(x, 9), view(x, 9), view(w, 2), {0.5, 0.5, 0.5});
  CHECK(scaled.losses[0] == doctest::Approx(whole.losses[0]).epsilon(1e-12));
}

TEST_CASE("a search splits what is most alike: colours where they dominate, whole digits where there are "
          "none (T5)") {
  contrast::PartitionSearch how{.penalty = 0, .batch = 256, .threads = 1};
  Coloured const bright(0.7, 1), grey(0, 1);
  auto const by_colour =
      contrast::find_partition(view(bright.first, 28), view(bright.second, 28), how, seed(1));
  CHECK(agreement(by_colour.subsets(), bright.colour) >= 0.99);
  CHECK(by_colour.risks.front() == doctest::Approx(-5.212).epsilon(0.005));
  CHECK(by_colour.risk == doctest::Approx(-5.677).epsilon(0.01));
  how.penalty = 0.5;
  auto const by_digit = contrast::find_partition(view(grey.first, 28), view(grey.second, 28), how, seed(1));
  auto const subsets = by_digit.subsets();
  double whole = 0;
  for (int digit = 0; digit < 10; ++digit) {
    double counts[2] = {};
    for (std::size_t i = 0; i < subsets.size(); ++i) counts[subsets[i]] += grey.digit[i] == digit;
    whole += std::max(counts[0], counts[1]);
  }
  CHECK(whole / 256 >= 0.95);
}

TEST_CASE("the lowest risk of several starts; the same bits for one and two threads, from float features") {
  Coloured const data(0.35, 3);
  std::vector<float> const a(data.first.begin(), data.first.end()), b(data.second.begin(), data.second.end());
  contrast::PartitionSearch how{.batch = 100, .epochs = 20, .restarts = 3, .threads = 1};
  auto const one = contrast::find_partition(view(a, 28), view(b, 28), how, seed(2));
  how.threads = 2;
  auto const two = contrast::find_partition(view(a, 28), view(b, 28), how, seed(2));
  CHECK(one.logits == two.logits);
  how.restarts = 1;
  CHECK(one.risk <= contrast::find_partition(view(a, 28), view(b, 28), how, seed(2)).risk);
}

TEST_CASE("what cannot be partitioned is refused") {
  auto const a = unit_rows(6, 5, 1), b = unit_rows(5, 6, 2), few = unit_rows(3, 5, 3);
  CHECK_THROWS_WITH_AS(contrast::find_partition(view(a, 5), view(b, 6), {}, seed(0)),
                       doctest::Contains("6 x 5 and 5 x 6"), ShapeError);
  CHECK_THROWS_WITH_AS(contrast::find_partition(view(few, 5), view(few, 5), {}, seed(0)),
                       doctest::Contains("found 3 samples, expected at least 4"), ValueError);
}
