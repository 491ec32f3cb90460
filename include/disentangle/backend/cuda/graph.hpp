// SPDX-License-Identifier: Apache-2.0
// StepGraph: the steady-state step as one launch. Each step is recorded anew by stream capture, which costs
// the host what launching would and the device nothing, and the graph that was made from an earlier step
// takes over the new parameters (step numbers, learning rates, random counters); so no formula needs to know
// that it is replayed.
#pragma once

#include <cstddef>

#include <disentangle/backend/cuda/context.hpp>

namespace disentangle::backend::cuda {

class StepGraph {
 public:
  explicit StepGraph(Context& context) : context_(context) {}
  StepGraph(StepGraph const&) = delete;
  StepGraph& operator=(StepGraph const&) = delete;
  ~StepGraph() { forget(); }

  /// Queues what `work` does on the stream: as a graph if the last call had this key and allocated nothing,
  /// and nothing was allocated since (by another model on this device, or by inference between steps). Work
  /// that wants memory in spite of that gets it, and is a graph up to there.
  template <class Work>
  void run(std::size_t key, Work&& work) {
    std::size_t const before = context_.allocations();
    if (context_.options().graphs && settled_ && key == key_ && before == allocations_) {
      capture(work);
    } else {
      work();
    }
    allocations_ = context_.allocations();
    settled_ = key == key_ && allocations_ == before;
    key_ = key;
  }

 private:
  /// Where the work wants memory after all (a policy's tensors may be of another size in each step), what is
  /// captured so far is launched and the rest of the work is not captured: nothing is done twice, so the
  /// work's own counts stay right.
  template <class Work>
  void capture(Work&& work) {
    DISENTANGLE_CUDA_CALL(cudaStreamBeginCapture(context_.stream(), cudaStreamCaptureModeThreadLocal));
    context_.begin_capture([this] { launch_captured(); });
    try {
      work();
    } catch (...) {
      if (context_.end_capture()) {
        cudaGraph_t graph = nullptr;
        static_cast<void>(cudaStreamEndCapture(context_.stream(), &graph));
        if (graph != nullptr) static_cast<void>(cudaGraphDestroy(graph));
        static_cast<void>(cudaGetLastError());
      }
      throw;
    }
    if (context_.end_capture()) launch_captured();
  }
  void launch_captured() {
    cudaGraph_t graph = nullptr;
    DISENTANGLE_CUDA_CALL(cudaStreamEndCapture(context_.stream(), &graph));
    struct Owner {
      cudaGraph_t graph;
      ~Owner() { static_cast<void>(cudaGraphDestroy(graph)); }
    } const owner{graph};
    if (executable_ != nullptr) {
      cudaGraphExecUpdateResultInfo info{};
      if (cudaGraphExecUpdate(executable_, graph, &info) != cudaSuccess) {  // the step has another shape now
        static_cast<void>(cudaGetLastError());
        forget();
      }
    }
    if (executable_ == nullptr) DISENTANGLE_CUDA_CALL(cudaGraphInstantiate(&executable_, graph, 0));
    DISENTANGLE_CUDA_CALL(cudaGraphLaunch(executable_, context_.stream()));
  }
  void forget() noexcept {
    if (executable_ != nullptr) static_cast<void>(cudaGraphExecDestroy(executable_));
    executable_ = nullptr;
  }

  Context& context_;
  cudaGraphExec_t executable_ = nullptr;
  std::size_t key_ = 0;
  std::size_t allocations_ = 0;  // at the end of the last call
  bool settled_ = false;
};

}  // namespace disentangle::backend::cuda
