// SPDX-License-Identifier: Apache-2.0
// The search for partitions on mixtures: gradients by central differences, equal memberships against the loss
// and penalty of training, the formula as it reads, and a planted partition.
#include <cmath>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/contrast/mix_up_partition.hpp>
#include <disentangle/metric/matrix.hpp>

#include <tests/support/coloured_features.hpp>

using namespace disentangle;
using namespace disentangle::test;
using contrast::SoftMixedPartition;

namespace {

// one image is left alone, two are mixed with each other, three in a ring
std::vector<int> const partner{0, 2, 1, 4, 5, 3};

std::vector<double> memberships() {
  std::vector<double> w(12);
  for (std::size_t m = 0; m < 6; ++m) {
    w[2 * m] = 0.1 + 0.13 * static_cast<double>(m);
    w[2 * m + 1] = 1 - w[2 * m];
  }
  return w;
}

/// Rows of length 1 of some samples: x_i, or l_i x_i + (1 - l_i) x_p(i).
metric::Matrix<double> rows_of(std::vector<double> const& x, std::size_t d,
                               std::span<std::size_t const> members, contrast::ImageMixture const* mixture) {
  metric::Matrix<double> rows(members.size(), d);
  for (std::size_t i = 0; i < members.size(); ++i) {
    double length = 0;
    for (std::size_t j = 0; j < d; ++j) {
      double value = x[members[i] * d + j];
      if (mixture != nullptr) {
        double const share = static_cast<double>(mixture->share[i]);
        std::size_t const other = members[static_cast<std::size_t>(mixture->partner[i])];
        value = share * value + (1 - share) * x[other * d + j];
      }
      rows(i, j) = value;
      length += value * value;
    }
    for (double& value : rows.row(i)) value /= std::sqrt(length);
  }
  return rows;
}

}  // namespace

TEST_CASE("gradients of the soft loss and penalty of mixtures, by central differences") {
  auto const a = unit_rows(6, 5, 1), b = unit_rows(6, 5, 2);
  auto w = memberships();
  for (auto const& [weigh, penalty] : {std::pair(false, 0.0), {false, 0.7}, {true, 0.0}, {true, 0.7}}) {
    SoftMixedPartition<double> soft(weigh, 1);
    auto const at = [&, penalty = penalty] {
      return soft(view(a, 5), view(b, 5), partner, 0.7, view(w, 2), 0.5, 0.3, penalty);
    };
    auto const cost = [&, penalty = penalty] {
      auto const risk = at();
      return 0.5 * (risk.losses[0] + risk.losses[1] + penalty * (risk.penalties[0] + risk.penalties[1]));
    };
    auto const exact = at().gradient;
    for (std::size_t i = 0; i < w.size(); ++i) {
      double const step = 1e-6, kept = w[i];
      w[i] = kept + step;
      double const above = cost();
      w[i] = kept - step;
      double const below = cost();
      w[i] = kept;
      CHECK(exact[i] == doctest::Approx((above - below) / (2 * step)).epsilon(1e-6));
    }
  }
}

TEST_CASE("loss and penalty of mixtures are what the formulas read, and do not change with the scale of the "
          "weights") {
  auto const a = unit_rows(6, 5, 3), b = unit_rows(6, 5, 4);
  auto w = memberships();
  double const share = 0.7;
  for (bool const weigh : {false, true}) {
    SoftMixedPartition<double> soft(weigh, 1);
    auto const found = soft(view(a, 5), view(b, 5), partner, share, view(w, 2), 0.5, 0.3, 0.5);
    double sum[2] = {};
    for (std::size_t i = 0; i < 12; ++i) sum[i % 2] += w[i];
    for (std::size_t k = 0; k < 2; ++k) {
      double loss = 0;
      std::vector<double> slope(6);  // of the loss at the penalty's temperature, by the scale of each column
      for (std::size_t i = 0; i < 6; ++i) {
        for (bool const own : {true, false}) {
          std::size_t const t = own ? i : static_cast<std::size_t>(partner[i]);
          double const part = (own ? share : 1 - share) * (weigh ? w[2 * i + k] / sum[k] : 1.0 / 6);
          double others = 0, all = 0, penalty_all = 0;
          std::vector<double> x(6), u(6);
          for (std::size_t j = 0; j < 6; ++j) {
            for (std::size_t c = 0; c < 5; ++c) x[j] += a[i * 5 + c] * b[j * 5 + c];
            if (j != t) others += w[2 * j + k];
          }
          for (std::size_t j = 0; j < 6; ++j) {
            u[j] = j == t ? 1 : 5 * w[2 * j + k] / others;
            all += u[j] * std::exp(x[j] / 0.5);
            penalty_all += u[j] * std::exp(x[j] / 0.3);
          }
          loss += part * (std::log(all) - x[t] / 0.5);
          for (std::size_t j = 0; j < 6; ++j)
            slope[j] += part * (u[j] * std::exp(x[j] / 0.3) / penalty_all - (j == t)) * x[j] / 0.3;
        }
      }
      double penalty = 0;
      for (double const g : slope) penalty += g * g;
      CHECK(found.losses[k] == doctest::Approx(loss).epsilon(1e-12));
      CHECK(found.penalties[k] == doctest::Approx(penalty).epsilon(1e-12));
    }
    for (double& value : w) value *= 0.01;
    auto const scaled = soft(view(a, 5), view(b, 5), partner, share, view(w, 2), 0.5, 0.3, 0.5);
    CHECK(scaled.losses[1] == doctest::Approx(found.losses[1]).epsilon(1e-12));
    CHECK(scaled.penalties[1] == doctest::Approx(found.penalties[1]).epsilon(1e-12));
  }
}

TEST_CASE("with equal memberships both subsets have the loss and the penalty of training on all") {
  auto const a = unit_rows(6, 5, 5), b = unit_rows(6, 5, 6);
  std::vector<double> const w(12, 0.5);
  double const share = 0.8;
  auto const found =
      SoftMixedPartition<double>(true, 1)(view(a, 5), view(b, 5), partner, share, view(w, 2), 0.2, 0.2, 0);
  using Double = backend::BasicCpu<double>;
  Tape<Double> tape{Double(1)};
  std::vector<double> targets(36), logits(36);
  for (std::size_t i = 0; i < 6; ++i) {
    targets[7 * i] += share;
    targets[6 * i + static_cast<std::size_t>(partner[i])] += 1 - share;
    for (std::size_t j = 0; j < 6; ++j) {
      for (std::size_t c = 0; c < 5; ++c) logits[6 * i + j] += a[i * 5 + c] * b[j * 5 + c] / 0.2;
    }
  }
  auto const z = tape.constant(Extents<2>{6, 6}, logits.data()),
             y = tape.constant(Extents<2>{6, 6}, targets.data());
  for (std::size_t k = 0; k < 2; ++k) {
    CHECK(found.losses[k] ==
          doctest::Approx(*materialise(contrast::detail::mixed_loss(z, y)).value).epsilon(1e-12));
    CHECK(found.penalties[k] ==
          doctest::Approx(*contrast::detail::mixed_penalty(z, y, contrast::Dummy::vector).value)
              .epsilon(1e-12));
  }
}

TEST_CASE("a search on mixtures finds a planted partition, the same bits for one and two threads") {
  Coloured const data(0.7, 1);
  // 4 steps in an epoch of this data set, 24 in one of the authors': so a larger learning rate
  contrast::MixedPartitionSearch how{.learning_rate = 0.5, .batch = 64, .weigh_anchors = true, .threads = 1};
  int passes = 0;
  auto const encode = [&](int pass, std::span<std::size_t const> members,
                          contrast::ImageMixture const& mixture) {
    CHECK(members.size() == 64);
    passes = std::max(passes, pass + 1);
    return std::pair(rows_of(data.first, 28, members, &mixture), rows_of(data.second, 28, members, nullptr));
  };
  auto const one = contrast::find_mixed_partition<double>(256, encode, how, seed(1));
  CHECK(agreement(one.subsets(), data.colour) >= 0.95);
  CHECK(one.risks.back() < one.risks.front());
  CHECK(one.risks.size() == static_cast<std::size_t>(passes));
  CHECK(passes <= 31);
  CHECK(passes >= 27);
  how.threads = 2;
  CHECK(contrast::find_mixed_partition<double>(256, encode, how, seed(1)).logits == one.logits);
  how.threads = 1;
  how.epochs = 4;
  how.restarts = 2;
  passes = 0;
  contrast::find_mixed_partition<double>(250, encode, how, seed(1));  // the last 58 of an epoch are left out
  CHECK(passes == 8);                                                 // each start augments anew
}

TEST_CASE("without weights of anchors a partition by colour costs less than none: it is not what the search "
          "climbs to") {
  Coloured const data(0.7, 1);
  std::vector<std::size_t> members(256);
  std::vector<double> by_colour(512), even(512, 0.5);
  for (std::size_t i = 0; i < 256; ++i) {
    members[i] = i;
    by_colour[2 * i] = data.colour[i] == 0 ? 1 - 1e-12 : 1e-12;
    by_colour[2 * i + 1] = 1 - by_colour[2 * i];
  }
  auto const mixture = contrast::draw_mixture(Philox{3, 4, 5}, 256);
  auto const first = rows_of(data.first, 28, members, &mixture),
             second = rows_of(data.second, 28, members, nullptr);
  for (bool const weigh : {false, true}) {
    SoftMixedPartition<double> soft(weigh, 1);
    auto const loss = [&](std::vector<double> const& w) {
      auto const risk =
          soft(first.view(), second.view(), mixture.partner, mixture.mean_share, view(w, 2), 0.2, 0.2, 0);
      return 0.5 * (risk.losses[0] + risk.losses[1]);
    };
    CHECK((loss(by_colour) > loss(even)) == weigh);
  }
}

TEST_CASE("what cannot be partitioned on mixtures is refused") {
  auto const a = unit_rows(6, 5, 1);
  std::vector<double> const w(12, 0.5);
  CHECK_THROWS_WITH_AS(SoftMixedPartition<double>(false, 1)(view(a, 5), view(a, 5),
                                                            std::span(partner).first(5), 0.7, view(w, 2), 0.5,
                                                            0.5, 0.5),
                       doctest::Contains("with 5 partners"), ShapeError);
  auto const encode = [&](int, std::span<std::size_t const> members, contrast::ImageMixture const&) {
    return std::pair(rows_of(a, 5, members, nullptr), rows_of(a, 5, members, nullptr));
  };
  CHECK_THROWS_WITH_AS(contrast::find_mixed_partition<double>(3, encode, {}, seed(0)),
                       doctest::Contains("find_mixed_partition: found 3 samples"), ValueError);
  CHECK_THROWS_WITH_AS(contrast::find_mixed_partition<double>(6, encode, {.epochs = 0}, seed(0)),
                       doctest::Contains("epochs 0"), ValueError);
}
