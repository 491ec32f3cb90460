// SPDX-License-Identifier: Apache-2.0
// Builder: sets with optimisers of their own, optimisers over parts of the method's set; names that would be
// twice in a checkpoint, prefixes of nothing.
#include <disentangle/nn/builder.hpp>

#include <disentangle/adversary/adversary.hpp>
#include <disentangle/autodiff/reductions.hpp>
#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/core/with.hpp>
#include <disentangle/optim/sgd.hpp>
#include <disentangle/train/model.hpp>

#include <tests/support/tiny.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

namespace dis = disentangle;
namespace nn = disentangle::nn;
using test_support::Blocks;
using test_support::tiny_model;
using test_support::TinyAdversarial;
using test_support::TinyCritic;
using test_support::TinyVae;

namespace {

using Cpu = dis::backend::Cpu;

/// Three parameters of the method's set and a builder.
struct Built {
  dis::Tape<Cpu> tape{Cpu(1)};
  nn::Parameters<Cpu> main{tape, "model"};
  std::vector<std::unique_ptr<nn::OwnParameters<Cpu>>> own;
  nn::Builder<Cpu> build{main, own};
  dis::Variable<Cpu, 1> trunk, head, other;

  Built() {
    nn::Initialiser const one{nn::Initialiser::Law::constant, 1};
    main.declare(trunk, "encoder.trunk.0.weight", {3}, one);
    main.declare(head, "encoder.head.0.weight", {2}, one);
    main.declare(other, "relevance", {4}, one);
  }
  void allocate() {
    main.allocate(dis::seed(0), 0);
    for (auto& set : own) set->parameters.allocate(dis::seed(0), set->moments());
  }
};

}  // namespace

TEST_CASE("an optimiser over parts of a set clips by the norm of those parts' gradients") {
  Built built;
  dis::optim::Sgd const sgd{.learning_rate = 1, .momentum = 0, .clip_norm = 0.5};
  auto& shared = built.build.shared_parameters("second", {"encoder.trunk.", "encoder.head"}, sgd);
  built.allocate();
  // gradients (3, 3, 3), (4, 4) and, of what it does not train, (100, ...): the norm is sqrt(27 + 32)
  shared.minimise(3.0 * sum(built.trunk) + 4.0 * sum(built.head) + 100.0 * sum(built.other));
  double const factor = 0.5 / std::sqrt(59.0);
  for (int i = 0; i < 3; ++i) CHECK(built.trunk.value[i] == doctest::Approx(1 - 3 * factor));
  for (int i = 0; i < 2; ++i) CHECK(built.head.value[i] == doctest::Approx(1 - 4 * factor));
  for (int i = 0; i < 4; ++i) CHECK(built.other.value[i] == 1);
  // a gradient below the norm is taken as it is
  built.tape.reset();
  shared.minimise(0.01 * sum(built.head));
  CHECK(built.head.value[0] == doctest::Approx(1 - 4 * factor - 0.01));
}

TEST_CASE("a parameter that two prefixes name is trained once") {
  Built built;
  dis::optim::Sgd const sgd{.learning_rate = 1, .momentum = 0};
  auto& shared = built.build.shared_parameters("second", {"encoder.", "encoder.trunk."}, sgd);
  built.allocate();
  shared.minimise(0.25 * sum(built.trunk) + 0.25 * sum(built.head));
  CHECK(built.trunk.value[0] == 0.75f);
  CHECK(built.head.value[0] == 0.75f);
}

TEST_CASE("a prefix of no parameter is an error with the prefixes there are") {
  Built built;
  CHECK_THROWS_WITH_AS(
      built.build.shared_parameters("second", {"encoder.trunk.", "encoder.class_head."}, dis::optim::Sgd{}),
      "shared parameters 'second': found the prefix 'encoder.class_head.', with which no parameter begins; "
      "they "
      "begin with 'encoder.head.', 'encoder.trunk.', 'relevance'",
      dis::ValueError);
}

TEST_CASE("names that would be twice in a checkpoint are refused where they are declared") {
  Built built;
  dis::Variable<Cpu, 1> twin;
  nn::Weight<Cpu, 1> weight;
  nn::Initialiser const zero{};
  CHECK_THROWS_WITH_AS(
      built.main.declare(twin, "relevance", {4}, zero),
      doctest::Contains("parameters 'model': found 'relevance' twice, expected each name once: a "
                        "policy that has parameters stands in a method once; take the second"),
      dis::ValueError);
  CHECK_THROWS_AS(built.main.declare(weight, "relevance", {4}, zero), dis::ValueError);
  CHECK_THROWS_AS(built.main.declare_statistic(twin, "relevance", dis::Extents<1>{4}, 0), dis::ValueError);
  built.main.declare_statistic(twin, "mean", dis::Extents<1>{4}, 0);
  CHECK_THROWS_AS(built.main.declare(weight, "mean", {4}, zero), dis::ValueError);
  CHECK_THROWS_WITH_AS(built.main.declare(weight, "moment0.mean", {4}, zero),
                       doctest::Contains("expected one that is not an optimiser's"), dis::ValueError);

  built.build.own_parameters("critic", dis::optim::Sgd{});
  CHECK_THROWS_WITH_AS(built.build.own_parameters("critic", dis::optim::Sgd{}),
                       doctest::Contains("a second set of parameters named 'critic'"), dis::ValueError);
  CHECK_THROWS_AS(built.build.shared_parameters("critic", {"encoder."}, dis::optim::Sgd{}), dis::ValueError);
  CHECK_THROWS_AS(built.build.own_parameters("model", dis::optim::Sgd{}), dis::ValueError);
}

TEST_CASE("moments are told from parameters by their names") {
  for (char const* name : {"moment0.encoder.1.weight", "moment12.x", "labelled.moment1.encoder.trunk.0.bias"})
    CHECK(nn::is_moment(name));
  for (char const* name : {"encoder.1.weight", "moment.x", "momentum0.x", "a.moments1", "relevance", ""})
    CHECK(!nn::is_moment(name));
}

namespace {

/// A parameter of the method's set with the name that another policy's set gives one.
struct Pretender {
  template <class Setting>
  struct State {
    dis::Variable<typename Setting::backend_type, 1> scale;
    explicit State(auto& build) {
      build.parameters().declare(scale, "critic.scale", dis::Extents<1>{1}, nn::Initialiser{});
    }
  };
  auto operator()(auto& step) const { return mean(square(step.state().scale)); }
};

/// Keeps lists of numbers and has no parameters.
template <int>
struct Recorder {
  template <class Setting>
  struct State {
    std::vector<double> seen;
    explicit State(auto&) {}
    void for_each_record(auto&& visit) { visit("seen", seen); }
  };
  auto operator()(auto& step) const { return 0.0 * mean(step.posterior().sample); }
};

template <class M>
std::string refusal() {
  try {
    tiny_model(M{});
  } catch (dis::ValueError const& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a model whose policies' states would clash in a checkpoint is not built") {
  CHECK(refusal<TinyAdversarial>().empty());
  CHECK(refusal<dis::Plus<TinyVae, dis::Adversary<Recorder<0>>>>().empty());
  // the same policy twice, with a set of its own
  CHECK(refusal<dis::Plus<TinyAdversarial, dis::Adversary<TinyCritic>>>().find(
            "found a second set of parameters named 'critic'") == 0);
  // across sets
  CHECK(refusal<dis::Plus<TinyAdversarial, dis::Adversary<Pretender>>>().find("found 'critic.scale' twice") ==
        0);
  // records
  CHECK(refusal<dis::Plus<TinyVae, dis::Adversary<Recorder<0>>, dis::Adversary<Recorder<1>>>>().find(
            "found 'record.seen' twice") == 0);
}
