// SPDX-License-Identifier: Apache-2.0
// Copies and fills: when host memory is read and written.
#include <tests/emulation/cuda/emulation.hpp>
#include <tests/emulation/cuda/support/device_array.hpp>
#include <tests/emulation/cuda/support/run_apart.hpp>

#include <cmath>
#include <doctest/doctest.h>
#include <numeric>

namespace emulation = disentangle::emulation;
using emulation::Schedule;
using namespace emulation_test;

namespace {

constexpr Schedule schedules[] = {Schedule::late, Schedule::early};

}  // namespace

TEST_CASE("A pinned buffer must stay as it is until its copy has run") {
  auto const program = [](bool mistaken) {
    return run_apart([=] {
      emulation::set_schedule(Schedule::late);
      OwnStream const stream;
      PinnedArray<float> const staging(2);
      DeviceArray<float> const device(2);
      staging[0] = 1;
      staging[1] = 2;
      require(cudaMemcpyAsync(device.get(), staging.get(), staging.bytes(), cudaMemcpyHostToDevice, stream));
      if (!mistaken) require(cudaStreamSynchronize(stream));
      staging[0] = 3;
      require(cudaStreamSynchronize(stream));
      require_apart(device.values() == std::vector<float>{1, 2});
    });
  };
  CHECK(program(false).well());
  CHECK(program(true).status == 3);
}

TEST_CASE("A pinned destination may not be read before its copy has run: it is poisoned until then") {
  auto const program = [](Schedule schedule, bool mistaken) {
    return run_apart([=] {
      emulation::set_schedule(schedule);
      OwnStream const stream;
      emulation::defer(stream);
      PinnedArray<float> const result(1);
      DeviceArray<float> const device(std::vector<float>{4});
      result[0] = 4;  // the right value, from the step before
      require(cudaMemcpyAsync(result.get(), device.get(), 4, cudaMemcpyDeviceToHost, stream));
      if (!mistaken) require(cudaStreamSynchronize(stream));
      require_apart(result[0] == 4);
    });
  };
  for (Schedule const schedule : schedules) {
    CHECK(program(schedule, false).well());
    CHECK(program(schedule, true).status == 3);
  }
}

TEST_CASE("A pinned buffer that is read and then written by the same stream keeps what is to be read") {
  for (Schedule const schedule : schedules) {
    emulation::reset();
    emulation::set_schedule(schedule);
    OwnStream const stream;
    PinnedArray<float> const buffer(1);
    DeviceArray<float> const device(1);
    float* const p = device.get();
    buffer[0] = 20;
    require(cudaMemcpyAsync(p, buffer.get(), 4, cudaMemcpyHostToDevice, stream));
    launch(stream, [p] { ++*p; });
    require(cudaMemcpyAsync(buffer.get(), p, 4, cudaMemcpyDeviceToHost, stream));
    require(cudaStreamSynchronize(stream));
    CHECK(buffer[0] == 21);
  }
}

TEST_CASE("Pageable memory is read at the call, and waited for when written") {
  for (Schedule const schedule : schedules) {
    emulation::reset();
    emulation::set_schedule(schedule);
    OwnStream const stream;
    emulation::defer(stream);
    DeviceArray<float> const device(1);
    float value = 8;
    require(cudaMemcpyAsync(device.get(), &value, 4, cudaMemcpyHostToDevice, stream));
    value = 9;
    CHECK(cudaStreamQuery(stream) == cudaErrorNotReady);
    require(cudaMemcpyAsync(&value, device.get(), 4, cudaMemcpyDeviceToHost, stream));
    CHECK(value == 8);
    CHECK(emulation::counters().synchronous_copies == 1);
  }
}

TEST_CASE("cudaMemcpy waits for blocking streams, not for others") {
  for (Schedule const schedule : schedules) {
    emulation::reset();
    emulation::set_schedule(schedule);
    OwnStream const blocking(cudaStreamDefault), free;
    emulation::defer(blocking);
    emulation::defer(free);
    DeviceArray<float> const a(std::vector<float>{1}), b(std::vector<float>{1});
    float *const p = a.get(), *const q = b.get();
    launch(blocking, [p] { *p = 2; });
    launch(free, [q] { *q = 2; });
    float value = 0;
    require(cudaMemcpy(&value, p, 4, cudaMemcpyDeviceToHost));
    CHECK(value == 2);
    require(cudaMemcpy(&value, q, 4, cudaMemcpyDeviceToHost));
    CHECK(value == 1);  // stale
    require(cudaDeviceSynchronize());
  }
}

TEST_CASE("Directions: found out by default, refused when wrong") {
  emulation::reset();
  DeviceArray<float> const a(std::vector<float>{1, 2}), b(2);
  float host[2] = {};
  PinnedArray<float> const pinned(2);
  require(cudaMemcpy(b.get(), a.get(), 8, cudaMemcpyDefault));
  require(cudaMemcpy(host, b.get(), 8, cudaMemcpyDefault));
  CHECK(host[1] == 2);
  require(cudaMemcpy(pinned.get(), host, 8, cudaMemcpyDefault));
  CHECK(pinned[1] == 2);
  CHECK(cudaMemcpy(a.get(), host, 8, cudaMemcpyDeviceToHost) == cudaErrorInvalidValue);
  CHECK(cudaMemcpy(host, a.get(), 8, cudaMemcpyHostToDevice) == cudaErrorInvalidValue);
  CHECK(cudaMemcpy(host, host, 8, cudaMemcpyDeviceToDevice) == cudaErrorInvalidValue);
  CHECK(cudaMemcpy(host, a.get(), 12, cudaMemcpyDeviceToHost) == cudaErrorInvalidValue);  // beyond the end
  CHECK(cudaMemcpy(host, nullptr, 8, cudaMemcpyDefault) == cudaErrorInvalidValue);
  CHECK(cudaMemset(a.get(), 0, 9) == cudaErrorInvalidValue);
  CHECK(cudaMemset(host, 0, 8) == cudaErrorInvalidValue);
  CHECK(emulation::take_reports().size() == 6);
}

TEST_CASE("Fills and copies of rows") {
  emulation::reset();
  std::vector<int> numbers(12);
  std::iota(numbers.begin(), numbers.end(), 0);
  DeviceArray<int> const from(numbers), to(std::vector<int>(6, -1));
  // The middle two of four columns of three rows.
  require(cudaMemcpy2DAsync(to.get(), 8, from.get() + 1, 16, 8, 3, cudaMemcpyDeviceToDevice, nullptr));
  CHECK(to.values() == std::vector<int>{1, 2, 5, 6, 9, 10});
  CHECK(cudaMemcpy2DAsync(to.get(), 4, from.get(), 16, 8, 3, cudaMemcpyDeviceToDevice, nullptr) ==
        cudaErrorInvalidPitchValue);
  require(cudaMemsetAsync(to.get() + 1, 0xFF, 8, nullptr));
  CHECK(to.values() == std::vector<int>{1, -1, -1, 6, 9, 10});
  CHECK(emulation::counters().fills == 1);
}

TEST_CASE("Copies are counted by direction and kind of memory") {
  emulation::reset();
  OwnStream const stream;
  DeviceArray<char> const a(100), b(100);
  PinnedArray<char> const pinned(100);
  char pageable[100] = {};
  require(cudaMemcpyAsync(a.get(), pinned.get(), 10, cudaMemcpyHostToDevice, stream));
  require(cudaMemcpyAsync(a.get(), pageable, 20, cudaMemcpyHostToDevice, stream));
  require(cudaMemcpyAsync(b.get(), a.get(), 15, cudaMemcpyDeviceToDevice, stream));
  require(cudaMemcpyAsync(pinned.get(), a.get(), 7, cudaMemcpyDeviceToHost, stream));
  require(cudaMemcpyAsync(pageable, a.get(), 9, cudaMemcpyDeviceToHost, stream));
  auto const& counters = emulation::counters();
  CHECK(counters.to_device_pinned.bytes == 10);
  CHECK(counters.to_device_pageable.bytes == 20);
  CHECK(counters.on_device.bytes == 15);
  CHECK(counters.to_host_pinned.bytes == 7);
  CHECK(counters.to_host_pageable.bytes == 9);
  CHECK(counters.to_host_pageable.count == 1);
}
