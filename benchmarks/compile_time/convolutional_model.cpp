// SPDX-License-Identifier: Apache-2.0
// A model with convolutions that is trained, and encodes and decodes: what most users compile.
#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/data/dsprites.hpp>
#include <disentangle/method/beta_vae.hpp>
#include <disentangle/train/model.hpp>
#include <disentangle/train/train.hpp>

#include <span>
#include <vector>

namespace dis = disentangle;

int main() {
  auto const data = dis::data::dsprites();
  dis::Model model{dis::method::BetaVae{}, dis::backend::Cpu(), data.image_shape(), dis::seed(0)};
  dis::train(model, data, {.steps = 10});
  std::vector<float> image(data.image_shape().size), mean(model.latent_size), log_variance(model.latent_size);
  model.encode(image, mean, log_variance);
  model.decode(mean, image);
}
