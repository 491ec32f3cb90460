// SPDX-License-Identifier: Apache-2.0
// Convolutions: 1, 3 and more channels, strides 1 and 2, kernels 3, 4 and 5, with and without padding,
// another one for the width, odd sides, every activation.
#include <disentangle/nn/convolution.hpp>

#include "tests/backends/support/network_rows.hpp"
#include "tests/backends/support/topic.hpp"

using namespace disentangle;
using namespace disentangle::test;
using namespace disentangle::nn;

namespace {

Register<TestedBackend> const registered("convolution", [](auto& rows) {
  network_rows<ImageShape<8, 8, 1>, Conv<8, 4, 2, 1, Relu>>(rows, "8x8x1 to 8, kernel 4, stride 2", 3);
  network_rows<ImageShape<6, 10, 3>, Conv<5, 4, 2, 1, Tanh>>(rows, "6x10x3 to 5, kernel 4, stride 2", 5);
  network_rows<ImageShape<4, 4, 32>, Conv<32, 4, 2, 1, LeakyRelu<>>>(rows, "4x4x32 to 32, kernel 4, stride 2",
                                                                     9);
  network_rows<ImageShape<2, 2, 16>, Conv<64, 4, 2, 1, Relu>>(rows, "2x2x16 to 64, kernel 4, stride 2", 2);
  network_rows<ImageShape<5, 7, 3>, Conv<4, 3, 1, 1, Sigmoid>>(rows, "5x7x3 to 4, kernel 3, stride 1", 2);
  network_rows<ImageShape<7, 5, 2>, Conv<3, 3, 2, 1>>(rows, "7x5x2 to 3, kernel 3, stride 2", 3);
  network_rows<ImageShape<4, 4, 8>, Conv<10, 4, 1, 0>>(rows, "4x4x8 to 10, kernel 4 without padding", 4);
  network_rows<ImageShape<5, 5, 1>, Conv<1, 5, 1, 2, Tanh>>(rows, "5x5x1 to 1, kernel 5", 1);
  network_rows<ImageShape<8, 8, 3>, Conv<8, 4, 2, 1, Relu>, Conv<16, 3, 1, 1, Relu>>(rows, "a chain of two",
                                                                                     3);
  network_rows<ImageShape<4, 6, 3>, Conv<8, 4, 2, 0, Relu, 2>, ConvTranspose<3, 4, 2, 1, Sigmoid, 0>>(
      rows, "4x6x3 to 8 padded left and right, and up and down", 2);
});

}  // namespace
