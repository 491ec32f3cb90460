// SPDX-License-Identifier: Apache-2.0
#include "launch.hpp"

#include "settings.hpp"
#include "streams.hpp"

#include <array>
#include <cstring>
#include <memory>

namespace {

constexpr std::size_t largest_functor = 4096;  // bytes of parameters that every kernel may have
constexpr unsigned most_threads = 1024, most_blocks = 0x7FFFFFFF;

struct alignas(256) Functor {
  std::array<std::byte, largest_functor> bytes;
};

}  // namespace

using namespace disentangle::emulation::detail;

int disentangle_cuda_emulation_launch(cudaStream_t stream, void (*run)(void const*), void const* functor,
                                      std::size_t size, unsigned blocks, unsigned threads) {
  return runtime_call("disentangle_cuda_emulation_launch", [&] {
    if (run == nullptr) return cudaErrorInvalidDeviceFunction;
    if (functor == nullptr || size == 0 || size > largest_functor) return cudaErrorInvalidValue;
    if (threads == 0 || threads > most_threads || blocks == 0 || blocks > most_blocks)
      return cudaErrorInvalidConfiguration;
    auto copy = std::make_shared<Functor>();
    std::memcpy(copy->bytes.data(), functor, size);
    Operation launch;
    launch.type = cudaGraphNodeTypeKernel;
    std::size_t const number = settings().counters.launches + settings().counters.captured + 1;
    launch.name = "kernel launch " + std::to_string(number);
    std::memcpy(&launch.function, &run, sizeof run);
    launch.parameters = {static_cast<std::int64_t>(size)};
    launch.run = [copy, run] { run(copy->bytes.data()); };
    bool const captured = is_captured(stream);
    cudaError_t const error = submit(stream, std::move(launch));
    if (error == cudaSuccess && !captured) ++settings().counters.launches;
    return error;
  });
}
