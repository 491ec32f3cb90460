// SPDX-License-Identifier: Apache-2.0
// The launch hook.
#include <tests/emulation/cuda/emulation.hpp>
#include <tests/emulation/cuda/support/device_array.hpp>

#include <array>
#include <doctest/doctest.h>

namespace emulation = disentangle::emulation;
using namespace emulation_test;

namespace {

template <std::size_t Bytes>
struct Sized {
  std::array<char, Bytes> bytes;
  void operator()() const {}
};

}  // namespace

TEST_CASE("A launch takes its functor as bytes, at the call") {
  emulation::reset();
  DeviceArray<int> const array(std::vector<int>{0, 0});
  int* const p = array.get();
  {
    int value = 41;
    auto const functor = [p, value] { p[1] = value + 1; };
    launch(nullptr, functor);
  }
  CHECK(array.values() == std::vector<int>{0, 42});
  CHECK(emulation::counters().launches == 1);
  CHECK(emulation::counters().executed >= 1);
}

TEST_CASE("Launches that a device refuses are refused") {
  emulation::reset();
  CHECK(try_launch(
            nullptr, [] {}, 0, 256) == cudaErrorInvalidConfiguration);
  CHECK(try_launch(
            nullptr, [] {}, 1, 0) == cudaErrorInvalidConfiguration);
  CHECK(try_launch(
            nullptr, [] {}, 1, 1025) == cudaErrorInvalidConfiguration);
  CHECK(try_launch(
            nullptr, [] {}, 0x80000000u, 1) == cudaErrorInvalidConfiguration);
  CHECK(cudaGetLastError() == cudaErrorInvalidConfiguration);
  CHECK(try_launch(
            nullptr, [] {}, 0x7FFFFFFFu, 1024) == cudaSuccess);
  CHECK(try_launch(nullptr, Sized<4096>{}) == cudaSuccess);
  CHECK(try_launch(nullptr, Sized<4097>{}) == cudaErrorInvalidValue);
  int const functor = 0;
  CHECK(disentangle_cuda_emulation_launch(nullptr, nullptr, &functor, sizeof functor, 1, 1) ==
        cudaErrorInvalidDeviceFunction);
  CHECK(emulation::counters().launches == 2);
  REQUIRE(cudaDeviceSynchronize() == cudaSuccess);
}

TEST_CASE("A stream that no longer exists is refused and told") {
  emulation::reset();
  cudaStream_t stream = nullptr;
  require(cudaStreamCreate(&stream));
  require(cudaStreamDestroy(stream));
  CHECK(try_launch(stream, [] {}) == cudaErrorInvalidResourceHandle);
  CHECK(cudaStreamSynchronize(stream) == cudaErrorInvalidResourceHandle);
  CHECK(cudaStreamDestroy(stream) == cudaErrorInvalidResourceHandle);
  CHECK_FALSE(emulation::take_reports().empty());
}
