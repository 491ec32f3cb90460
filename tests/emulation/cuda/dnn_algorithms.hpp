// SPDX-License-Identifier: Apache-2.0
// The algorithms that the emulation offers for each pass, and what they ask for.
#pragma once

#include "dnn_geometry.hpp"

namespace disentangle::emulation::detail {

struct Algorithm {
  int number;             ///< in the enumeration of its pass
  int workspace_divisor;  ///< the workspace is the unfolded image divided by it; 0: none
  bool deterministic;
};

/// nullptr where the emulation, as a device may, does not support the algorithm.
Algorithm const* algorithm(cudnnConvolutionFwdAlgo_t number);
Algorithm const* algorithm(cudnnConvolutionBwdDataAlgo_t number);
Algorithm const* algorithm(cudnnConvolutionBwdFilterAlgo_t number);

std::size_t workspace_bytes(ConvolutionProblem const& problem, Algorithm const& algorithm);

}  // namespace disentangle::emulation::detail
