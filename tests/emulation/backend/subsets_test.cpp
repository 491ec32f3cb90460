// SPDX-License-Identifier: Apache-2.0
// Steps whose tensors are of another size each time: the subsets of a partition that a minibatch's images are
// in.
#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/backend/cuda/cuda.hpp>

#include "small_runs.hpp"
#include "tests/emulation/cuda/emulation.hpp"
#include "tests/support/small_contrastive.hpp"

namespace dis = disentangle;
namespace emulation = disentangle::emulation;

namespace {

constexpr std::size_t images =
    128;  // enough that the memory of a step does not fit the arena's smallest block

template <class Method, class Backend>
auto model_on(Backend backend) {
  dis::Model model{Method{}, backend, dis::test::SmallImage{}, dis::seed(0)};
  model.for_each_record([]<class T>(std::string const& name, std::vector<T>& values) {
    if (name == "partition.epochs" || name == "partition.risks") values.assign(1, T(0));
    if (name == "partition.subsets") {
      for (std::size_t i = 0; i < 2 * images; ++i) values.push_back(T(i < images));
    }
  });
  return model;
}

/// A step of `model` in which `first` images are in the first subset.
double step(auto& model, std::size_t number, std::size_t first) {
  dis::test::Bars const views[]{dis::test::Bars(images, 11 * number),
                                dis::test::Bars(images, 11 * number + 5)};
  std::vector<std::size_t> indices(images);
  for (std::size_t i = 0; i < images; ++i) indices[i] = i < first ? images + i : i;
  std::array<dis::Minibatch, 2> both{views[0].batch(), views[1].batch()};
  for (dis::Minibatch& batch : both) batch.indices = indices;
  return model.step(both, true).loss;
}

// equal for a while, then one subset larger than ever, then others
std::size_t const first_subset[]{64, 64, 64, 64, 128, 64, 64, 64, 64, 90, 40, 0, 127, 64};

template <class Method>
void check_method() {
  auto replayed = model_on<Method>(dis::backend::Cuda{});
  auto launched = model_on<Method>(dis::backend::Cuda{{.graphs = false}});
  auto cpu = model_on<Method>(dis::backend::Cpu{1});
  emulation::reset();
  std::size_t number = 0;
  for (std::size_t const first : first_subset) {
    CAPTURE(number);
    CAPTURE(first);
    std::size_t const allocated = emulation::counters().allocations,
                      graphs = emulation::counters().graph_launches;
    double const loss = step(replayed, number, first);
    if (number == 3) {  // a step as those before is a graph
      CHECK(emulation::counters().graph_launches == graphs + 1);
      CHECK(emulation::counters().allocations == allocated);
    }
    if (number == 4) {  // a graph as far as its memory went
      CHECK(emulation::counters().graph_launches == graphs + 1);
      CHECK(emulation::counters().allocations > allocated);
    }
    CHECK(loss == step(launched, number, first));
    CHECK(loss == doctest::Approx(step(cpu, number, first)).epsilon(1e-3));
    ++number;
  }
  CHECK(dis::test::everything(replayed) == dis::test::everything(launched));
}

}  // namespace

TEST_CASE("where a captured step wants memory after all, the capture ends there and the step goes on") {
  SUBCASE("IP-IRM") { check_method<dis::test::SmallIpIrm>(); }
  SUBCASE("with MixUp, whose subsets are encoded anew") { check_method<dis::test::SmallMixUp>(); }
}

TEST_CASE("pinned memory of uploads between steps is used again from its beginning") {
  dis::backend::Cuda backend;
  std::size_t const n = 786'432;  // 3 MiB: two fit what may be under way
  std::vector<float> const host(n, 1.0f);
  float* const p = backend.allocate(n);
  emulation::reset();
  for (int i = 0; i < 12; ++i) backend.upload(host.data(), p, n);
  CHECK(emulation::counters().pinned_allocations == 2);
  backend.deallocate(p, n);
  backend.synchronise();
}
