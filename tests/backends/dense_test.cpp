// SPDX-License-Identifier: Apache-2.0
// Dense layers with every activation, narrow and wide, alone and in chains with layers that only relabel.
#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/shape_layers.hpp>

#include "tests/backends/support/network_rows.hpp"
#include "tests/backends/support/topic.hpp"

using namespace disentangle;
using namespace disentangle::test;
using namespace disentangle::nn;

namespace {

Register<TestedBackend> const registered("dense", [](auto& rows) {
  network_rows<FeatureShape<5>, Dense<3>>(rows, "identity", 4);
  network_rows<FeatureShape<5>, Dense<19, Relu>>(rows, "relu", 7);
  network_rows<FeatureShape<5>, Dense<19, LeakyRelu<100>>>(rows, "leaky_relu", 7);
  network_rows<FeatureShape<5>, Dense<19, Tanh>>(rows, "tanh", 7);
  network_rows<FeatureShape<5>, Dense<19, Sigmoid>>(rows, "sigmoid", 7);
  network_rows<FeatureShape<70>, Dense<1>>(rows, "70 to 1", 1);
  network_rows<FeatureShape<1>, Dense<64, Relu>>(rows, "1 to 64", 33);
  network_rows<ImageShape<4, 4, 3>, Flatten, Dense<64, Relu>, Dense<48, Tanh>, Reshape<4, 4, 3>>(rows,
                                                                                                 "chain", 66);
});

}  // namespace
