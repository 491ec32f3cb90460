// SPDX-License-Identifier: Apache-2.0
// Transposed convolutions: to 1, 3 and more channels, strides 1 and 2, kernels 3, 4 and 5, odd sides, every
// activation.
#include <disentangle/nn/convolution.hpp>

#include "tests/backends/support/network_rows.hpp"
#include "tests/backends/support/topic.hpp"

using namespace disentangle;
using namespace disentangle::test;
using namespace disentangle::nn;

namespace {

Register<TestedBackend> const registered("transposed_convolution", [](auto& rows) {
  network_rows<ImageShape<4, 4, 8>, ConvTranspose<1, 4, 2, 1>>(rows, "4x4x8 to 1, kernel 4, stride 2", 3);
  network_rows<ImageShape<3, 5, 5>, ConvTranspose<3, 4, 2, 1, Tanh>>(rows, "3x5x5 to 3, kernel 4, stride 2",
                                                                     5);
  network_rows<ImageShape<2, 2, 32>, ConvTranspose<32, 4, 2, 1, LeakyRelu<>>>(
      rows, "2x2x32 to 32, kernel 4, stride 2", 9);
  network_rows<ImageShape<1, 1, 64>, ConvTranspose<16, 4, 2, 1, Relu>>(rows,
                                                                       "1x1x64 to 16, kernel 4, stride 2", 2);
  network_rows<ImageShape<5, 7, 4>, ConvTranspose<3, 3, 1, 1, Sigmoid>>(rows,
                                                                        "5x7x4 to 3, kernel 3, stride 1", 2);
  network_rows<ImageShape<4, 3, 3>, ConvTranspose<2, 3, 2, 1>>(rows, "4x3x3 to 2, kernel 3, stride 2", 3);
  network_rows<ImageShape<1, 1, 10>, ConvTranspose<8, 4, 1, 0, Relu>>(
      rows, "1x1x10 to 8, kernel 4 without padding", 4);
  network_rows<ImageShape<5, 5, 1>, ConvTranspose<1, 5, 1, 2, Tanh>>(rows, "5x5x1 to 1, kernel 5", 1);
  network_rows<ImageShape<2, 2, 16>, ConvTranspose<8, 4, 2, 1, Relu>, ConvTranspose<3>>(rows,
                                                                                        "a chain of two", 3);
});

}  // namespace
