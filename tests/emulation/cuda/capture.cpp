// SPDX-License-Identifier: Apache-2.0
// The capture of streams: their operations become nodes of a graph.
#include "capture.hpp"

#include "graphs.hpp"
#include "report.hpp"
#include "settings.hpp"

#include <algorithm>

namespace disentangle::emulation::detail {
namespace {

std::vector<std::shared_ptr<Capture>>& captures() {
  static auto& value = *new std::vector<std::shared_ptr<Capture>>;
  return value;
}

/// Whether every node comes before the end of the stream that the capture began in.
bool is_joined(Capture const& capture) {
  std::vector<bool> joined(capture.nodes.size());
  std::vector<std::size_t> front = capture.origin->capture_front;
  while (!front.empty()) {
    std::size_t const node = front.back();
    front.pop_back();
    if (joined[node]) continue;
    joined[node] = true;
    auto const& after = capture.nodes[node]->after;
    front.insert(front.end(), after.begin(), after.end());
  }
  return std::all_of(joined.begin(), joined.end(), [](bool value) { return value; });
}

cudaError_t end(std::shared_ptr<Capture> const& capture, cudaGraph_t* graph) {
  bool const joined = is_joined(*capture);
  capture->ended = true;
  std::erase(captures(), capture);
  for (auto const& stream : capture->streams) {
    stream->capture = nullptr;
    stream->capture_front.clear();
  }
  if (capture->invalid) return cudaErrorStreamCaptureInvalidated;
  if (!joined) return cudaErrorStreamCaptureUnjoined;
  *graph = make_graph(std::move(capture->nodes));
  return cudaSuccess;
}

}  // namespace

bool is_capturing_strictly() {
  return std::any_of(captures().begin(), captures().end(),
                     [](auto const& capture) { return capture->mode != cudaStreamCaptureModeRelaxed; });
}

bool is_capturing_blocking_stream() {
  return std::any_of(captures().begin(), captures().end(), [](auto const& capture) {
    return std::any_of(capture->streams.begin(), capture->streams.end(),
                       [](auto const& stream) { return !stream->non_blocking; });
  });
}

void invalidate_captures() {
  for (auto const& capture : captures()) capture->invalid = true;
}

cudaError_t add_node(Stream& stream, Operation operation) {
  Capture& capture = *stream.capture;
  if (capture.invalid) return cudaErrorStreamCaptureInvalidated;
  auto node = std::make_unique<CUgraphNode_st>();
  node->operation = std::move(operation);
  node->after = stream.capture_front;
  stream.capture_front = {capture.nodes.size()};
  capture.nodes.push_back(std::move(node));
  ++settings().counters.captured;
  return cudaSuccess;
}

void join_capture(std::shared_ptr<Stream> const& stream, std::shared_ptr<Capture> const& capture,
                  std::vector<std::size_t> const& front) {
  if (!stream->capture) {
    stream->capture = capture;
    capture->streams.push_back(stream);
  }
  for (std::size_t const node : front)
    if (std::count(stream->capture_front.begin(), stream->capture_front.end(), node) == 0)
      stream->capture_front.push_back(node);
}

}  // namespace disentangle::emulation::detail

using namespace disentangle::emulation::detail;

extern "C" {

cudaError_t cudaStreamBeginCapture(cudaStream_t handle, cudaStreamCaptureMode mode) {
  return runtime_call("cudaStreamBeginCapture", [&] {
    auto const stream = stream_of(handle);
    if (!stream) return cudaErrorInvalidResourceHandle;
    if (stream->legacy) return cudaErrorStreamCaptureUnsupported;
    if (stream->capture) return cudaErrorIllegalState;
    auto capture = std::make_shared<Capture>();
    capture->mode = mode;
    capture->origin = stream;
    capture->streams = {stream};
    stream->capture = capture;
    stream->capture_front.clear();
    captures().push_back(std::move(capture));
    return cudaSuccess;
  });
}

cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t* graph) {
  return runtime_call("cudaStreamEndCapture", [&] {
    auto const stream = stream_of(handle);
    if (!stream) return cudaErrorInvalidResourceHandle;
    if (graph == nullptr) return cudaErrorInvalidValue;
    *graph = nullptr;
    if (!stream->capture) return cudaErrorIllegalState;
    if (stream->capture->origin != stream) {
      stream->capture->invalid = true;
      return cudaErrorStreamCaptureUnmatched;
    }
    auto const capture = stream->capture;
    return end(capture, graph);
  });
}

cudaError_t cudaStreamIsCapturing(cudaStream_t handle, cudaStreamCaptureStatus* status) {
  return runtime_call("cudaStreamIsCapturing", [&] {
    auto const stream = stream_of(handle);
    if (!stream) return cudaErrorInvalidResourceHandle;
    if (status == nullptr) return cudaErrorInvalidValue;
    if (stream->legacy && is_capturing_blocking_stream()) return cudaErrorStreamCaptureImplicit;
    *status = !stream->capture           ? cudaStreamCaptureStatusNone
              : stream->capture->invalid ? cudaStreamCaptureStatusInvalidated
                                         : cudaStreamCaptureStatusActive;
    return cudaSuccess;
  });
}

}  // extern "C"
