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

template <class Input, class... Layers, class Backend>
void inference_row(Rows<Backend>& rows, std::string const& name, std::ptrdiff_t batch) {
  rows.row(name, [&](RunningRow<Backend>& r) {
    SeededNetwork<Backend, Input, Layers...> n(r.tape());
    n.begin_step();
    n.net(r.constant(numbers<2>({batch, static_cast<std::ptrdiff_t>(Input::size)}, 1)));
    auto const x = r.input(numbers<2>({batch + 1, static_cast<std::ptrdiff_t>(Input::size)}, 2));
    r.tape().backward();  // the training pass is over
    n.begin_step();
    auto const y = n.net(x, {.training = false});
    r.keep("value", y);
    r.pull(y);
    n.keep_gradients(r);
  });
}

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
