// SPDX-License-Identifier: Apache-2.0
// Graphs and executable graphs.
#include "graphs.hpp"

#include "memory.hpp"
#include "report.hpp"
#include "settings.hpp"

#include <algorithm>
#include <set>

struct CUgraph_st {
  disentangle::emulation::detail::Nodes nodes;
};

namespace disentangle::emulation::detail {
namespace {

struct Step {
  Operation operation;
  std::vector<std::size_t> after;
};

// What a launch runs: one that is enqueued keeps its own when the executable graph is updated or destroyed.
using Program = std::shared_ptr<std::vector<Step> const>;

}  // namespace
}  // namespace disentangle::emulation::detail

struct CUgraphExec_st {
  disentangle::emulation::detail::Program program;
  std::size_t launches = 0;
};

namespace disentangle::emulation::detail {
namespace {

std::set<cudaGraph_t>& graphs() {
  static auto& value = *new std::set<cudaGraph_t>;
  return value;
}

std::set<cudaGraphExec_t>& executable_graphs() {
  static auto& value = *new std::set<cudaGraphExec_t>;
  return value;
}

template <class Handle>
bool exists(std::set<Handle> const& all, Handle handle, char const* what) {
  if (all.count(handle) != 0) return true;
  report("%p is not %s, or no longer one", static_cast<void*>(handle), what);
  return false;
}

bool is_graph(cudaGraph_t handle) { return exists(graphs(), handle, "a graph"); }

bool is_executable(cudaGraphExec_t handle) {
  return exists(executable_graphs(), handle, "an executable graph");
}

Program program_of(CUgraph_st const& graph) {
  auto program = std::make_shared<std::vector<Step>>();
  for (auto const& node : graph.nodes) program->push_back({node->operation, node->after});
  return program;
}

/// Nodes in an order that their edges allow: the order of the capture under the early schedule, the one that
/// takes the last captured node first under the late one, so that a missing edge between branches shows.
std::vector<std::size_t> order_of(std::vector<Step> const& steps) {
  bool const early = settings().schedule == Schedule::early;
  std::vector<std::size_t> missing(steps.size()), order;
  std::vector<std::vector<std::size_t>> behind(steps.size());
  std::set<std::size_t> ready;
  for (std::size_t node = 0; node < steps.size(); ++node) {
    missing[node] = steps[node].after.size();
    for (std::size_t const earlier : steps[node].after) behind[earlier].push_back(node);
    if (missing[node] == 0) ready.insert(node);
  }
  while (!ready.empty()) {
    auto const node = ready.extract(early ? ready.begin() : std::prev(ready.end())).value();
    order.push_back(node);
    for (std::size_t const later : behind[node])
      if (--missing[later] == 0) ready.insert(later);
  }
  return order;
}

cudaGraphExecUpdateResult compare(Step const& old_step, Step const& new_step) {
  if (old_step.operation.type != new_step.operation.type) return cudaGraphExecUpdateErrorNodeTypeChanged;
  if (old_step.after != new_step.after) return cudaGraphExecUpdateErrorTopologyChanged;
  if (old_step.operation.function != new_step.operation.function)
    return cudaGraphExecUpdateErrorFunctionChanged;
  if (old_step.operation.parameters != new_step.operation.parameters)
    return cudaGraphExecUpdateErrorParametersChanged;
  return cudaGraphExecUpdateSuccess;
}

cudaError_t update(CUgraphExec_st& executable, CUgraph_st const& graph,
                   cudaGraphExecUpdateResultInfo& information) {
  Program program = program_of(graph);
  information = {cudaGraphExecUpdateSuccess, nullptr, nullptr};
  if (program->size() != executable.program->size()) {
    information.result = cudaGraphExecUpdateErrorTopologyChanged;
    return cudaErrorGraphExecUpdateFailure;
  }
  for (std::size_t i = 0; i < program->size(); ++i) {
    information.result = compare((*executable.program)[i], (*program)[i]);
    if (information.result == cudaGraphExecUpdateSuccess) continue;
    information.errorNode = graph.nodes[i].get();
    return cudaErrorGraphExecUpdateFailure;
  }
  executable.program = std::move(program);
  return cudaSuccess;
}

Operation launch_of(CUgraphExec_st const& executable) {
  Operation launch;
  launch.type = cudaGraphNodeTypeGraph;
  launch.name = "the launch of a graph";
  launch.is_work = false;
  launch.when_enqueued = [program = executable.program] {
    for (Step const& step : *program)
      if (step.operation.when_enqueued) step.operation.when_enqueued();
  };
  launch.run = [program = executable.program] {
    for (std::size_t const node : order_of(*program)) execute((*program)[node].operation);
  };
  return launch;
}

}  // namespace

cudaGraph_t make_graph(Nodes nodes) {
  auto* const graph = new CUgraph_st{std::move(nodes)};
  graphs().insert(graph);
  return graph;
}

std::size_t number_of_graphs() { return graphs().size(); }
std::size_t number_of_executable_graphs() { return executable_graphs().size(); }

}  // namespace disentangle::emulation::detail

using namespace disentangle::emulation::detail;

extern "C" {

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long flags) {
  return runtime_call("cudaGraphInstantiate", [&] {
    if (executable == nullptr || flags != 0 || !is_graph(graph)) return cudaErrorInvalidValue;
    *executable = new CUgraphExec_st{program_of(*graph)};
    executable_graphs().insert(*executable);
    ++settings().counters.graph_instantiations;
    return cudaSuccess;
  });
}

cudaError_t cudaGraphExecUpdate(cudaGraphExec_t executable, cudaGraph_t graph,
                                cudaGraphExecUpdateResultInfo* information) {
  return runtime_call("cudaGraphExecUpdate", [&] {
    if (information == nullptr || !is_executable(executable) || !is_graph(graph))
      return cudaErrorInvalidValue;
    cudaError_t const error = update(*executable, *graph, *information);
    if (error == cudaSuccess) ++settings().counters.graph_updates;
    return error;
  });
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t handle) {
  return runtime_call("cudaGraphLaunch", [&] {
    if (!is_executable(executable)) return cudaErrorInvalidValue;
    auto const stream = stream_of(handle);
    if (!stream) return cudaErrorInvalidResourceHandle;
    if (stream->capture) {  // a child graph on the real device: not emulated
      report("cudaGraphLaunch in a capture is not emulated");
      stream->capture->invalid = true;
      return cudaErrorStreamCaptureUnsupported;
    }
    if (auto const error = submit(handle, launch_of(*executable)); error != cudaSuccess) return error;
    ++settings().counters.graph_launches;
    return cudaSuccess;
  });
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, std::size_t* count) {
  return runtime_call("cudaGraphGetNodes", [&] {
    if (count == nullptr || !is_graph(graph)) return cudaErrorInvalidValue;
    if (nodes == nullptr) {
      *count = graph->nodes.size();
      return cudaSuccess;
    }
    for (std::size_t i = 0; i < *count; ++i)
      nodes[i] = i < graph->nodes.size() ? graph->nodes[i].get() : nullptr;
    *count = std::min(*count, graph->nodes.size());
    return cudaSuccess;
  });
}

cudaError_t cudaGraphNodeGetType(cudaGraphNode_t node, cudaGraphNodeType* type) {
  return runtime_call("cudaGraphNodeGetType", [&] {
    if (node == nullptr || type == nullptr) return cudaErrorInvalidValue;
    *type = node->operation.type;
    return cudaSuccess;
  });
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  return runtime_call("cudaGraphDestroy", [&] {
    if (!is_graph(graph)) return cudaErrorInvalidValue;
    graphs().erase(graph);
    delete graph;
    return cudaSuccess;
  });
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  return runtime_call("cudaGraphExecDestroy", [&] {
    if (!is_executable(executable)) return cudaErrorInvalidValue;
    executable_graphs().erase(executable);
    delete executable;
    return cudaSuccess;
  });
}

}  // extern "C"
