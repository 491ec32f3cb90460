// SPDX-License-Identifier: Apache-2.0
// LayerNorm and BatchNorm on features and images, in training and with the running statistics that it left.
#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/normalisation.hpp>
#include <disentangle/nn/shape_layers.hpp>

#include "tests/backends/support/network_rows.hpp"
#include "tests/backends/support/topic.hpp"

using namespace disentangle;
using namespace disentangle::test;
using namespace disentangle::nn;

namespace {

Register<TestedBackend> const registered("normalisation", [](auto& rows) {
  network_rows<FeatureShape<37>, LayerNorm>(rows, "LayerNorm of features", 5);
  network_rows<ImageShape<3, 5, 2>, LayerNorm, Flatten, Dense<3>>(rows, "LayerNorm of images", 4);
  network_rows<FeatureShape<19>, BatchNorm>(rows, "BatchNorm of features", 33);
  network_rows<ImageShape<3, 5, 3>, BatchNorm, Flatten, Dense<3, Tanh>>(rows, "BatchNorm of images", 4);
  inference_row<FeatureShape<19>, BatchNorm>(rows, "BatchNorm of features, inference", 33);
  inference_row<ImageShape<3, 5, 3>, BatchNorm, Flatten, Dense<3, Tanh>>(rows,
                                                                         "BatchNorm of images, inference", 4);
});

}  // namespace
