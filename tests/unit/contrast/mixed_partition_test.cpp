// SPDX-License-Identifier: Apache-2.0
// The search for partitions on mixtures: gradients by central differences, equal memberships against the loss
// and penalty of training, the authors' code statement by statement, and a planted partition.
#include <cmath>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/contrast/mix_up_partition.hpp>
#include <disentangle/metric/matrix.hpp>

#include <tests/support/coloured_features.hpp>
#include <tests/support/reference/soft_contrast.hpp>

using namespace disentangle;
using namespace disentangle::test;
using contrast::MixtureLabels;
using contrast::SoftPartition;

namespace {

// one image is left alone, two are mixed with each other, three in a ring
contrast::ImageMixture const six_mixed{{0, 2, 1, 4, 5, 3}, {0.9f, 0.55f, 0.7f, 1.0f, 0.62f, 0.8f}};

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
  for (auto const& [labels, penalty] : {std::pair(MixtureLabels::both, 0.0),
                                        {MixtureLabels::both, 0.7},
                                        {MixtureLabels::own, 0.0},
                                        {MixtureLabels::own, 0.7}}) {
    SoftPartition<double> soft(1);
    auto const at = [&, labels = labels, penalty = penalty] {
      return soft(view(a, 5), view(b, 5), six_mixed, labels, view(w, 2), {0.5, 0.3, penalty});
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

TEST_CASE(
    "loss and penalty of mixtures are those of the authors' code, row by row, and do not change with the "
    "scale of the weights") {
  auto const a = unit_rows(6, 5, 3), b = unit_rows(6, 5, 4);
  auto w = memberships();
  for (auto const labels : {MixtureLabels::both, MixtureLabels::own}) {
    SoftPartition<double> soft(1);
    auto const found = soft(view(a, 5), view(b, 5), six_mixed, labels, view(w, 2), {0.5, 0.3, 0.5});
    for (std::size_t k = 0; k < 2; ++k) {
      reference::SoftContrast authors{std::vector<double>(36),
                                      {},
                                      six_mixed.partner,
                                      std::vector<double>(six_mixed.share.begin(), six_mixed.share.end()),
                                      labels == MixtureLabels::own};
      for (std::size_t i = 0; i < 6; ++i) authors.weights.push_back(w[2 * i + k]);
      auto const at = [&](double temperature) {
        for (std::size_t i = 0; i < 36; ++i) {
          authors.logits[i] = 0;
          for (std::size_t c = 0; c < 5; ++c) authors.logits[i] += a[i / 6 * 5 + c] * b[i % 6 * 5 + c];
          authors.logits[i] /= temperature;
        }
        return authors;
      };
      CHECK(found.losses[k] == doctest::Approx(at(0.5).loss()).epsilon(1e-12));
      CHECK(found.penalties[k] == doctest::Approx(at(0.3).penalty()).epsilon(1e-8));
    }
    for (double& value : w) value *= 0.01;
    auto const scaled = soft(view(a, 5), view(b, 5), six_mixed, labels, view(w, 2), {0.5, 0.3, 0.5});
    CHECK(scaled.losses[1] == doctest::Approx(found.losses[1]).epsilon(1e-12));
    CHECK(scaled.penalties[1] == doctest::Approx(found.penalties[1]).epsilon(1e-12));
  }
}

TEST_CASE("with equal memberships both subsets have the loss and the penalty of training on all") {
  auto const a = unit_rows(6, 5, 5), b = unit_rows(6, 5, 6);
  std::vector<double> const w(12, 0.5);
  auto const found = SoftPartition<double>(1)(view(a, 5), view(b, 5), six_mixed, MixtureLabels::both,
                                              view(w, 2), {0.2, 0.2, 0});
  using Double = backend::BasicCpu<double>;
  Tape<Double> tape{Double(1)};
  std::vector<double> targets(36), logits(36);
  for (std::size_t i = 0; i < 6; ++i) {
    double const share = static_cast<double>(six_mixed.share[i]);
    targets[7 * i] += share;
    targets[6 * i + static_cast<std::size_t>(six_mixed.partner[i])] += 1 - share;
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
  contrast::MixedPartitionSearch how{
      .learning_rate = 0.5, .batch = 64, .labels = MixtureLabels::own, .threads = 1};
  int passes = 0;
  auto const encode = [&](int pass, std::span<std::size_t const> members,
                          contrast::ImageMixture const& mixture) {
    CHECK(members.size() == 64);
    passes = std::max(passes, pass + 1);
    return std::pair(rows_of(data.first, 28, members, &mixture), rows_of(data.second, 28, members, nullptr));
  };
  auto const one = contrast::find_mixed_partition<double>(256, encode, how, seed(1));
  CHECK(agreement(one.subsets(), data.colour) >= 0.9);
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
  static_cast<void>(contrast::find_mixed_partition<double>(250, encode, how,
                                                           seed(1)));  // the last 58 of an epoch are left out
  CHECK(passes == 8);                                                  // each start augments anew
}

TEST_CASE("a partition by colour costs more than one by lot where a mixture names its own sample alone; "
          "where it names "
          "both, what costs is that the partner is in the other subset") {
  Coloured const data(0.7, 1);
  std::vector<std::size_t> members(256);
  std::vector<double> by_colour(512), by_lot(512);
  Philox const lots{7, 8, 9};
  auto const hard = [](int subset) { return subset == 0 ? 1 - 1e-6 : 1e-6; };
  for (std::size_t i = 0; i < 256; ++i) {
    members[i] = i;
    by_colour[2 * i] = hard(data.colour[i]);
    by_lot[2 * i] = hard(static_cast<int>(lots.integer(i, 2)));
    by_colour[2 * i + 1] = 1 - by_colour[2 * i];
    by_lot[2 * i + 1] = 1 - by_lot[2 * i];
  }
  auto const drawn = contrast::draw_mixture(Philox{3, 4, 5}, 256);
  auto const first = rows_of(data.first, 28, members, &drawn),
             second = rows_of(data.second, 28, members, nullptr);
  SoftPartition<double> soft(1);
  auto const loss = [&](MixtureLabels labels, std::vector<double> const& w) {
    auto const risk = soft(first.view(), second.view(), drawn, labels, view(w, 2), {0.2, 0.2, 0});
    return 0.5 * (risk.losses[0] + risk.losses[1]);
  };
  std::vector<double> const even(512, 0.5);
  CHECK(loss(MixtureLabels::own, by_colour) > loss(MixtureLabels::own, by_lot) + 0.1);
  CHECK(loss(MixtureLabels::own, by_colour) > loss(MixtureLabels::own, even) + 0.1);
  CHECK(loss(MixtureLabels::both, by_lot) > loss(MixtureLabels::both, even) + 1);
}

TEST_CASE("what cannot be partitioned on mixtures is refused") {
  auto const a = unit_rows(6, 5, 1);
  std::vector<double> const w(12, 0.5);
  contrast::ImageMixture const few{{0, 1, 2, 3, 4}, std::vector<float>(5, 0.8f)};
  CHECK_THROWS_WITH_AS(
      SoftPartition<double>(1)(view(a, 5), view(a, 5), few, MixtureLabels::both, view(w, 2), {}),
      doctest::Contains("and partners for 5"), ShapeError);
  auto const encode = [&](int, std::span<std::size_t const> members, contrast::ImageMixture const&) {
    return std::pair(rows_of(a, 5, members, nullptr), rows_of(a, 5, members, nullptr));
  };
  CHECK_THROWS_WITH_AS(contrast::find_mixed_partition<double>(3, encode, {}, seed(0)),
                       doctest::Contains("find_mixed_partition: found 3 samples"), ValueError);
  CHECK_THROWS_WITH_AS(contrast::find_mixed_partition<double>(6, encode, {.epochs = 0}, seed(0)),
                       doctest::Contains("epochs 0"), ValueError);
}
