// SPDX-License-Identifier: Apache-2.0
// A convolution whose descriptors were found to fit together.
#pragma once

#include "dnn.hpp"

#include <cstdint>
#include <vector>

namespace disentangle::emulation::detail {

struct ConvolutionProblem {
  cudnnTensorStruct x, y;
  cudnnFilterStruct w;
  cudnnConvolutionStruct convolution;
  std::size_t element() const { return x.type == CUDNN_DATA_DOUBLE ? sizeof(double) : sizeof(float); }
  /// Bytes from the first element to the last.
  std::size_t x_bytes() const { return extent(x.extents, x.strides) * element(); }
  std::size_t y_bytes() const { return extent(y.extents, y.strides) * element(); }
  std::size_t w_bytes() const { return extent(w.extents, w.strides) * element(); }
  /// Bytes of one image unfolded, c r s x h w of the output.
  std::size_t unfolded_bytes() const;
  /// Everything but addresses.
  std::vector<std::int64_t> parameters() const;
  static std::size_t extent(std::array<int, 4> const& extents, std::array<int, 4> const& strides);
};

/// The extents of the output, or why there are none.
cudnnStatus_t output_extents(cudnnTensorStruct const& x, cudnnFilterStruct const& w,
                             cudnnConvolutionStruct const& convolution, std::array<int, 4>& extents);

/// Checks the descriptors and that they fit together.
cudnnStatus_t make_problem(ConvolutionProblem& problem, cudnnTensorDescriptor_t x, cudnnFilterDescriptor_t w,
                           cudnnConvolutionDescriptor_t convolution, cudnnTensorDescriptor_t y);

}  // namespace disentangle::emulation::detail
