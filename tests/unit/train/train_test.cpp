// SPDX-License-Identifier: Apache-2.0
#include <disentangle/train/checkpoint.hpp>
#include <disentangle/train/csv_log.hpp>
#include <disentangle/train/progress_bar.hpp>
#include <disentangle/train/reduce_on_plateau.hpp>
#include <disentangle/train/stop_signal.hpp>
#include <disentangle/train/train.hpp>

#include <tests/support/count_allocations.hpp>
#include <tests/support/tiny.hpp>
#include <tests/unit/io/scratch_folder.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>

namespace dis = disentangle;
using namespace test_support;

namespace {

/// Notes which images each minibatch of a step had.
struct Watcher {
  static constexpr int minibatches = 2;
  inline static std::vector<std::vector<std::size_t>> seen{};
  void before_step(auto& step) const {
    for (int i = 0; i < 2; ++i) seen.emplace_back(step.indices(i).begin(), step.indices(i).end());
  }
};

struct Fails {  // NaN at one step
  double step = 5;
  auto operator()(auto const& q) const {
    return (static_cast<double>(q.step) == step ? std::nan("") : 0.0) * sum(q.kl);
  }
};

struct Everything {
  std::vector<std::string> calls{};
  void on_resume(auto&) { calls.push_back("resume"); }
  void on_begin(auto& run) { calls.push_back("begin " + std::to_string(run.step())); }
  void on_step(auto& run, auto const& report) {
    if (report.step != run.step()) calls.push_back("wrong step");
    calls.push_back("step " + std::to_string(report.step));
  }
  void on_end(auto& run) { calls.push_back("end " + std::to_string(run.step())); }
  void on_failure(auto&, std::exception const&) { calls.push_back("failure"); }
};

struct OnlyBegin {
  int begun = 0;
  void on_begin(auto&) { ++begun; }
};

}  // namespace

TEST_CASE("training lowers the loss, and the steps are counted in all") {
  auto model = tiny_model(TinyVae{});
  double first = 0, last = 0;
  auto const note = [&](auto&, auto const& report) { (report.step == 1 ? first : last) = report.loss; };
  auto const summary = dis::train(model, Blocks{}, {.steps = 300, .batch_size = 16}, note);
  CHECK(summary.first_step == 0);
  CHECK(summary.steps == 300);
  CHECK(summary.loss == last);
  CHECK(summary.stopped.empty());
  CHECK(summary.images_per_second > 0);
  CHECK(last < 0.7 * first);
  auto const more = dis::train(model, Blocks{}, {.steps = 310, .batch_size = 16});
  CHECK(more.first_step == 300);
  CHECK(model.steps() == 310);
  CHECK(dis::train(model, Blocks{}, {.steps = 100}).steps ==
        310);  // nothing left to do, whatever the batch size
}

TEST_CASE("callbacks get the hooks that they have, in order") {
  auto model = tiny_model(TinyVae{});
  Everything all;
  OnlyBegin only_begin;
  dis::train(model, Blocks{}, {.steps = 2, .batch_size = 4}, all, only_begin);
  CHECK(all.calls == std::vector<std::string>{"resume", "begin 0", "step 1", "step 2", "end 2"});
  CHECK(only_begin.begun == 1);
}

TEST_CASE("a callback stops the run, and the others still end it") {
  auto model = tiny_model(TinyVae{});
  Everything all;
  auto const summary =
      dis::train(model, Blocks{}, {.steps = 50, .batch_size = 4}, all, [](auto& run, auto const& report) {
        if (report.step == 3) run.stop("enough");
      });
  CHECK(summary.stopped == "enough");
  CHECK(model.steps() == 3);
  CHECK(all.calls.back() == "end 3");
}

TEST_CASE(
    "a loss that is not finite ends the run before the step, with the part and the last checkpoint named") {
  ScratchFolder const folder;
  auto model = tiny_model(dis::Plus<TinyVae, dis::Regularizer<Fails>>{});
  Everything all;
  std::string message;
  try {
    dis::train(model, Blocks{}, {.steps = 50, .batch_size = 4}, all,
               dis::checkpoint(folder.path(), {.every = 3}));
  } catch (dis::NumericalError const& error) {
    message = error.what();
  }
  CHECK(message.find("step 5") != std::string::npos);
  CHECK(message.find("Fails") != std::string::npos);
  CHECK(message.find((folder / "checkpoint.safetensors").string() + " (step 3)") != std::string::npos);
  CHECK(all.calls.back() == "failure");
  CHECK(model.steps() == 4);
  CHECK(dis::read_checkpoint_info(folder / "checkpoint.safetensors").step == 3);
}

TEST_CASE("a checkpoint whose numbers are not finite is not written") {
  ScratchFolder const folder;
  auto method = TinyVae{};
  method.get<dis::optim::Adam>().learning_rate = 1e38;
  dis::Model model{method, dis::backend::Cpu(1), Blocks{}.image_shape(), dis::seed(0)};
  auto const path = folder / "state.safetensors";
  dis::save_checkpoint(model, path);
  CHECK_THROWS_WITH_AS(
      dis::train(model, Blocks{}, {.steps = 1, .batch_size = 4}, dis::checkpoint(path, {.every = 1})),
      doctest::Contains("is not written"), dis::NumericalError);
  CHECK(dis::read_checkpoint_info(path).step == 0);
}

TEST_CASE("1 thread equals 3 threads bit for bit") {
  auto one = tiny_model(TinyAdversarial{}, 1), three = tiny_model(TinyAdversarial{}, 3);
  dis::train(one, Blocks{}, {.steps = 40, .batch_size = 8});
  dis::train(three, Blocks{}, {.steps = 40, .batch_size = 8, .prefetch = 0});
  CHECK(state_of(one) == state_of(three));
  auto other = tiny_model(TinyAdversarial{}, 1, 1);
  dis::train(other, Blocks{}, {.steps = 40, .batch_size = 8});
  CHECK(state_of(one) != state_of(other));
}

TEST_CASE("methods with two minibatches get two different ones, the first as without the second") {
  using Watched = dis::Plus<TinyVae, dis::Adversary<Watcher>>;
  Watcher::seen.clear();
  auto model = tiny_model(Watched{});
  dis::train(model, Blocks{}, {.steps = 2, .batch_size = 8});
  REQUIRE(Watcher::seen.size() == 4);
  CHECK(Watcher::seen[0] != Watcher::seen[1]);
  CHECK(Watcher::seen[2] != Watcher::seen[3]);
  Blocks const data;
  dis::data::BatchSource source(data, {.batch_size = 8});
  auto const& batch = source.next();
  CHECK(Watcher::seen[0] == std::vector<std::size_t>(batch.indices.begin(), batch.indices.end()));
}

TEST_CASE("steps that log nothing allocate nothing") {
  ScratchFolder const folder;
  auto model = tiny_model(TinyAdversarial{}, 2);
  std::size_t before = 0, after = 0;
  std::FILE* const sink = std::tmpfile();
  dis::train(model, Blocks{}, {.steps = 60, .batch_size = 8, .log_every = 100},
             dis::progress_bar({.out = sink}), dis::csv_log(folder / "log.csv"),
             dis::checkpoint(folder.path()), dis::stop_signal(), [&](auto&, auto const& report) {
               if (report.step == 10) before = dis::test::allocations();
               if (report.step == 59) after = dis::test::allocations();
             });
  std::fclose(sink);
  CHECK((before > 0 || DISENTANGLE_TEST_COUNTS_ALLOCATIONS == 0));
  CHECK(after - before == 0);
}

TEST_CASE("options that cannot be met are errors") {
  auto model = tiny_model(TinyVae{});
  CHECK_THROWS_AS(dis::train(model, Blocks{}, {.steps = 1, .batch_size = 33}), dis::ValueError);
  CHECK_THROWS_AS(dis::train(model, Blocks{}, {.steps = 1, .batch_size = 0}), dis::ValueError);
  CHECK_THROWS_AS(dis::train(model, Blocks{}, {.steps = 1, .log_every = 0}), dis::ValueError);
  CHECK_THROWS_AS(dis::checkpoint("x", {.every = 0}), dis::ValueError);
  dis::train(model, Blocks{}, {.steps = 1, .batch_size = 8});  // a model that has made all its steps
  CHECK_THROWS_WITH_AS(dis::train(model, Blocks{}, {.steps = 1, .batch_size = 0}),
                       "train: batch_size is 0, expected at least 1", dis::ValueError);
}

TEST_CASE("with replacement a minibatch may be larger than the data set: each step is an epoch then") {
  auto model = tiny_model(TinyVae{});
  auto const summary = dis::train(
      model, Blocks{}, {.steps = 4, .batch_size = 100, .order = dis::data::Order::with_replacement},
      dis::reduce_on_plateau({.patience = 0, .threshold = 0.9, .cooldown = 0}));
  CHECK(summary.steps == 4);
  CHECK(model.note("plateau.")[0] == std::pow(0.5, 3));
}

TEST_CASE("a last minibatch that is kept is smaller, epochs are a step longer, and a resumed run has the "
          "same bits") {
  dis::TrainOptions const options{.steps = 9, .batch_size = 10, .last_batch = dis::data::LastBatch::keep};
  ScratchFolder const folder;
  auto whole = tiny_model(TinyVae{});
  std::vector<std::size_t> sizes;
  dis::train(whole, Blocks{}, options,
             dis::reduce_on_plateau({.patience = 0, .threshold = 0.9, .cooldown = 0}),
             [&](auto&, auto const& report) { sizes.push_back(report.images); });
  CHECK(sizes == std::vector<std::size_t>{10, 10, 10, 2, 10, 10, 10, 2, 10});
  CHECK(whole.note("plateau.")[0] ==
        0.5);  // two epochs of four steps, of which the second was no better by 90 %
  for (long const stop : {3L, 4L, 5L}) {
    auto const path = folder.path() / ("at_" + std::to_string(stop));
    auto plateau = dis::reduce_on_plateau({.patience = 0, .threshold = 0.9, .cooldown = 0});
    auto some = options;
    some.steps = stop;
    auto first = tiny_model(TinyVae{});
    dis::train(first, Blocks{}, some, dis::checkpoint(path), plateau);
    auto second = tiny_model(TinyVae{});
    dis::train(second, Blocks{}, options, dis::checkpoint(path, {.resume = true}), plateau);
    CHECK(state_of(second) == state_of(whole));
    auto other = options;
    other.last_batch = dis::data::LastBatch::drop;
    CHECK_THROWS_WITH_AS(
        dis::train(second, Blocks{}, other, dis::checkpoint(path, {.resume = true})),
        doctest::Contains("another treatment of an epoch's last batch: found kept, expected dropped"),
        dis::FileError);
  }
}
