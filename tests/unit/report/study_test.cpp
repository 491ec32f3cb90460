// SPDX-License-Identifier: Apache-2.0
// Studies: means and deviations by hand, tables that read back, a plot with every run in it.
#include <disentangle/report/study.hpp>

#include <doctest/doctest.h>

#include <filesystem>

namespace report = disentangle::report;

namespace {

report::Study three_methods() {
  return {{"mig", "error, relative"},
          {{"vae", 0, 100, {0.1, 3}},
           {"vae", 1, 100, {0.3, 5}},
           {"beta_vae", 0, 100, {0.25, 4}},
           {"rf_vae", 7, 100, {0.5, 1}}},
          {false, true}};
}

int count(report::Canvas const& canvas, report::Colour colour) {
  int n = 0;
  for (int y = 0; y < canvas.height(); ++y) {
    for (int x = 0; x < canvas.width(); ++x) n += canvas.at(x, y) == colour;
  }
  return n;
}

}  // namespace

TEST_CASE("means and sample standard deviations, methods in the order of their runs") {
  auto const summaries = report::summarise(three_methods());
  REQUIRE(summaries.size() == 3);
  CHECK(summaries[0].method == "vae");
  CHECK(summaries[0].runs == 2);
  CHECK(summaries[0].means[0] == doctest::Approx(0.2));
  CHECK(summaries[0].deviations[0] == doctest::Approx(0.1414213562));
  CHECK(summaries[1].method == "beta_vae");
  CHECK(summaries[1].deviations[1] == 0);
  CHECK(summaries[2].means[1] == 1);
}

TEST_CASE("the CSV files read back") {
  auto const study = three_methods();
  report::write_study_runs("runs.csv", study);
  auto const runs = disentangle::io::read_csv("runs.csv");
  CHECK(runs.numbers<int>("seed") == std::vector<int>{0, 1, 0, 7});
  CHECK(runs.numbers<double>("error, relative") == std::vector<double>{3, 5, 4, 1});
  report::write_study_summary("table.csv", study);
  auto const table = disentangle::io::read_csv("table.csv");
  CHECK(table.numbers<double>("mean").size() == 6);
  CHECK(table.numbers<int>("runs")[0] == 2);
}

TEST_CASE("the Markdown table has means, deviations and every run") {
  std::string const text = report::study_markdown(three_methods());
  CHECK(text.find("| vae (2) | 0.200 ± 0.141 | 4.000 ± 1.414 |") != std::string::npos);
  CHECK(text.find("| rf_vae (1) | 0.500 | 1.000 |") != std::string::npos);
  CHECK(text.find("error, relative (lower is better)") != std::string::npos);
  CHECK(text.find("| vae | 1 | 100 | 0.3000 | 5.0000 |") != std::string::npos);
}

TEST_CASE("the plot has a mark for every method") {
  auto const canvas = report::study_plot(three_methods(), "a study");
  CHECK(count(canvas, report::colours::series[0]) > count(canvas, report::colours::series[1]));
  CHECK(count(canvas, report::colours::series[2]) > 100);
  CHECK_NOTHROW(report::study_plot({}));
}

TEST_CASE("a run that lacks a value is refused by name") {
  auto study = three_methods();
  study.runs[1].values.pop_back();
  CHECK_THROWS_WITH_AS(report::summarise(study),
                       doctest::Contains("run vae, seed 1: found 1 values, expected 2"),
                       disentangle::ShapeError);
}
