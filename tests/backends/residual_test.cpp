// SPDX-License-Identifier: Apache-2.0
// Residual blocks and what they are made of: convolutions without bias whose stride does not divide the side,
// pooling, upsampling, activations on their own, chains in chains; in training and with the running
// statistics that it left.
#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/pooling.hpp>
#include <disentangle/nn/residual.hpp>

#include "tests/backends/support/network_rows.hpp"
#include "tests/backends/support/topic.hpp"

using namespace disentangle;
using namespace disentangle::test;
using namespace disentangle::nn;

namespace {

Register<TestedBackend> const registered("residual", [](auto& rows) {
  network_rows<ImageShape<8, 10, 5>, FloorConv<8, 3, 2>, FloorConv<3, 1, 2, 0, Tanh, Bias::learnt>>(
      rows, "8x10x5, kernels 3 and 1, stride 2", 3);
  network_rows<ImageShape<8, 6, 3>, FloorConv<4, 7, 2>, BatchNorm, Activate<Relu>, MaxPool<>>(
      rows, "stem: kernel 7, BatchNorm, ReLU, MaxPool", 2);
  network_rows<ImageShape<4, 6, 2>, FloorConv<3>, AveragePool<2>, Activate<LeakyRelu<>>, UpsampleNearest<2>,
               Activate<Sigmoid>, GlobalAveragePool>(
      rows, "AveragePool, UpsampleNearest, GlobalAveragePool, activations", 4);
  network_rows<ImageShape<4, 4, 3>, Sequential<BasicBlock<3>, BasicBlock<5, 2>>, GlobalAveragePool, Dense<3>>(
      rows, "basic blocks", 3);
  inference_row<ImageShape<4, 4, 3>, BottleneckBlock<2, 2>>(rows, "bottleneck block, inference", 5);
});

}  // namespace
