// SPDX-License-Identifier: Apache-2.0
// A critic whose gradient penalty cannot be: batch normalisation couples the samples.
// expected-error: input_gradient: a layer of the network has no tangent pass; use Dense, Conv, LayerNorm, Flatten and Reshape
#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/core/with.hpp>
#include <disentangle/method/wgan_gp.hpp>
#include <disentangle/nn/normalisation.hpp>
#include <disentangle/train/model.hpp>

namespace dis = disentangle;
namespace nn = disentangle::nn;

struct Trunk {
  nn::Initialisation initialisation = nn::Initialisation::he_normal;
  template <int Outputs>
#ifdef MISTAKE
  using network =
      nn::Sequential<nn::Conv<8, 4, 2, 1, nn::LeakyRelu<>>, nn::BatchNorm, nn::Flatten, nn::Dense<Outputs>>;
#else
  using network =
      nn::Sequential<nn::Conv<8, 4, 2, 1, nn::LeakyRelu<>>, nn::LayerNorm, nn::Flatten, nn::Dense<Outputs>>;
#endif
};
using WganGp = dis::With<dis::method::WganGp, dis::Adversary<dis::adversary::WassersteinCritic<Trunk>>>;

void build(std::span<dis::Minibatch const> batches) {
  dis::Model model{WganGp{}, dis::backend::Cpu(1), dis::ImageShape<32, 32, 1>{}, dis::seed(0)};
  model.step(batches);
}
