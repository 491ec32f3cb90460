// SPDX-License-Identifier: Apache-2.0
// Missing labels in metrics of information: a factor is scored on the rows that have it, or the metric says
// why it needs all.
#include <cmath>
#include <limits>

#include <disentangle/metric/aam.hpp>
#include <disentangle/metric/array_source.hpp>
#include <disentangle/metric/bootstrap.hpp>
#include <disentangle/metric/dcimig.hpp>
#include <disentangle/metric/dependent_gap.hpp>
#include <disentangle/metric/infomec.hpp>
#include <disentangle/metric/irs.hpp>
#include <disentangle/metric/jemmig.hpp>
#include <disentangle/metric/med.hpp>
#include <disentangle/metric/mig.hpp>
#include <disentangle/metric/mig_sup.hpp>
#include <disentangle/metric/modularity.hpp>
#include <disentangle/metric/rmig.hpp>

#include "tests/support/missing_labels.hpp"

using namespace disentangle;
using test::contains;
using test::message_of;
using Scores = test::PartlyLabelledScores;

TEST_CASE("a mean over factors is the mean of every factor alone") {
  auto const check = [](auto const& metric, std::string const& table) {
    Scores const s(metric);
    CAPTURE(s.all.metric);
    CHECK(s.all.value == doctest::Approx(s.mean_alone()).epsilon(1e-14));
    CHECK(s.all.parts[0].second == s.all.value);
    CHECK(s.alike(table));
    CHECK(s.alike("mutual_information"));
    CHECK(s.alike("factor_entropy"));
    CHECK(s.alike("plug_in_bias"));
    CHECK(s.all.table("rows_per_factor").values == std::vector<double>{240, 192, 160});
    CHECK(s.all.settings[0] == std::pair<std::string, double>("rows", 240));
  };
  check(metric::Mig{}, "mig_per_factor");
  check(metric::Mig{.definition = metric::definition::ubisoft}, "mig_per_factor");
  check(metric::Aam{}, "aam_per_factor");
  check(metric::Jemmig{}, "jemmig_per_factor");
}

TEST_CASE("scores across factors are made of every factor's own column") {
  auto const information = [](Scores const& s) {
    CHECK(s.alike("mutual_information"));
    CHECK(s.all.table("rows_per_factor").values == std::vector<double>{240, 192, 160});
    return s.all.table("mutual_information");
  };
  Scores const med(metric::Med{}), modularity(metric::Modularity{}), sup(metric::MigSup{}),
      dcimig(metric::DciMig{});
  auto const shares = med.all.table("importance");
  CHECK(med.alike("importance"));
  CHECK(med.all.value == metric::disentanglement(shares.view()).value);
  CHECK(med.all.part("completeness") == metric::completeness(shares.view()).value);
  CHECK(med.all.table("med_per_latent").rows == 4);

  auto const i = information(modularity);
  double expected = 0;
  for (std::size_t l = 0; l < 4; ++l) {
    double best = 0, all = 0;
    for (double const v : i.row(l)) best = std::max(best, v * v), all += v * v;
    expected += (1 - (all - best) / best / 2) / 4;
  }
  CHECK(modularity.all.value == doctest::Approx(expected).epsilon(1e-13));

  auto const entropy = sup.all.table("factor_entropy");
  expected = 0;
  for (std::size_t l = 0; l < 4; ++l) {
    std::vector<double> share;
    for (std::size_t k = 0; k < 3; ++k) share.push_back(information(sup)(l, k) / entropy(k, 0));
    std::sort(share.begin(), share.end());
    expected += (share[2] - share[1]) / 4;
  }
  CHECK(sup.all.value == doctest::Approx(expected).epsilon(1e-13));
  CHECK(dcimig.all.value > 0.3);
  CHECK(dcimig.all.value < 1);
  CHECK(dcimig.alike("mutual_information"));
}

TEST_CASE("with all labels there, nothing changes: the score of arrays without -1 is of rows as they are") {
  auto const data = test::axis_aligned(200, 0.3, 4);
  auto const s = metric::Mig{}(data.codes, data.factors);
  for (auto const& table : s.tables) CHECK(table.name != "rows_per_factor");
  CHECK(s.choices.back().first != "missing labels");
}

TEST_CASE("NaN is a missing value among real factors") {
  auto const data = test::partly_labelled(240, 3);
  metric::Matrix<double> real(240, 3);
  for (std::size_t i = 0; i < real.values.size(); ++i)
    real.values[i] =
        data.factors.values[i] < 0 ? std::numeric_limits<double>::quiet_NaN() : data.factors.values[i] / 4.0;
  metric::Mig const mig{.definition = metric::definition::dcf};
  auto const s = mig(data.codes, real);
  CHECK(s.value == doctest::Approx(mig(data.codes, data.factors).value).epsilon(1e-12));
  CHECK(s.table("rows_per_factor").values == std::vector<double>{240, 192, 160});
  CHECK(
      contains(message_of<ValueError>([&] { (void)metric::Irs{}(data.codes, real); }), "NaN means missing"));
}

TEST_CASE("a bootstrap takes missing labels where the metric does") {
  auto const data = test::partly_labelled(240, 3);
  auto const s = metric::bootstrap(metric::Mig{}, data.codes, data.factors, {.repeats = 10});
  CHECK(s.part("bootstrap_low") < s.part("bootstrap_high"));
}

TEST_CASE("errors name the factor, or why all labels are needed") {
  auto data = test::partly_labelled(240, 3);
  auto const why = [&](auto const& metric) {
    return message_of<ValueError>([&] { (void)metric(data.codes, data.factors); });
  };
  CHECK(contains(why(metric::Irs{}), "irs: label -1 in row 1, factor 2"));
  CHECK(contains(why(metric::Irs{}), "largest deviation"));
  CHECK(contains(why(metric::DependentMig{}), "rows that have both"));
  CHECK(contains(why(metric::InfoMec{}), "which latents are active"));
  CHECK(contains(message_of<ValueError>([&] { metric::ArraySource(data.codes.view(), data.factors.view()); }),
                 "drawn by the labels of all"));
  CHECK(contains(message_of<ValueError>([&] {
                   (void)metric::Rmig{}(data.codes, metric::Matrix<double>(240, 4, 0.1), data.factors);
                 }),
                 "densities of codes"));
  for (std::size_t i = 0; i < 240; ++i) {
    if (data.factors(i, 1) >= 0) data.factors(i, 1) = 6;
  }
  CHECK(contains(why(metric::Mig{}), "in the rows that have factor 1, alone: mig: "));
  for (std::size_t i = 1; i < 240; ++i) data.factors(i, 1) = -1;
  CHECK(contains(message_of<ShapeError>([&] { (void)metric::Mig{}(data.codes, data.factors); }),
                 "factor 1 has a label in 1 of 240 rows, expected at least 2"));
}
