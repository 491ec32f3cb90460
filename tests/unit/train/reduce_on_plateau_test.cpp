// SPDX-License-Identifier: Apache-2.0
// reduce_on_plateau against the rule written out, on a loss that the test decides; what it changes; going on
// within an epoch.
#include <disentangle/core/with.hpp>
#include <disentangle/supervision/supervision.hpp>
#include <disentangle/train/checkpoint.hpp>
#include <disentangle/train/reduce_on_plateau.hpp>
#include <disentangle/train/train.hpp>

#include <tests/support/tiny.hpp>
#include <tests/unit/io/scratch_folder.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

namespace dis = disentangle;
using namespace test_support;

namespace {

/// A run in which only losses count: epochs of two steps.
struct PretendRun {
  struct Model {
    std::vector<double> state;
    std::vector<double> rates;
    std::vector<std::string> const& part_names() const {
      static std::vector<std::string> const names{"A", "B"};
      return names;
    }
    TinyVae method_{};
    TinyVae const& method() const { return method_; }
    std::vector<double>& note(std::string const&) { return state; }
    void set_rate_factor(std::string const& set, double factor) {
      CHECK(set == "critic");
      rates.push_back(factor);
    }
  } model_;
  long step_ = 0;
  dis::TrainOptions options_{.batch_size = 16};
  Model& model() { return model_; }
  long step() const { return step_; }
  std::size_t data_size() const { return 32; }
  dis::TrainOptions const& options() const { return options_; }
};
struct PretendReport {
  long step = 0;
  std::array<double, 2> parts{};
  double loss = 0;
};

/// The rates after the first and after each epoch of given means of part B.
std::vector<double> rates(dis::PlateauOptions options, std::vector<double> const& means) {
  options.watch = "B";
  options.set = "critic";
  PretendRun run;
  dis::ReduceOnPlateau callback(options);
  callback.on_begin(run);
  std::vector<double> found;
  for (double const mean : means) {
    for (double const offset : {-0.1, 0.1}) {
      ++run.step_;
      callback.on_step(run, PretendReport{run.step_, {7, mean + offset}, 1});
    }
    found.push_back(run.model_.rates.back());
  }
  return found;
}

struct Unlabelled {
  auto operator()(auto const& q) const { return 3.0 + 0.0 * sum(q.kl); }
};
struct Labelled {  // of a policy that learns from labels only its part counts here
  static constexpr bool labelled = true;
  auto operator()(auto& step) const { return 1000.0 + 0.0 * sum(step.posterior().kl); }
};

}  // namespace

TEST_CASE("more bad epochs than its patience lower the rate, then it pauses") {
  // improvements, then nothing: bad epochs 1, 2 are put up with, the third lowers
  CHECK(rates({.patience = 2, .cooldown = 1}, {5, 4, 4, 4, 4, 4, 4, 4, 4, 4}) ==
        std::vector<double>{1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25});
  // less than the threshold is no improvement
  CHECK(rates({.patience = 0, .threshold = 0.1, .cooldown = 0}, {1, 0.95, 0.85, 0.80}) ==
        std::vector<double>{1, 0.5, 0.5, 0.25});
  // reductions that would change little are not made
  CHECK(rates({.factor = 0.25, .patience = 0, .cooldown = 0, .least_change = 0.1}, {1, 1, 1, 1}) ==
        std::vector<double>{1, 0.25, 0.0625, 0.0625});
}

TEST_CASE("reports of earlier steps do not count, nor do epochs without a report") {
  PretendRun run;
  dis::ReduceOnPlateau callback({.watch = "B", .set = "critic", .patience = 0, .cooldown = 0});
  callback.on_begin(run);
  PretendReport last;
  std::vector<double> sums;
  auto const step = [&](bool read, double value) {
    ++run.step_;
    if (read) last = {run.step_, {7, value}, 1};
    callback.on_step(run, last);
  };
  step(true, 4);
  step(false, 0);
  CHECK(run.model_.state[2] == 4);  // the best mean: of one report, not of the same one twice
  step(false, 0);
  step(false, 0);
  CHECK(run.model_.rates.size() == 1);  // an epoch without a report is no bad one
  step(true, 1);
  step(true, 2);
  CHECK(run.model_.state[2] == 1.5);
  step(false, 0);
  step(true, 3);
  CHECK(run.model_.rates.back() == 0.5);
}

TEST_CASE("watch: the loss without the parts of labelled policies, or the sum of those named") {
  using M = dis::Plus<TinyVae, dis::Supervision<Labelled>, dis::Regularizer<Unlabelled>,
                      dis::Regularizer<Unlabelled>>;
  auto const mean_of = [](std::string const& watch) {
    auto model = tiny_model(M{});
    double parts = 0, loss = 0;
    dis::train(model, Blocks{}, {.steps = 1, .batch_size = 32}, dis::reduce_on_plateau({.watch = watch}),
               [&](auto&, auto const& report) {
                 parts = report.parts[0] + report.parts[1];
                 loss = report.loss;
               });
    CHECK(loss == doctest::Approx(parts + 1006));
    return model.note("plateau.")[2] - parts;
  };
  CHECK(mean_of("") == doctest::Approx(6));
  CHECK(mean_of("Bernoulli + WeightedKl") == doctest::Approx(0));
  CHECK(mean_of("Bernoulli + WeightedKl + Labelled") == doctest::Approx(1000));
  CHECK(mean_of("Unlabelled 2 + Bernoulli + WeightedKl") == doctest::Approx(3));
  auto model = tiny_model(M{});
  CHECK_THROWS_WITH_AS(
      dis::train(model, Blocks{}, {.steps = 1, .batch_size = 8},
                 dis::reduce_on_plateau({.watch = "Bernoulli + Unlabelled 3"})),
      "reduce_on_plateau: found watch 'Unlabelled 3', expected one of: Bernoulli, WeightedKl, Labelled, "
      "Unlabelled, Unlabelled 2",
      dis::ValueError);
}

TEST_CASE("a rate of nothing leaves the parameters, and the whole loss may be watched") {
  auto model = tiny_model(TinyVae{});
  model.set_rate_factor("", 0);
  auto const before = state_of(model);
  dis::train(model, Blocks{}, {.steps = 1, .batch_size = 8});
  CHECK(state_of(model).at("encoder.1.weight") == before.at("encoder.1.weight"));
  model.set_rate_factor("", 1);
  dis::train(model, Blocks{}, {.steps = 2, .batch_size = 8});
  CHECK(state_of(model).at("encoder.1.weight") != before.at("encoder.1.weight"));
}

TEST_CASE("a run that is stopped within an epoch and goes on has the same bits") {
  dis::PlateauOptions const often{
      .patience = 0, .threshold = 0.9, .cooldown = 0};  // halves after every epoch but the first
  auto whole = tiny_model(TinyVae{});
  dis::train(whole, Blocks{}, {.steps = 18, .batch_size = 8}, dis::reduce_on_plateau(often));
  CHECK(whole.note("plateau.")[0] == std::pow(0.5, 3));
  ScratchFolder const folder;
  auto first = tiny_model(TinyVae{});
  dis::train(first, Blocks{}, {.steps = 10, .batch_size = 8}, dis::checkpoint(folder.path()),
             dis::reduce_on_plateau(often));
  auto second = tiny_model(TinyVae{});
  dis::train(second, Blocks{}, {.steps = 18, .batch_size = 8},
             dis::checkpoint(folder.path(), {.resume = true}), dis::reduce_on_plateau(often));
  CHECK(state_of(second) == state_of(whole));
  CHECK(second.note("plateau.") == whole.note("plateau."));
}

TEST_CASE("options out of range, parts and sets that are not there, are errors") {
  CHECK_THROWS_AS(dis::reduce_on_plateau({.factor = 1}), dis::ValueError);
  CHECK_THROWS_AS(dis::reduce_on_plateau({.patience = -1}), dis::ValueError);
  auto model = tiny_model(TinyVae{});
  CHECK_THROWS_WITH_AS(
      dis::train(model, Blocks{}, {.steps = 1, .batch_size = 8}, dis::reduce_on_plateau({.watch = "Kx"})),
      doctest::Contains("found watch 'Kx', expected one of: "), dis::ValueError);
  CHECK_THROWS_WITH_AS(
      dis::train(model, Blocks{}, {.steps = 1, .batch_size = 8}, dis::reduce_on_plateau({.set = "none"})),
      doctest::Contains("found set 'none'"), dis::ValueError);
}
