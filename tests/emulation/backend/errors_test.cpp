// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <doctest/doctest.h>

#include <disentangle/backend/cuda/cuda.hpp>

#include "small_runs.hpp"
#include "tests/emulation/cuda/emulation.hpp"

namespace dis = disentangle;
namespace emulation = disentangle::emulation;
using dis::backend::Cuda;

namespace {

template <class Error, class F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (Error const& error) {
    return error.what();
  }
  return "nothing was thrown";
}
bool contains(std::string const& text, char const* part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("without a device the message says what is missing in one line") {
  emulation::set_device_count(0);
  auto const text = message_of<dis::CudaError>([] { Cuda{}; });
  CAPTURE(text);
  CHECK(text == dis::backend::cuda::missing_device());
  CHECK(text.rfind("no CUDA device: cudaErrorNoDevice: ", 0) == 0);
  CHECK(!contains(text, "\n"));
  emulation::reset();
  CHECK(dis::backend::cuda::missing_device().empty());
}

TEST_CASE("options that do not fit name what was found and expected") {
  CHECK(message_of<dis::CudaError>([] { Cuda{{.device = 3}}; }) == "CUDA: found device 3, expected 0 .. 0");
  CHECK(message_of<dis::ValueError>([] { Cuda{{.read_back_every = 0}}; }) ==
        "CUDA: read_back_every is 0, expected at least 1");
}

TEST_CASE("running out of memory names the requested and the free size") {
  Cuda backend;
  std::size_t const before = emulation::live().bytes;
  emulation::set_memory_limit(before + (std::size_t{16} << 20));
  auto const text = message_of<dis::CudaMemoryError>([&] { backend.allocate(std::size_t{24} << 20); });
  CAPTURE(text);
  CHECK(contains(text, "out of memory on device 0: requested 96.0 MiB, free 16.0 MiB of "));
  float* const p = backend.allocate(1024);  // the device is usable afterwards
  backend.deallocate(p, 1024);
  backend.synchronise();
  emulation::reset();
}

TEST_CASE("a failed call throws its text, its file and its line") {
  Cuda backend;
  float* const p = backend.allocate(64);
  emulation::inject_failure("cublasSgemm", CUBLAS_STATUS_EXECUTION_FAILED);
  auto text = message_of<dis::CudaError>([&] {
    backend.multiply(4, 4, 4, p, {4, 1}, p + 16, {4, 1}, p + 32, {4, 1}, false);
  });
  CAPTURE(text);
  CHECK(contains(text, "backend/cuda/gemm.hpp:"));
  CHECK(contains(text, "cublas_gemm("));
  CHECK(contains(text, "failed: "));
  emulation::inject_failure("disentangle_cuda_emulation_launch", cudaErrorLaunchOutOfResources);
  text = message_of<dis::CudaError>([&] { backend.fill(p, 64, 1.0f); });
  CAPTURE(text);
  CHECK(contains(text, "cudaErrorLaunchOutOfResources"));
  CHECK(emulation::injected_failures() == 0);
  backend.deallocate(p, 64);
}

TEST_CASE("a step that fails leaves a backend that can go on") {
  dis::Model model{dis::test::SmallTcVae{}, Cuda{}, dis::test::SmallImage{}, dis::seed(3)};
  dis::test::run(model, 6);  // the next step is captured
  emulation::inject_failure("cublasSgemm", CUBLAS_STATUS_EXECUTION_FAILED, 2);
  CHECK_THROWS_AS(model.step(dis::test::bars(6)), dis::CudaError);
  CHECK(emulation::injected_failures() == 0);
  model.step(dis::test::bars(6), true);
  model.step(dis::test::bars(7), true);
  CHECK(std::isfinite(model.read_back().loss));
}

TEST_CASE("everything is given back") {
  auto const before = emulation::live();
  {
    dis::Model model{dis::test::SmallTcVae{}, Cuda{}, dis::test::SmallImage{}, dis::seed(3)};
    dis::test::run(model, 6);
    CHECK(!(emulation::live() == before));
  }
  CHECK(emulation::live() == before);
}
