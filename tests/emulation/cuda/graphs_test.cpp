// SPDX-License-Identifier: Apache-2.0
// Capture of streams, graphs and their updates.
#include <tests/emulation/cuda/emulation.hpp>
#include <tests/emulation/cuda/support/device_array.hpp>

#include <cmath>
#include <doctest/doctest.h>

namespace emulation = disentangle::emulation;
using emulation::Schedule;
using namespace emulation_test;

namespace {

constexpr Schedule schedules[] = {Schedule::late, Schedule::early};

auto append(int* number, int digit) {
  return [number, digit] { *number = *number * 10 + digit; };
}

class Graph {
 public:
  Graph() = default;
  Graph(Graph const&) = delete;
  Graph& operator=(Graph const&) = delete;
  ~Graph() {
    if (graph_) cudaGraphDestroy(graph_);
  }
  operator cudaGraph_t() const { return graph_; }
  cudaGraph_t* operator&() { return &graph_; }

 private:
  cudaGraph_t graph_ = nullptr;
};

class Executable {
 public:
  explicit Executable(cudaGraph_t graph) { require(cudaGraphInstantiate(&executable_, graph, 0)); }
  Executable(Executable const&) = delete;
  Executable& operator=(Executable const&) = delete;
  ~Executable() { cudaGraphExecDestroy(executable_); }
  operator cudaGraphExec_t() const { return executable_; }

 private:
  cudaGraphExec_t executable_ = nullptr;
};

template <class Body>
void capture(cudaStream_t stream, Graph& graph, Body body) {
  require(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
  body();
  require(cudaStreamEndCapture(stream, &graph));
}

/// What the capture ends with after the call.
template <class Call>
cudaError_t end_after(cudaStream_t stream, Call call) {
  require(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
  call();
  cudaStreamCaptureStatus status;
  require(cudaStreamIsCapturing(stream, &status));
  cudaGraph_t graph = nullptr;
  cudaError_t const error = cudaStreamEndCapture(stream, &graph);
  CHECK((status == cudaStreamCaptureStatusInvalidated) == (error == cudaErrorStreamCaptureInvalidated));
  CHECK((graph == nullptr) == (error != cudaSuccess));
  if (graph != nullptr) cudaGraphDestroy(graph);
  return error;
}

}  // namespace

TEST_CASE("A captured step executes nothing, and each launch of its graph executes it once") {
  for (Schedule const schedule : schedules) {
    emulation::reset();
    emulation::set_schedule(schedule);
    OwnStream const stream;
    DeviceArray<int> const number(std::vector<int>{0});
    PinnedArray<int> const result(1);
    Graph graph;
    capture(stream, graph, [&] {
      launch(stream, append(number.get(), 1));
      launch(stream, append(number.get(), 2));
      require(cudaMemcpyAsync(result.get(), number.get(), 4, cudaMemcpyDeviceToHost, stream));
    });
    CHECK(emulation::counters().captured == 3);
    CHECK(emulation::counters().launches == 0);
    CHECK(emulation::counters().to_host_pinned.count == 0);
    CHECK(number.values() == std::vector<int>{0});
    std::size_t nodes = 0;
    require(cudaGraphGetNodes(graph, nullptr, &nodes));
    CHECK(nodes == 3);
    std::vector<cudaGraphNode_t> all(nodes);
    require(cudaGraphGetNodes(graph, all.data(), &nodes));
    cudaGraphNodeType type;
    require(cudaGraphNodeGetType(all[2], &type));
    CHECK(type == cudaGraphNodeTypeMemcpy);
    Executable const executable(graph);
    require(cudaGraphLaunch(executable, stream));
    require(cudaGraphLaunch(executable, stream));
    require(cudaStreamSynchronize(stream));
    CHECK(result[0] == 1212);
    CHECK(emulation::counters().graph_instantiations == 1);
    CHECK(emulation::counters().graph_launches == 2);
  }
}

TEST_CASE("The pinned destination of a graph is poisoned at its launch") {
  emulation::reset();
  OwnStream const stream;
  DeviceArray<float> const device(std::vector<float>{4});
  PinnedArray<float> const result(1);
  result[0] = 4;
  Graph graph;
  capture(stream, graph,
          [&] { require(cudaMemcpyAsync(result.get(), device.get(), 4, cudaMemcpyDeviceToHost, stream)); });
  CHECK(result[0] == 4);
  Executable const executable(graph);
  emulation::defer(stream);
  require(cudaGraphLaunch(executable, stream));
  CHECK(std::isnan(result[0]));
  require(cudaStreamSynchronize(stream));
  CHECK(result[0] == 4);
}

TEST_CASE("Parameters of kernels are those of the capture, or of the last update before the launch") {
  emulation::reset();
  emulation::set_schedule(Schedule::late);
  OwnStream const stream;
  DeviceArray<int> const number(std::vector<int>{0});
  Graph one, two;
  capture(stream, one, [&] { launch(stream, append(number.get(), 1)); });
  capture(stream, two, [&] { launch(stream, append(number.get(), 2)); });
  Executable const executable(one);
  require(cudaGraphLaunch(executable, stream));
  cudaGraphExecUpdateResultInfo information;
  require(cudaGraphExecUpdate(executable, two, &information));
  CHECK(information.result == cudaGraphExecUpdateSuccess);
  require(cudaGraphLaunch(executable, stream));  // the launch before keeps its own
  require(cudaStreamSynchronize(stream));
  CHECK(number.values() == std::vector<int>{12});
  CHECK(emulation::counters().graph_updates == 1);
}

TEST_CASE("An update needs the same nodes in the same order") {
  emulation::reset();
  OwnStream const stream;
  DeviceArray<int> const a(std::vector<int>{0}), b(std::vector<int>{0});
  PinnedArray<int> const host(4);
  Graph graph;
  capture(stream, graph, [&] {
    launch(stream, append(a.get(), 1));
    require(cudaMemcpyAsync(b.get(), a.get(), 4, cudaMemcpyDeviceToDevice, stream));
  });
  Executable const executable(graph);
  auto const update_with = [&](auto body) {
    Graph other;
    capture(stream, other, body);
    cudaGraphExecUpdateResultInfo information;
    cudaError_t const error = cudaGraphExecUpdate(executable, other, &information);
    CHECK((error == cudaSuccess) == (information.result == cudaGraphExecUpdateSuccess));
    CHECK((error == cudaErrorGraphExecUpdateFailure) == (information.result != cudaGraphExecUpdateSuccess));
    return information.result;
  };
  auto const copy = [&](void* to, void const* from, std::size_t bytes) {
    require(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream));
  };
  CHECK(update_with([&] {
          launch(stream, append(b.get(), 2));
          copy(a.get(), b.get(), 4);
        }) == cudaGraphExecUpdateSuccess);
  CHECK(update_with([&] { launch(stream, append(b.get(), 2)); }) == cudaGraphExecUpdateErrorTopologyChanged);
  CHECK(update_with([&] {
          copy(a.get(), b.get(), 4);
          launch(stream, append(b.get(), 2));
        }) == cudaGraphExecUpdateErrorNodeTypeChanged);
  int* const p = b.get();
  CHECK(update_with([&] {
          launch(stream, [p] { *p = 1; });
          copy(a.get(), b.get(), 4);
        }) == cudaGraphExecUpdateErrorFunctionChanged);
  CHECK(update_with([&] {
          launch(stream, append(b.get(), 2));
          copy(a.get(), b.get(), 2);
        }) == cudaGraphExecUpdateErrorParametersChanged);
  CHECK(update_with([&] {
          launch(stream, append(b.get(), 2));
          copy(host.get(), b.get(), 4);
        }) == cudaGraphExecUpdateErrorParametersChanged);
}

TEST_CASE("What may not be done during a capture is refused and ends it") {
  emulation::reset();
  OwnStream const stream;
  OwnEvent const event, outside;
  DeviceArray<float> const device(4);
  PinnedArray<float> const pinned(4);
  float pageable[4] = {};
  require(cudaEventRecord(outside, nullptr));
  constexpr auto unsupported = cudaErrorStreamCaptureUnsupported;
  constexpr auto invalidated = cudaErrorStreamCaptureInvalidated;
  void* p = nullptr;
  CHECK(end_after(stream, [] {}) == cudaSuccess);
  CHECK(end_after(stream, [&] { CHECK(cudaMalloc(&p, 4) == unsupported); }) == invalidated);
  CHECK(end_after(stream, [&] { CHECK(cudaMallocAsync(&p, 4, stream) == unsupported); }) == invalidated);
  CHECK(end_after(stream, [&] { CHECK(cudaFree(device.get()) == unsupported); }) == invalidated);
  CHECK(end_after(stream, [&] { CHECK(cudaFreeAsync(device.get(), stream) == unsupported); }) == invalidated);
  CHECK(end_after(stream, [&] { CHECK(cudaHostAlloc(&p, 4, 0) == unsupported); }) == invalidated);
  CHECK(end_after(stream, [&] { CHECK(cudaStreamSynchronize(stream) == unsupported); }) == invalidated);
  CHECK(end_after(stream, [&] { CHECK(cudaStreamQuery(stream) == unsupported); }) == invalidated);
  CHECK(end_after(stream, [&] { CHECK(cudaDeviceSynchronize() == unsupported); }) == invalidated);
  CHECK(end_after(stream, [&] {
          CHECK(cudaMemcpy(pageable, device.get(), 4, cudaMemcpyDefault) == unsupported);
        }) == invalidated);
  CHECK(end_after(stream, [&] {
          CHECK(cudaMemcpyAsync(pageable, device.get(), 4, cudaMemcpyDefault, stream) == unsupported);
        }) == invalidated);
  CHECK(end_after(stream, [&] {
          require(cudaEventRecord(event, stream));
          CHECK(cudaEventSynchronize(event) == cudaErrorCapturedEvent);
        }) == invalidated);
  CHECK(end_after(stream, [&] {
          CHECK(cudaStreamWaitEvent(stream, outside, 0) == cudaErrorStreamCaptureIsolation);
        }) == invalidated);
  CHECK(end_after(stream, [&] {
          CHECK(cudaStreamSynchronize(stream) == unsupported);
          CHECK(try_launch(stream, [] {}) == invalidated);
        }) == invalidated);
  CHECK(p == nullptr);
  // Allowed: what only enqueues.
  CHECK(end_after(stream, [&] {
          launch(stream, [] {});
          require(cudaMemsetAsync(device.get(), 0, 16, stream));
          require(cudaMemcpyAsync(pinned.get(), device.get(), 16, cudaMemcpyDefault, stream));
        }) == cudaSuccess);
}

TEST_CASE("Captures begin and end where they may") {
  emulation::reset();
  OwnStream const stream, blocking(cudaStreamDefault);
  cudaGraph_t graph = nullptr;
  CHECK(cudaStreamBeginCapture(nullptr, cudaStreamCaptureModeGlobal) == cudaErrorStreamCaptureUnsupported);
  CHECK(cudaStreamEndCapture(stream, &graph) == cudaErrorIllegalState);
  require(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
  CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal) == cudaErrorIllegalState);
  require(cudaStreamEndCapture(stream, &graph));
  require(cudaGraphDestroy(graph));
  CHECK(cudaGraphDestroy(graph) == cudaErrorInvalidValue);
  CHECK(emulation::take_reports().size() == 1);
  // The legacy default stream would wait for a blocking stream that is captured.
  require(cudaStreamBeginCapture(blocking, cudaStreamCaptureModeRelaxed));
  CHECK(try_launch(nullptr, [] {}) == cudaErrorStreamCaptureImplicit);
  CHECK(cudaStreamEndCapture(blocking, &graph) == cudaErrorStreamCaptureInvalidated);
  // In the relaxed mode, calls that may wait are the caller's affair.
  void* p = nullptr;
  require(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed));
  require(cudaMalloc(&p, 4));
  require(cudaStreamEndCapture(stream, &graph));
  require(cudaGraphDestroy(graph));
  require(cudaFree(p));
}

TEST_CASE("A capture follows events into other streams, which must come back") {
  emulation::reset();
  OwnStream const stream, branch;
  OwnEvent const fork, join;
  DeviceArray<int> const a(std::vector<int>{0}), b(std::vector<int>{0});
  auto const record = [&](bool joined) {
    require(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
    launch(stream, append(a.get(), 1));
    require(cudaEventRecord(fork, stream));
    require(cudaStreamWaitEvent(branch, fork, 0));
    launch(branch, append(b.get(), 2));
    launch(stream, append(a.get(), 3));
    require(cudaEventRecord(join, branch));
    if (joined) require(cudaStreamWaitEvent(stream, join, 0));
  };
  Graph graph;
  record(false);
  CHECK(cudaStreamEndCapture(stream, &graph) == cudaErrorStreamCaptureUnjoined);
  record(true);
  CHECK(cudaStreamEndCapture(branch, &graph) == cudaErrorStreamCaptureUnmatched);
  CHECK(cudaStreamEndCapture(stream, &graph) == cudaErrorStreamCaptureInvalidated);
  record(true);
  require(cudaStreamEndCapture(stream, &graph));
  Executable const executable(graph);
  require(cudaGraphLaunch(executable, stream));
  require(cudaStreamSynchronize(stream));
  CHECK(a.values() == std::vector<int>{13});
  CHECK(b.values() == std::vector<int>{2});
}

TEST_CASE("Late: branches of a graph run in another order than they were captured in") {
  // The branch reads what the origin writes after the fork: a missing edge, which the order of the capture
  // hides.
  auto const result = [](Schedule schedule) {
    emulation::reset();
    emulation::set_schedule(schedule);
    OwnStream const stream, branch;
    OwnEvent const fork, join;
    DeviceArray<int> const a(std::vector<int>{0}), b(std::vector<int>{0});
    int *const p = a.get(), *const q = b.get();
    Graph graph;
    capture(stream, graph, [&] {
      launch(stream, [p] { *p = 1; });
      require(cudaEventRecord(fork, stream));
      require(cudaStreamWaitEvent(branch, fork, 0));
      launch(stream, [p] { *p = 2; });
      launch(branch, [p, q] { *q = *p; });
      require(cudaEventRecord(join, branch));
      require(cudaStreamWaitEvent(stream, join, 0));
      launch(stream, [] {});
    });
    Executable const executable(graph);
    require(cudaGraphLaunch(executable, stream));
    require(cudaStreamSynchronize(stream));
    return b.values()[0];
  };
  CHECK(result(Schedule::early) == 2);
  CHECK(result(Schedule::late) == 1);
}
