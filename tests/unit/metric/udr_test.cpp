// SPDX-License-Identifier: Apache-2.0
// Unsupervised disentanglement ranking: runs that agree up to order and sign win over one that mixes.
#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/udr.hpp>

#include "tests/support/metric_laws.hpp"

using namespace disentangle;

namespace {

metric::UdrRun mixed(metric::Matrix<double> const& z, double angle) {
  metric::UdrRun run{z, {}};
  for (std::size_t i = 0; i < z.rows; ++i)
    for (std::size_t l = 0; l + 1 < z.columns; l += 2) {
      run.codes(i, l) = std::cos(angle) * z(i, l) - std::sin(angle) * z(i, l + 1);
      run.codes(i, l + 1) = std::sin(angle) * z(i, l) + std::cos(angle) * z(i, l + 1);
    }
  return run;
}

}  // namespace

TEST_CASE("UDR ranks a run that mixes latents below runs that agree, with either relation") {
  auto const z = test::unrelated(800, 3).codes;
  std::vector<metric::UdrRun> runs{{z, {}},
                                   {test::times(test::columns(z, {2, 0, 3, 1}), -2), {}},
                                   mixed(z, 0.7),
                                   {test::columns(z, {1, 0, 3, 2}), {}}};
  for (bool const spearman : {false, true}) {
    CAPTURE(spearman);
    metric::Score const s = metric::Udr{.spearman = spearman}(runs);
    auto const& each = s.table("udr_per_run");
    CHECK(test::in_range(s));
    CHECK(each(2, 0) < 0.7);
    for (std::size_t good : {0, 1, 3}) CHECK(each(good, 0) > 0.85);
    CHECK(s.part("best_run") != 2);
    CHECK(s.value == each(static_cast<std::size_t>(s.part("best_run")), 0));
  }
}

TEST_CASE("latents that are not used are left out") {
  auto const z = test::unrelated(800, 3).codes;
  auto noisy = test::with_constant(z, 0.0);
  Philox const random{11, 1, 0};
  for (std::size_t i = 0; i < 800; ++i) noisy(i, 4) = static_cast<double>(random.normal(i));
  std::vector<metric::UdrRun> const all{{noisy, {}}, {z, {}}};
  std::vector<metric::UdrRun> const used{{noisy, {1, 1, 1, 1, 0.001}}, {z, {1, 1, 1, 1}}};
  CHECK(metric::Udr{}(all).value < metric::Udr{}(used).value - 0.05);
  std::vector<metric::UdrRun> const none{{z, {0, 0, 0, 0}}, {z, {}}};
  CHECK(metric::Udr{}(none).table("udr_per_run")(0, 0) == 0);
  metric::Matrix<double> const zero(5, 2), one(5, 2, 1.0);
  CHECK(metric::mean_kl(zero, one) == std::vector<double>{0, 0});
  CHECK(metric::mean_kl(one, one)[1] == doctest::Approx(0.5));
}

TEST_CASE("UDR names what is wrong with its runs") {
  auto const z = test::unrelated(50, 3).codes;
  using test::contains;
  using test::message_of;
  std::vector<metric::UdrRun> runs{{z, {}}};
  CHECK(contains(message_of<ShapeError>([&] { (void)metric::Udr{}(runs); }), "found 1 runs"));
  runs.push_back({test::unrelated(49, 3).codes, {}});
  CHECK(contains(message_of<ShapeError>([&] { (void)metric::Udr{}(runs); }),
                 "codes of 49 images, expected the 50"));
  runs[1] = {z, {1, 2}};
  CHECK(contains(message_of<ShapeError>([&] { (void)metric::Udr{}(runs); }), "2 divergences for 4 latents"));
}
