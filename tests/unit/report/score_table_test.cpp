// SPDX-License-Identifier: Apache-2.0
// Scores as text and JSON.
#include <disentangle/report/score_table.hpp>

#include "tests/unit/io/scratch_folder.hpp"

#include <doctest/doctest.h>

namespace metric = disentangle::metric;
namespace report = disentangle::report;

namespace {

std::vector<metric::Score> scores() {
  metric::Score mig;
  mig.metric = "mig";
  mig.definition = "disentanglement_lib";
  mig.value = 0.34567;
  mig.parts = {{"mig", 0.34567}};
  mig.settings = {{"rows", 10000}, {"bins", 20}};
  mig.factor_names = {"shape", "scale"};
  mig.tables.push_back(metric::Table::vector("gaps", "factor", {0.5, 0.25}));
  metric::Score dci;
  dci.metric = "dci";
  dci.definition = "Eastwood 2018";
  dci.value = 0.5;
  dci.parts = {{"disentanglement", 0.5}, {"completeness", 0.625}};
  dci.settings = {{"train_rows", 5000}, {"test_rows", 2000}, {"threshold", 0.05}};
  dci.choices = {{"classifier", "trees"}};
  metric::Table importance{"importance", "latent", "factor", {2, 3}};
  for (std::size_t i = 0; i < 6; ++i) importance.values.values[i] = static_cast<double>(i);
  dci.tables.push_back(importance);
  return {mig, dci};
}

}  // namespace

TEST_CASE("the table is aligned, parts are indented, a part that repeats the headline is left out") {
  CHECK(report::score_table(scores()) ==
        "metric              value  definition                     N  settings\n"
        "---------------------------------------------------------------------------\n"
        "mig                0.3457  disentanglement_lib        10000  bins 20\n"
        "dci                0.5000  Eastwood 2018        5000 + 2000  threshold 0.05\n"
        "  disentanglement  0.5000\n"
        "  completeness     0.6250\n");
  CHECK(report::score_table({}) == "");
}

TEST_CASE("JSON holds everything") {
  test_support::ScratchFolder folder;
  report::write_scores(folder / "scores.json", scores());
  auto const json = disentangle::io::read_json(folder / "scores.json");
  REQUIRE(json.size() == 2);
  CHECK(json[0]["metric"] == "mig");
  CHECK(json[0]["value"].as<double>() == 0.34567);
  CHECK(json[0]["settings"]["bins"] == 20);
  CHECK(json[0]["factor_names"] == std::vector<std::string>{"shape", "scale"});
  CHECK(json[0]["tables"][0]["values"] == std::vector<double>{0.5, 0.25});
  CHECK(json[1]["choices"]["classifier"] == "trees");
  CHECK(json[1]["parts"]["completeness"] == 0.625);
  CHECK(json[1]["tables"][0]["values"][1][2] == 5.0);
  CHECK(json[1]["tables"][0]["column_axis"] == "factor");
}

TEST_CASE("a level of chance has a column where a score knows one; warnings stand below, each once") {
  auto some = scores();
  some[1].chance = 0.125;
  some[0].warnings = {"8 rows: few"};
  some[1].warnings = {"8 rows: few", "one factor: 1 by definition"};
  CHECK(report::score_table(some) ==
        "metric              value  chance  definition                     N  settings\n"
        "-----------------------------------------------------------------------------------\n"
        "mig                0.3457          disentanglement_lib        10000  bins 20\n"
        "dci                0.5000  0.1250  Eastwood 2018        5000 + 2000  threshold 0.05\n"
        "  disentanglement  0.5000\n"
        "  completeness     0.6250\n"
        "warning: mig, dci: 8 rows: few\n"
        "warning: dci: one factor: 1 by definition\n");
  auto const json = report::to_json(some);
  CHECK_FALSE(json[0].contains("chance"));
  CHECK(json[1]["chance"] == 0.125);
  CHECK(json[1]["warnings"] == some[1].warnings);
}
