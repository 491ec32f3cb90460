// SPDX-License-Identifier: Apache-2.0
// The extents of a convolution and of a transposed convolution as types.
#pragma once

#include <cstddef>

namespace disentangle::backend {

/// A convolution of H x W x Cin images with Cout kernels of Kernel x Kernel, with the same stride in both
/// directions and Pad rows of zeros above and below, PadX columns of zeros left and right. Images are NHWC,
/// weights [ky][kx][cin][cout]. Where the stride does not divide the padded side less the kernel, the last
/// rows and columns of the padded image are seen by no kernel position (PyTorch's rule).
template <int H, int W, int Cin, int Cout, int Kernel, int Stride, int Pad, int PadX = Pad>
struct ConvolutionGeometry {
  static_assert(H > 0 && W > 0 && Cin > 0 && Cout > 0 && Kernel > 0 && Stride > 0 && Pad >= 0 && PadX >= 0,
                "[disentangle] a convolution needs positive extents");
  static_assert(
      Pad < Kernel && PadX < Kernel && H + 2 * Pad >= Kernel && W + 2 * PadX >= Kernel,
      "[disentangle] the padding must be below the kernel's extent and the kernel must fit the padded image");
  static constexpr int in_height = H, in_width = W, in_channels = Cin;
  static constexpr int out_height = (H + 2 * Pad - Kernel) / Stride + 1;
  static constexpr int out_width = (W + 2 * PadX - Kernel) / Stride + 1;
  static constexpr int out_channels = Cout;
  static constexpr int kernel = Kernel, stride = Stride, pad_y = Pad, pad_x = PadX;
  /// Numbers of scalars in an input image, an output image, the weights and the bias.
  static constexpr std::size_t in_size = std::size_t{H} * W * Cin;
  static constexpr std::size_t out_size = std::size_t{out_height} * out_width * Cout;
  static constexpr std::size_t weight_size = std::size_t{Kernel} * Kernel * Cin * Cout;
  static constexpr std::size_t bias_size = Cout;
  /// Multiplications and additions of one pass over one image, padding counted.
  static constexpr double flops = 2.0 * out_height * out_width * static_cast<double>(weight_size);
};

/// A transposed convolution: the adjoint of the convolution from its output shape to its input shape
/// (`Adjoint`). Images are NHWC, weights [ky][kx][cout][cin], which are the weights of `Adjoint` unchanged.
template <int H, int W, int Cin, int Cout, int Kernel, int Stride, int Pad, int PadX = Pad>
struct TransposedConvolutionGeometry {
  static constexpr int in_height = H, in_width = W, in_channels = Cin;
  static constexpr int out_height = (H - 1) * Stride - 2 * Pad + Kernel;
  static constexpr int out_width = (W - 1) * Stride - 2 * PadX + Kernel;
  static constexpr int out_channels = Cout;
  static constexpr int kernel = Kernel, stride = Stride, pad_y = Pad, pad_x = PadX;
  using Adjoint = ConvolutionGeometry<out_height, out_width, Cout, Cin, Kernel, Stride, Pad, PadX>;
  static_assert(Adjoint::out_height == H && Adjoint::out_width == W);
  static constexpr std::size_t in_size = Adjoint::out_size;
  static constexpr std::size_t out_size = Adjoint::in_size;
  static constexpr std::size_t weight_size = Adjoint::weight_size;
  static constexpr std::size_t bias_size = Cout;
  static constexpr double flops = Adjoint::flops;
};

}  // namespace disentangle::backend
