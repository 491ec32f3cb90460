// SPDX-License-Identifier: Apache-2.0
// The least that trains: a method composed of policies, a model, a data set and the loop; no umbrella, no
// files.
#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/core/with.hpp>
#include <disentangle/data/arrays.hpp>
#include <disentangle/decoder/higgins_mlp.hpp>
#include <disentangle/encoder/higgins_mlp.hpp>
#include <disentangle/method/vae.hpp>
#include <disentangle/train/model.hpp>
#include <disentangle/train/train.hpp>

#include <vector>

namespace dis = disentangle;

int main() {
  using Shape = dis::ImageShape<64, 64, 1>;
  dis::data::Arrays<Shape> const data(std::vector<float>(100 * Shape::size), {}, {});
  using Method = dis::With<dis::method::Vae, dis::Encoder<dis::encoder::HigginsMlp<10>>,
                           dis::Decoder<dis::decoder::HigginsMlp>>;
  dis::Model model{Method{}, dis::backend::Cpu(), data.image_shape(), dis::seed(0)};
  dis::train(model, data, {.steps = 10});
}
