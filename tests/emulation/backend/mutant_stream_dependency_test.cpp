// SPDX-License-Identifier: Apache-2.0
// The backend without its waits between streams: steps then compute with images that have not arrived, or
// that have already been replaced, and the emulation must show it under one schedule or the other.
#include <cstdlib>
#include <vector>

#include <doctest/doctest.h>

#include <cuda_runtime_api.h>

namespace {

enum class Mutation { none, steps_do_not_wait, uploads_do_not_wait } mutation = Mutation::none;
cudaStream_t step_stream = nullptr;  // of the backend under test
int waits = 0;

cudaError_t wait_unless_mutated(cudaStream_t stream, cudaEvent_t event, unsigned flags) {
  bool const of_step = stream == step_stream;
  bool const warm = ++waits > 8;  // the buffers are there
  if (mutation == Mutation::steps_do_not_wait && of_step && warm) return cudaSuccess;
  if (mutation == Mutation::uploads_do_not_wait && !of_step && warm) return cudaSuccess;
  return cudaStreamWaitEvent(stream, event, flags);
}

}  // namespace

#define cudaStreamWaitEvent wait_unless_mutated
#include <disentangle/backend/cuda/cuda.hpp>

#include "small_runs.hpp"
#include "tests/emulation/cuda/emulation.hpp"
#include "tests/emulation/cuda/support/run_apart.hpp"

namespace dis = disentangle;
namespace emulation = disentangle::emulation;

namespace {

/// What 12 steps leave under a schedule; under the early one the steps themselves are deferred. Empty if a
/// loss was NaN.
std::vector<double> parameters(emulation::Schedule schedule) {
  emulation::set_schedule(schedule);
  dis::backend::Cuda backend;
  step_stream = backend.stream();
  waits = 0;
  if (schedule == emulation::Schedule::early) emulation::defer(backend.stream());
  dis::Model model{dis::test::SmallTcVae{}, backend, dis::test::SmallImage{}, dis::seed(3)};
  std::vector<double> found;
  try {
    found = dis::test::run(model, 12);
  } catch (dis::NumericalError const&) {
  }
  emulation::reset();
  return found;
}

/// Whether 12 steps with a mutation end the program or leave other parameters than they should.
bool shows(Mutation kind, emulation::Schedule schedule, std::vector<double> const& expected) {
  auto const ending = emulation_test::run_apart([&] {
    mutation = kind;
    if (parameters(schedule) != expected) std::_Exit(3);
  });
  return !ending.well();
}

}  // namespace

TEST_CASE("a wait that is missing between streams shows") {
  using emulation::Schedule;
  auto const expected = parameters(Schedule::late);
  REQUIRE(!expected.empty());
  CHECK(expected == parameters(Schedule::early));
  CHECK(!shows(Mutation::none, Schedule::late, expected));
  CHECK(!shows(Mutation::none, Schedule::early, expected));
  CHECK(shows(Mutation::steps_do_not_wait, Schedule::late, expected));     // the images have not arrived
  CHECK(shows(Mutation::uploads_do_not_wait, Schedule::early, expected));  // they have been replaced already
}
