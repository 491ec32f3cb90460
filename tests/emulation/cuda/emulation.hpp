// SPDX-License-Identifier: Apache-2.0
// What tests say to the host emulation of the CUDA libraries, and what they read from it. README.md says what
// is emulated and what is not.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

struct CUstream_st;

namespace disentangle::emulation {

/// When the operations of a stream run.
enum class Schedule {
  late,   ///< nothing runs before it is forced, and then only what is needed; the default
  early,  ///< everything runs at once, unless it waits for a stream that a test deferred
  /// a stream is late if an even number of others exist when it is created, else early: it runs ahead
  uneven
};

/// Takes effect on what is enqueued from now on. The environment variable DISENTANGLE_CUDA_SCHEDULE ("late",
/// "early" or "uneven") sets the one that a program starts with and that reset() returns to.
void set_schedule(Schedule schedule);
Schedule schedule();

/// Under any schedule this stream keeps its operations until something forces them.
void defer(CUstream_st* stream);

/// Number of devices, 1 at the start. With 0 every call fails as on a machine without a driver or device.
void set_device_count(int count);

/// Bytes of device memory, 2 GiB at the start; allocations count in units of 512 bytes.
void set_memory_limit(std::size_t bytes);

/// The call number `after` (0: the next one) of this function fails with this code, once; what it would have
/// done is not done. The name is the public one (cublasSgemm, not cublasSgemm_v2); launches are
/// disentangle_cuda_emulation_launch. The code is a cudaError_t, cublasStatus_t or cudnnStatus_t.
void inject_failure(std::string_view function, int code, std::size_t after = 0);

/// Failures injected and not yet met: 0 at the end of a test whose failure was really tested.
std::size_t injected_failures();

/// Number and bytes of copies.
struct Copies {
  std::size_t count = 0;
  std::size_t bytes = 0;
};

/// What was called since reset(). Calls during a stream capture count in `captured` alone, since they execute
/// nothing.
struct Counters {
  std::size_t launches = 0;  ///< kernels through the launch hook
  std::size_t gemms = 0;     ///< a batched one counts once
  std::size_t convolutions_forward = 0;
  std::size_t convolutions_backward_data = 0;
  std::size_t convolutions_backward_filter = 0;
  Copies to_device_pinned, to_device_pageable, to_host_pinned, to_host_pageable, on_device;
  std::size_t fills = 0;  ///< cudaMemset and its kin
  std::size_t stream_synchronisations = 0, event_synchronisations = 0, device_synchronisations = 0;
  std::size_t synchronous_copies = 0;      ///< cudaMemcpy, and asynchronous ones to pageable memory
  std::size_t allocations = 0, frees = 0;  ///< of device memory
  std::size_t pinned_allocations = 0, pinned_frees = 0;
  std::size_t captured = 0;  ///< operations that became nodes of a graph
  std::size_t graph_launches = 0, graph_instantiations = 0, graph_updates = 0;
  std::size_t executed = 0;  ///< operations, and nodes of graphs, that have run
  std::size_t convolutions() const {
    return convolutions_forward + convolutions_backward_data + convolutions_backward_filter;
  }
  std::size_t synchronisations() const {
    return stream_synchronisations + event_synchronisations + device_synchronisations + synchronous_copies;
  }
};
Counters const& counters();

/// What exists now. All zero once everything that a test made is destroyed.
struct Live {
  std::size_t allocations = 0, bytes = 0, pinned_allocations = 0, pinned_bytes = 0;
  std::size_t streams = 0, events = 0, graphs = 0, executable_graphs = 0;
  std::size_t blas_handles = 0, dnn_handles = 0, dnn_descriptors = 0;
  bool operator==(Live const&) const = default;
};
Live live();

/// Back to the start: counters, schedule, deferred streams, number of devices, memory limit, injected
/// failures and the last error. What exists and what is enqueued stays.
void reset();

/// Misuse that the real libraries answer with an error code (a double free) is answered so, and told on the
/// standard error output too. A program that has not taken such reports by its end, or that leaves something
/// alive, ends with status 1. Misuse that the real libraries leave undefined ends the program at once.
std::vector<std::string> take_reports();

/// Whether the address lies in the range of device memory, live or not.
bool is_device_address(void const* address);

}  // namespace disentangle::emulation
