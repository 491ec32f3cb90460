// SPDX-License-Identifier: Apache-2.0
// The history of latents: curves for every latent of the log, relevance above KL where there is any.
#include <disentangle/report/latent_history.hpp>

#include <doctest/doctest.h>

#include <disentangle/io/atomic_file.hpp>

namespace report = disentangle::report;

namespace {

int count(report::Canvas const& canvas, report::Colour colour, int from, int to) {
  int n = 0;
  for (int y = from; y < to; ++y) {
    for (int x = 0; x < canvas.width(); ++x) n += canvas.at(x, y) == colour;
  }
  return n;
}

}  // namespace

TEST_CASE("relevance is drawn above KL, each latent in its colour") {
  disentangle::io::write_file(
      "log.csv",
      std::string_view(
          "step,loss,kl_0,kl_1,relevance_0,relevance_1\n1,5,0.1,0.2,0.5,0.5\n100,4,3,0.1,0.9,0.1\n"));
  CHECK(report::logs_relevance("log.csv"));
  auto const both = report::latent_history("log.csv");
  CHECK(both.height() == 920);
  for (int part = 0; part < 2; ++part) {
    CHECK(count(both, report::colours::series[0], part * 460, part * 460 + 460) > 100);
    CHECK(count(both, report::colours::series[1], part * 460, part * 460 + 460) > 100);
  }
}

TEST_CASE("without relevance there is KL alone, without KL an error that names the file") {
  disentangle::io::write_file("kl.csv", std::string_view("step,kl_0\n1,0.1\n2,0.4\n"));
  CHECK_FALSE(report::logs_relevance("kl.csv"));
  CHECK(report::latent_history("kl.csv").height() == 460);
  disentangle::io::write_file("none.csv", std::string_view("step,loss\n1,0.1\n"));
  CHECK_THROWS_WITH_AS(report::latent_history("none.csv"), doctest::Contains("none.csv"),
                       disentangle::FileError);
}
