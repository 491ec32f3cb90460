// SPDX-License-Identifier: Apache-2.0
// Graphs, and the capture of streams into them.
#pragma once

#include "streams.hpp"

#include <memory>
#include <vector>

struct CUgraphNode_st {
  disentangle::emulation::detail::Operation operation;
  std::vector<std::size_t> after;  // earlier nodes
};

namespace disentangle::emulation::detail {

using Nodes = std::vector<std::unique_ptr<CUgraphNode_st>>;

struct Capture {
  cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal;
  std::shared_ptr<Stream> origin;
  std::vector<std::shared_ptr<Stream>> streams;  ///< the origin and those that joined it
  Nodes nodes;
  bool invalid = false;
  bool ended = false;
};

/// Whether some stream is captured in a mode that forbids calls which may wait for the device.
bool is_capturing_strictly();

/// Whether a blocking stream is captured: the legacy default stream may not be used then.
bool is_capturing_blocking_stream();

/// Every capture that goes on ends with an error.
void invalidate_captures();

cudaError_t add_node(Stream& stream, Operation operation);

/// Makes a stream part of the capture from these nodes on.
void join_capture(std::shared_ptr<Stream> const& stream, std::shared_ptr<Capture> const& capture,
                  std::vector<std::size_t> const& front);

/// Graphs and executable graphs that exist.
std::size_t number_of_graphs();
std::size_t number_of_executable_graphs();

}  // namespace disentangle::emulation::detail
