// SPDX-License-Identifier: Apache-2.0
// Device memory of the emulation: addresses, poison, canaries, limits, reports.
#include <tests/emulation/cuda/emulation.hpp>
#include <tests/emulation/cuda/support/device_array.hpp>
#include <tests/emulation/cuda/support/run_apart.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <doctest/doctest.h>

namespace emulation = disentangle::emulation;
using namespace emulation_test;

TEST_CASE("Fresh device memory is NaN in float and in double, and aligned to 256 bytes") {
  emulation::reset();
  for (std::size_t const size : {1u, 7u, 256u, 1000u, 4096u, 5000u}) {
    DeviceArray<float> const floats(size);
    DeviceArray<double> const doubles(size);
    CHECK(reinterpret_cast<std::uintptr_t>(floats.get()) % 256 == 0);
    CHECK(emulation::is_device_address(floats.get()));
    for (float const value : floats.values()) CHECK(std::isnan(value));
    for (double const value : doubles.values()) CHECK(std::isnan(value));
  }
  CHECK(emulation::live() == emulation::Live{});
}

TEST_CASE("Fresh memory of both kinds holds the poison in every word") {
  emulation::reset();
  constexpr std::uint32_t poison = 0x7FF4DEAD;
  CHECK(DeviceArray<std::uint32_t>(5).values() == std::vector<std::uint32_t>(5, poison));
  constexpr std::size_t words = std::size_t{10} << 20;  // so large that it comes from the kernel, as zeros
  PinnedArray<std::uint32_t> const pinned(words);
  CHECK(std::all_of(pinned.get(), pinned.get() + words, [](std::uint32_t word) { return word == poison; }));
}

TEST_CASE("The host may not touch device memory; device work may") {
  auto const program = [](bool mistaken) {
    return run_apart([mistaken] {
      DeviceArray<float> const array(std::vector<float>{1, 2, 3});
      float value = 0;
      if (mistaken) value = array.get()[2];
      else require(cudaMemcpy(&value, array.get() + 2, sizeof value, cudaMemcpyDeviceToHost));
      require_apart(value == 3);
    });
  };
  CHECK(program(false).well());
  auto const ending = program(true);
  CHECK_FALSE(ending.normal);
  CHECK(ending.says("[cuda emulation] the host read or wrote device memory at 0x"));
  CHECK(ending.says("byte 8 of an allocation of 12 bytes"));
  auto const written = run_apart([] { *DeviceArray<float>(3).get() = 1; });
  CHECK_FALSE(written.normal);
  CHECK(written.says("byte 0 of an allocation of 12 bytes"));
}

TEST_CASE("The host may not touch device memory after work has run there") {
  auto const ending = run_apart([] {
    DeviceArray<float> const array(std::vector<float>{1, 2, 3});
    float* const p = array.get();
    launch(nullptr, [p] { p[0] = 5; });
    require(cudaDeviceSynchronize());
    p[0] = 6;
  });
  CHECK_FALSE(ending.normal);
  CHECK(ending.says("the host read or wrote device memory"));
}

TEST_CASE("A kernel that writes beyond its allocation is caught") {
  for (std::ptrdiff_t const index : {-1, 3, 63, 64, 2000, -2000}) {
    CAPTURE(index);
    auto const program = [](std::ptrdiff_t at) {
      return run_apart([at] {
        DeviceArray<float> const array(3);
        float* const p = array.get();
        launch(nullptr, [p, at] { p[at] = 1; });
        require(cudaDeviceSynchronize());
      });
    };
    CHECK(program(1).well());
    auto const ending = program(index);
    CHECK_FALSE(ending.well());
    bool const told = ending.says("kernel launch 1 wrote outside an allocation of 12 bytes") ||
                      ending.says("device work of kernel launch 1 read or wrote") ||
                      ending.says("use-after-poison");  // of address sanitizer, which knows the gaps
    CHECK_MESSAGE(told, ending.errors);
  }
}

TEST_CASE("A kernel that reads beyond its allocation gets NaN, or is caught") {
  auto const ending = run_apart([] {
    DeviceArray<float> const array(std::vector<float>{1, 2, 3}), sum(std::vector<float>{0});
    float *const p = array.get(), *const to = sum.get();
    launch(nullptr, [p, to] { *to = p[0] + p[1] + p[2] + p[3]; });
    require_apart(std::isnan(sum.values()[0]));
  });
  bool const told = ending.well() || ending.says("use-after-poison");
  CHECK_MESSAGE(told, ending.errors);
}

TEST_CASE("Memory is not usable after it was freed") {
  auto const program = [](bool mistaken) {
    return run_apart([mistaken] {
      OwnStream const stream;
      float* p = nullptr;
      require(cudaMallocAsync(reinterpret_cast<void**>(&p), 4096, stream));
      if (mistaken) require(cudaFreeAsync(p, stream));
      launch(stream, [p] { p[5] = 1; });
      if (!mistaken) require(cudaFreeAsync(p, stream));
      require(cudaStreamSynchronize(stream));
    });
  };
  CHECK(program(false).well());
  auto const ending = program(true);
  CHECK_FALSE(ending.normal);
  CHECK(ending.says("read or wrote 0x"));
  CHECK(ending.says("byte 20 of an allocation of 4096 bytes that is freed"));

  auto const after_free = run_apart([] {
    float* p = nullptr;
    require(cudaMalloc(reinterpret_cast<void**>(&p), 4096));
    require(cudaFree(p));
    launch(nullptr, [p] { p[5] = 1; });
    require(cudaDeviceSynchronize());
  });
  CHECK_FALSE(after_free.normal);
  CHECK(after_free.says("that is freed"));
}

TEST_CASE("Memory of cudaMallocAsync is usable only in the order of its stream") {
  auto const program = [](bool mistaken) {
    return run_apart([mistaken] {
      OwnStream const stream, other;
      OwnEvent const event;
      emulation::defer(stream);
      float* p = nullptr;
      require(cudaMallocAsync(reinterpret_cast<void**>(&p), 64, stream));
      require(cudaEventRecord(event, stream));
      if (!mistaken) require(cudaStreamWaitEvent(other, event, 0));
      launch(other, [p] { p[5] = 1; });
      require(cudaStreamSynchronize(other));
    });
  };
  CHECK(program(false).well());
  auto const ending = program(true);
  CHECK_FALSE(ending.normal);
  CHECK(ending.says("that its stream has not yet reached"));
}

TEST_CASE("cudaFree waits for what still uses the memory") {
  emulation::reset();
  OwnStream const stream;
  DeviceArray<float> const kept(std::vector<float>{0});
  float* freed = nullptr;
  require(cudaMalloc(reinterpret_cast<void**>(&freed), 4));
  float* const p = kept.get();
  launch(stream, [freed, p] { *p = std::isnan(*freed) ? 7 : 8; });
  require(cudaFree(freed));
  CHECK(kept.values() == std::vector<float>{7});
}

TEST_CASE("Device memory ends at the limit, and comes back when it is freed") {
  emulation::reset();
  emulation::set_memory_limit(4096);
  std::size_t free = 0, total = 0;
  require(cudaMemGetInfo(&free, &total));
  CHECK(free == 4096);
  CHECK(total == 4096);
  void *first = nullptr, *second = &total;
  require(cudaMalloc(&first, 2049));  // in units of 512 bytes
  require(cudaMemGetInfo(&free, &total));
  CHECK(free == 4096 - 2560);
  CHECK(cudaMalloc(&second, 2048) == cudaErrorMemoryAllocation);
  CHECK(second == nullptr);
  CHECK(cudaPeekAtLastError() == cudaErrorMemoryAllocation);
  CHECK(cudaGetLastError() == cudaErrorMemoryAllocation);
  CHECK(cudaGetLastError() == cudaSuccess);
  require(cudaFree(first));
  require(cudaMalloc(&second, 4096));
  require(cudaFree(second));
  CHECK(cudaMalloc(&second, ~std::size_t{0}) == cudaErrorMemoryAllocation);
  CHECK(emulation::counters().allocations == 2);
  CHECK(emulation::counters().frees == 2);
}

TEST_CASE("What a stream has freed before can be allocated again in its order") {
  emulation::reset();
  emulation::set_memory_limit(4096);
  OwnStream const stream;
  void *first = nullptr, *second = nullptr, *third = nullptr;
  require(cudaMallocAsync(&first, 4096, stream));
  require(cudaFreeAsync(first, stream));
  require(cudaMallocAsync(&second, 4096, stream));
  CHECK(cudaMallocAsync(&third, 1, stream) == cudaErrorMemoryAllocation);
  require(cudaFreeAsync(second, stream));
  require(cudaStreamSynchronize(stream));
}

TEST_CASE("Wrong frees get the error of the real library and are told") {
  emulation::reset();
  void* p = nullptr;
  require(cudaMalloc(&p, 100));
  int local = 0;
  CHECK(cudaFree(&local) == cudaErrorInvalidValue);
  CHECK(cudaFree(static_cast<char*>(p) + 8) == cudaErrorInvalidValue);
  require(cudaFree(p));
  CHECK(cudaFree(p) == cudaErrorInvalidValue);
  CHECK(cudaFreeHost(&local) == cudaErrorInvalidValue);
  CHECK(cudaFree(nullptr) == cudaSuccess);
  OwnStream const stream;
  require(cudaMallocAsync(&p, 100, stream));
  require(cudaFreeAsync(p, stream));
  CHECK(cudaFreeAsync(p, stream) == cudaErrorInvalidValue);
  auto const reports = emulation::take_reports();
  REQUIRE(reports.size() == 5);
  CHECK(reports[0].find("is not device memory") != std::string::npos);
  CHECK(reports[2].find("is freed already") != std::string::npos);
  CHECK(emulation::take_reports().empty());
}

TEST_CASE("A program that leaves something alive, or ends with a report, fails") {
  auto const nothing = run_apart([] { DeviceArray<float> const array(3); }, End::as_usual);
  CHECK(nothing.well());
  auto const leak = run_apart(
      [] {
        void* p = nullptr;
        require(cudaMalloc(&p, 100));
        cudaStream_t stream = nullptr;
        require(cudaStreamCreate(&stream));
      },
      End::as_usual);
  CHECK(leak.normal);
  CHECK(leak.status == 1);
  CHECK(leak.says("left alive at the end of the program: 1 allocations of device memory"));
  CHECK(leak.says("1 streams"));
  auto const twice = run_apart(
      [] {
        void* p = nullptr;
        require(cudaMalloc(&p, 100));
        require(cudaFree(p));
        static_cast<void>(cudaFree(p));
      },
      End::as_usual);
  CHECK(twice.status == 1);
}

TEST_CASE("What exists is counted") {
  emulation::reset();
  {
    DeviceArray<float> const array(100);
    PinnedArray<char> const pinned(10);
    OwnStream const stream;
    OwnEvent const event;
    auto const live = emulation::live();
    CHECK(live.allocations == 1);
    CHECK(live.bytes == 400);
    CHECK(live.pinned_allocations == 1);
    CHECK(live.pinned_bytes == 10);
    CHECK(live.streams == 1);
    CHECK(live.events == 1);
  }
  CHECK(emulation::live() == emulation::Live{});
}

TEST_CASE("Attributes of pointers") {
  emulation::reset();
  DeviceArray<float> const array(4);
  PinnedArray<float> const pinned(4);
  float local = 0;
  cudaPointerAttributes attributes;
  require(cudaPointerGetAttributes(&attributes, array.get() + 3));
  CHECK(attributes.type == cudaMemoryTypeDevice);
  require(cudaPointerGetAttributes(&attributes, pinned.get() + 3));
  CHECK(attributes.type == cudaMemoryTypeHost);
  require(cudaPointerGetAttributes(&attributes, &local));
  CHECK(attributes.type == cudaMemoryTypeUnregistered);
}

TEST_CASE("A fault that has nothing to do with the device is none of the emulation's") {
  auto const ending = run_apart([] {
    DeviceArray<float> const array(1);
    std::raise(SIGSEGV);
  });
  CHECK_FALSE(ending.normal);
  CHECK_FALSE(ending.says("device memory"));
}
