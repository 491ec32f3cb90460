// SPDX-License-Identifier: Apache-2.0
// The metrics made of a histogram's mutual informations: what they can and cannot see, their laws and their
// errors.
#include <string>

#include <doctest/doctest.h>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/aam.hpp>
#include <disentangle/metric/dcimig.hpp>
#include <disentangle/metric/jemmig.hpp>
#include <disentangle/metric/med.hpp>
#include <disentangle/metric/mig.hpp>
#include <disentangle/metric/mig_sup.hpp>
#include <disentangle/metric/modularity.hpp>

#include "tests/support/metric_laws.hpp"

using namespace disentangle;
namespace definition = metric::definition;

TEST_CASE("the axis alignment metric, and what the others make of it") {
  auto const perfect = test::axis_aligned(3000, 0, 1);
  CHECK(metric::Aam{}(perfect.codes, perfect.factors).value > 0.95);
  // Half of what is known of factor 0 is in a copy: nothing is left of the lead.
  auto const copied = test::columns(perfect.codes, {0, 1, 2, 0});
  metric::Score const s = metric::Aam{}(copied, perfect.factors);
  CHECK(s.table("aam_per_factor")(0, 0) == 0);
  CHECK(s.table("aam_per_factor")(1, 0) > 0.95);
  // Modularity and MIG-sup do not mind copies; MIG and the axis alignment do.
  CHECK(metric::Modularity{}(copied, perfect.factors).value > 0.99);
  CHECK(metric::MigSup{}(copied, perfect.factors).value > 0.95);
  CHECK(metric::Mig{}(copied, perfect.factors).value < 0.7);
  // A latent of two factors: the other way round.
  auto both = perfect;
  for (std::size_t i = 0; i < both.codes.rows; ++i)
    both.codes(i, 1) = both.factors(i, 0) * 4 + both.factors(i, 1);
  auto const two = test::columns(both.codes, {1, 2});
  CHECK(metric::Mig{}(two, perfect.factors).value > 0.98);
  CHECK(metric::MigSup{}(two, perfect.factors).value < 0.6);
  CHECK(metric::DciMig{}(two, perfect.factors).value < 0.7);
  CHECK(metric::Modularity{}(two, perfect.factors).value < 0.85);
}

TEST_CASE_TEMPLATE("laws: ignorant codes, order and sign of latents, dead latents, plug-in bias", Metric,
                   metric::Mig, metric::MigSup, metric::DciMig, metric::Aam, metric::Modularity,
                   metric::Jemmig, metric::Med) {
  auto const s = test::axis_aligned(2000, 0.3, 3);
  metric::Score const score = Metric{}(s.codes, s.factors);
  CHECK(test::in_range(score));
  CHECK(score.metric == Metric::name);
  CHECK(score.value > 0.4);
  CHECK(Metric{}(test::columns(s.codes, {2, 0, 3, 1}), s.factors).value ==
        doctest::Approx(score.value).epsilon(1e-12));
  CHECK(Metric{}(test::times(s.codes, -8), s.factors).value == doctest::Approx(score.value).epsilon(0.02));
  metric::Score const dead = Metric{}(test::with_constant(s.codes, 0.1), s.factors);
  CHECK(test::in_range(dead));
  CHECK(dead.table("mutual_information")(4, 0) == 0);
  bool const spare_costs =
      std::string(Metric::name) == "mig_sup" || std::string(Metric::name) == "modularity";
  if (spare_costs) CHECK(dead.value == doctest::Approx(score.value * 4 / 5).epsilon(1e-12));
  if (!spare_costs && std::string(Metric::name) != "med")
    CHECK(dead.value == doctest::Approx(score.value).epsilon(1e-12));
  auto const nothing = test::unrelated(2000, 2);
  metric::Score const low = Metric{}(nothing.codes, nothing.factors);
  CHECK(test::in_range(low));
  if (std::string(Metric::name) != "modularity")
    CHECK(low.value < (std::string(Metric::name) == "aam" ? 0.25 : 0.2));
  // What is found where nothing is to be found is the bias.
  double found = 0;
  double bias = 0;
  for (double v : low.table("mutual_information").values) found += v;
  for (double v : low.table("plug_in_bias").values) bias += v;
  CHECK(found == doctest::Approx(bias).epsilon(0.35));
}

TEST_CASE_TEMPLATE("errors have names", Metric, metric::Mig, metric::MigSup, metric::Modularity,
                   metric::Med) {
  auto s = test::axis_aligned(60, 0.1, 5);
  using test::contains;
  using test::message_of;
  Metric metric;
  metric.bins = 0;
  CHECK(contains(message_of<ValueError>([&] { (void)metric(s.codes, s.factors); }), "0 bins"));
  metric.bins.reset();
  metric.definition = definition::rf_vae;
  CHECK(contains(message_of<ValueError>([&] { (void)metric(s.codes, s.factors); }),
                 "found definition 'rf_vae'"));
  metric::Matrix<double> real(60, 3);
  for (std::size_t i = 0; i < 180; ++i) real.values[i] = 0.5 + s.factors.values[i];
  CHECK(contains(message_of<ValueError>([&] { (void)Metric{}(s.codes, real); }),
                 "expected whole numbers from 0"));
  for (std::size_t i = 0; i < 60; ++i) s.factors(i, 2) = 4;
  CHECK(contains(message_of<ValueError>([&] { (void)Metric{}(s.codes, s.factors); }),
                 "factor 2 takes only the value 4"));
}

TEST_CASE("what only some definitions accept: real factors, latents without information") {
  auto const s = test::axis_aligned(500, 0.1, 5);
  metric::Matrix<double> real(500, 3);
  for (std::size_t i = 0; i < real.values.size(); ++i) real.values[i] = 0.25 * s.factors.values[i] - 1;
  CHECK(metric::Mig{.definition = definition::dcf}(s.codes, real).value ==
        doctest::Approx(metric::Mig{}(s.codes, s.factors).value).epsilon(1e-12));
  auto const dead = test::with_constant(s.codes, 0.5);
  CHECK(test::contains(test::message_of<ValueError>([&] {
                         (void)metric::Modularity{.definition = definition::ubisoft}(dead, s.factors);
                       }),
                       "latent 4 has no information"));
  CHECK(test::in_range(metric::Mig{.definition = definition::ubisoft}(dead, s.factors)));
}
