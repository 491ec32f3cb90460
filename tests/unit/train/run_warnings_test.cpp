// SPDX-License-Identifier: Apache-2.0
// What a run says when it diverges or collapses: once, with what to change, on the progress report, in the
// log and in the summary.
#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/core/with.hpp>
#include <disentangle/regularizer/capacity.hpp>
#include <disentangle/regularizer/kl.hpp>
#include <disentangle/regularizer/part.hpp>
#include <disentangle/regularizer/total_correlation.hpp>
#include <disentangle/train/checkpoint.hpp>
#include <disentangle/train/csv_log.hpp>
#include <disentangle/train/progress_bar.hpp>
#include <disentangle/train/run_warnings.hpp>
#include <disentangle/train/train.hpp>

#include <tests/support/tiny.hpp>
#include <tests/unit/io/scratch_folder.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstdio>
#include <regex>
#include <string>
#include <vector>

namespace dis = disentangle;
using namespace test_support;

namespace {

std::string text_of(std::FILE* file) {
  std::rewind(file);
  std::string text;
  for (int c; (c = std::fgetc(file)) != EOF;) text += static_cast<char>(c);
  std::fclose(file);
  return text;
}

std::size_t count(std::string const& text, std::string const& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++n;
  return n;
}

struct Rated {
  dis::optim::Adam optimizer{.learning_rate = 2e-3};
  auto operator()(auto const& q) const { return sum(q.kl); }
};

/// A run whose reports the test makes up.
template <class M, bool Infers = true>
struct PretendRun {
  struct Model {
    static constexpr bool infers_posterior = Infers;
    M method_{};
    std::vector<std::string> names{"Bernoulli", "WeightedKl"};
    M const& method() const { return method_; }
    std::vector<std::string> const& part_names() const { return names; }
  } model_;
  dis::TrainOptions options_{.steps = 100'000};
  long step_ = 0;
  std::vector<std::string> warnings{};
  Model& model() { return model_; }
  dis::TrainOptions const& options() const { return options_; }
  long step() const { return step_; }
  long first_step() const { return 0; }
  void warn(std::string const& text) { warnings.push_back(text); }
};
struct PretendReport {
  long step = 0;
  double loss = 0;
  std::array<double, 2> parts{};
  std::array<float, 2> kl{};
};

/// What a run of these losses says, one a step.
template <class M = TinyVae>
std::vector<std::string> said(std::vector<double> const& losses) {
  PretendRun<M, false> run;
  dis::RunWarnings warnings;
  for (double const loss : losses) {
    ++run.step_;
    warnings.on_step(run, PretendReport{run.step_, loss, {loss, 0}, {}});
  }
  return run.warnings;
}

/// What a run of as many steps says whose latents carry this.
std::vector<std::string> said_of_kl(long steps, auto kl, long options_steps = 100'000) {
  PretendRun<TinyVae> run;
  run.options_.steps = options_steps;
  dis::RunWarnings warnings;
  for (run.step_ = 1; run.step_ <= steps; ++run.step_)
    warnings.on_step(run, PretendReport{run.step_, 1, {1, 0}, kl(run.step_)});
  return run.warnings;
}

}  // namespace

TEST_CASE("a diverged run says so once, names the optimiser's rate, and goes on") {
  ScratchFolder const folder;
  std::FILE* const out = std::tmpfile();
  TinyVae method;
  method.get<dis::optim::Adam>().learning_rate = 1e4;
  dis::Model model{method, dis::backend::Cpu(1), Blocks{}.image_shape(), dis::seed(0)};
  auto const summary =
      dis::train(model, Blocks{}, {.steps = 40, .batch_size = 8, .log_every = 10},
                 dis::progress_bar({.out = out, .redraw = false}), dis::csv_log(folder / "log.csv"));
  CHECK(summary.steps == 40);
  REQUIRE(summary.warnings.size() == 1);
  std::string const& warning = summary.warnings[0];
  CAPTURE(warning);
  CHECK(std::regex_match(
      warning,
      std::regex(R"(step \d+: the loss rose from [\d.]+ to [\d.]+e\+\d+ in \d+ steps )"
                 R"(\((Bernoulli|WeightedKl) is [\d.]+e\+\d+\): )"
                 R"(lower Adam\.learning_rate \(10000\), or set Adam\.clip_norm; the run goes on)")));
  std::string const printed = text_of(out);
  CHECK(count(printed, "warning: ") == 1);
  CHECK(printed.find("warning: " + warning + "\n") != std::string::npos);
  auto const table = dis::io::read_csv(folder / "log.csv");
  CHECK(table.names.back() == "warning");
  CHECK(table.column("warning") == std::vector<std::string>{"", warning, "", "", ""});
}

TEST_CASE("a collapsed run says so at its end, with the weight to lower") {
  TinyVae method;
  method.get<dis::regularizer::WeightedKl>().beta = 1000;
  auto model = tiny_model(method);
  auto const summary = dis::train(model, Blocks{}, {.steps = 600, .batch_size = 8});
  REQUIRE(summary.warnings.size() == 1);
  CAPTURE(summary.warnings[0]);
  CHECK(
      std::regex_match(summary.warnings[0],
                       std::regex(R"(step 600: 3 of 3 latents carry less than 0\.01 nat, for \d+ steps now: )"
                                  R"(lower WeightedKl\.beta \(1000\), or set a capacity )"
                                  R"(\(regularizer::Capacity\), or make more steps)")));
}

TEST_CASE("loss: when three reports in a row are 10,000 times the first, whatever the signs") {
  CHECK(said({2800, 3e7, 3e7}).empty());
  CHECK(said({2800, 3e7, 3e7, 3e7}).size() == 1);
  CHECK(said({2800, 3e7, 3e7, 50, 3e7, 3e7, 50}).empty());
  CHECK(said({2800, 1e10, 1e20, 1e30, 1e31, 1e32}) ==
        std::vector<std::string>{"the loss rose from 2.8e+03 to 1e+30 in 3 steps (Bernoulli is 1e+30): lower "
                                 "Adam.learning_rate (1e-04), or set Adam.clip_norm; the run goes on"});
  CHECK(said({-0.001, 0.5, -30, 500, -9000, 9000, 9000}).empty());  // a critic's
  CHECK(said({0.5, -1e9, -1e9, -1e9})[0].starts_with("the loss fell from 0.5 to -1e+09 in 3 steps"));
}

TEST_CASE("loss: of a policy with an optimiser of its own whose part is largest, that rate too") {
  using M = dis::Plus<TinyVae, dis::Regularizer<Rated>>;
  auto const numbers = dis::detail::number_members(M{});
  CHECK(dis::detail::against_divergence(numbers, "Rated") ==
        "lower Adam.learning_rate (1e-04) and Rated.optimizer.learning_rate (0.002), or set Adam.clip_norm");
  M clipped;
  clipped.get<dis::optim::Adam>().clip_norm = 5;
  CHECK(dis::detail::against_divergence(dis::detail::number_members(clipped), "Bernoulli") ==
        "lower Adam.learning_rate (1e-04)");
  CHECK(dis::detail::against_divergence({}, "Bernoulli") ==
        "lower the learning rate: give the method an Optimizer<optim::Adam>");
}

TEST_CASE("collapse: after 5,000 silent steps, or at the end of a run of 200 steps after a quarter of it") {
  auto const silent = [](long) { return std::array{1e-3f, 5e-3f}; };
  auto const late = [](long step) { return std::array{1e-3f, step < 151 ? 0.5f : 5e-3f}; };
  auto const alive = [](long step) { return std::array{1e-3f, step % 1000 == 0 ? 0.011f : 5e-3f}; };
  CHECK(said_of_kl(4999, silent).empty());
  CHECK(said_of_kl(9000, silent).size() == 1);
  CHECK(
      said_of_kl(5000, silent)[0].starts_with("2 of 2 latents carry less than 0.01 nat, for 5000 steps now: "
                                              "lower WeightedKl.beta (4), or set a capacity"));
  CHECK(said_of_kl(20'000, alive).empty());
  CHECK(said_of_kl(199, silent, 199).empty());
  CHECK(said_of_kl(200, silent, 200).size() == 1);
  CHECK(said_of_kl(200, late, 200).size() == 1);
  CHECK(said_of_kl(200, late).empty());  // not the end
  CHECK(said_of_kl(
            202,
            [](long step) {
              return std::array{0.0f, step < 155 ? 0.5f : 0.0f};
            },
            202)
            .empty());
  CHECK(said_of_kl(9000, [](long) { return std::array{0.0f, 0.0f}; }).empty());  // no KL is measured
}

TEST_CASE("collapse: the heaviest weights of the terms, a capacity, or the term without a weight") {
  using dis::detail::against_collapse;
  using dis::detail::number_members;
  using Tc = dis::With<TinyVae, dis::Regularizer<dis::regularizer::TotalCorrelation>>;
  CHECK(against_collapse(number_members(Tc{})) ==
        "lower TotalCorrelation.beta (6) or TotalCorrelation.alpha (1), or set a capacity "
        "(regularizer::Capacity)");
  using Twice = dis::Plus<TinyVae, dis::Regularizer<dis::regularizer::WeightedKl>>;
  CHECK(
      against_collapse(number_members(Twice{})).starts_with("lower Regularizer[0].WeightedKl.beta (4) or "));
  using Capacity = dis::With<TinyVae, dis::Regularizer<dis::regularizer::Capacity>>;
  CHECK(against_collapse(number_members(Capacity{})) ==
        "raise Capacity.capacity_end (25), or reach it sooner");
  using Plain = dis::With<TinyVae, dis::Regularizer<dis::regularizer::Kl>>;
  CHECK(against_collapse(number_members(Plain{})).starts_with("weigh the KL less with Regularizer<"));
}

TEST_CASE("reports of other steps are not looked at") {
  PretendRun<TinyVae> run;
  dis::RunWarnings warnings;
  for (run.step_ = 1; run.step_ < 10; ++run.step_)
    warnings.on_step(run, PretendReport{1, run.step_ == 1 ? 1.0 : 1e30, {1, 0}, {}});
  CHECK(run.warnings.empty());
}

TEST_CASE("a log without the column, of an older version, goes on without it") {
  ScratchFolder const folder;
  auto const path = folder / "log.csv";
  auto model = tiny_model(TinyVae{});
  dis::train(model, Blocks{}, {.steps = 10, .batch_size = 8, .log_every = 10}, dis::csv_log(path),
             dis::checkpoint(folder.path()));
  std::string old;
  {
    auto const table = dis::io::read_csv(path);
    for (std::size_t row = 0; row <= table.columns[0].size(); ++row) {
      for (std::size_t c = 0; c + 1 < table.names.size(); ++c)
        old += (c == 0 ? "" : ",") + (row == 0 ? table.names[c] : table.columns[c][row - 1]);
      old += "\n";
    }
  }
  dis::io::write_file(path, std::string_view(old));
  dis::train(model, Blocks{}, {.steps = 20, .batch_size = 8, .log_every = 10}, dis::csv_log(path));
  auto const table = dis::io::read_csv(path);
  CHECK(table.names.back() == "kl_2");
  CHECK(table.column("step") == std::vector<std::string>{"1", "10", "20"});
}
