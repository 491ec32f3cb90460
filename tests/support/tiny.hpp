// SPDX-License-Identifier: Apache-2.0
// A data set and a method small enough to train in milliseconds, and ways to compare models bit for bit.
#pragma once

#include <disentangle/adversary/adversary.hpp>
#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/core/factor.hpp>
#include <disentangle/core/with.hpp>
#include <disentangle/method/beta_vae.hpp>
#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/shape_layers.hpp>
#include <disentangle/train/model.hpp>

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace test_support {

namespace dis = disentangle;
namespace nn = disentangle::nn;

/// 8 x 8 images of a 2 x 2 block: 2 brightnesses x 4 columns x 4 rows, the row quickest. A grid of factors.
class Blocks {
 public:
  using image_shape_type = dis::ImageShape<8, 8, 1>;
  image_shape_type image_shape() const { return {}; }
  std::string name() const { return "blocks"; }
  std::size_t size() const { return 32; }
  std::vector<dis::Factor> const& factors() const { return factors_; }
  std::size_t index(std::span<int const> v) const {
    return static_cast<std::size_t>((v[0] * 4 + v[1]) * 4 + v[2]);
  }
  void images(std::span<std::size_t const> indices, std::span<float> out) const {
    std::fill(out.begin(), out.end(), 0.0f);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      std::size_t const x = indices[i] / 4 % 4 * 2, y = indices[i] % 4 * 2;
      for (std::size_t p = 0; p < 4; ++p)
        out[i * 64 + (y + p / 2) * 8 + x + p % 2] = indices[i] < 16 ? 0.5f : 1.0f;
    }
  }
  void labels(std::span<std::size_t const> indices, std::span<int> out) const {
    for (std::size_t i = 0; i < indices.size(); ++i) {
      int const n = static_cast<int>(indices[i]);
      out[i * 3] = n / 16;
      out[i * 3 + 1] = n / 4 % 4;
      out[i * 3 + 2] = n % 4;
    }
  }

 private:
  std::vector<dis::Factor> factors_{{"brightness", 2}, {"x", 4}, {"y", 4}};
};

struct TinyEncoder {
  nn::Initialisation initialisation = nn::Initialisation::glorot_uniform;
  static constexpr int latent_size = 3;
  template <int Outputs>
  using network = nn::Sequential<nn::Flatten, nn::Dense<16, nn::Relu>, nn::Dense<Outputs>>;
};

struct TinyDecoder {
  nn::Initialisation initialisation = nn::Initialisation::glorot_uniform;
  template <class Image>
  using network =
      nn::Sequential<nn::Dense<16, nn::Relu>, nn::Dense<Image::height * Image::width * Image::channels>,
                     nn::Reshape<Image::height, Image::width, Image::channels>>;
};

/// A critic with parameters, an optimiser and a minibatch of its own, so that a model has more than its main
/// state.
struct TinyCritic {
  double weight = 0.01;
  static constexpr int minibatches = 2;
  template <class Setting>
  struct State {
    using B = typename Setting::backend_type;
    nn::OwnParameters<B>& own;
    dis::Variable<B, 1> scale;
    explicit State(nn::Builder<B>& build)
        : own(build.own_parameters("critic", dis::optim::Adam{.learning_rate = 1e-2})) {
      own.parameters.declare(scale, "scale", dis::Extents<1>{Setting::latent_size},
                             nn::Initialiser{nn::Initialiser::Law::normal, 0.1});
    }
  };
  auto operator()(auto& step) const {
    return weight * mean(step.posterior().sample * stop_gradient(step.state().scale));
  }
  void after_step(auto& step) const {
    auto const other = stop_gradient(step.infer(step.minibatch(1), "second").sample);
    step.state().own.minimise(materialise(mean(square(other * step.state().scale - 1.0))));
  }
};

using TinyVae = dis::With<dis::method::BetaVae, dis::Encoder<TinyEncoder>, dis::Decoder<TinyDecoder>>;
using TinyAdversarial = dis::Plus<TinyVae, dis::Adversary<TinyCritic>>;

template <class M>
auto tiny_model(M method, unsigned threads = 1, std::uint64_t seed = 0) {
  method.template get<dis::optim::Adam>().learning_rate = 1e-2;
  return dis::Model{method, dis::backend::Cpu(threads), Blocks{}.image_shape(), dis::seed(seed)};
}

/// Every tensor of a model by name, and its counters.
template <class Model>
auto state_of(Model& model) {
  std::map<std::string, std::vector<float>> state;
  model.for_each_tensor([&](std::string const& name, auto const& extents, float* values) {
    std::size_t size = 1;
    for (auto const extent : extents) size *= static_cast<std::size_t>(extent);
    state[name].resize(size);
    model.backend().download(values, state[name].data(), size);
  });
  for (long const count : model.counters()) state["counters"].push_back(static_cast<float>(count));
  return state;
}

}  // namespace test_support
