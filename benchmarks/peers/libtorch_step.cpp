// SPDX-License-Identifier: Apache-2.0
// The training step of a beta-VAE in libtorch: 64 x 64 images, latent 10, Bernoulli logits, Adam, batch 64.
//   mlp           Higgins et al. 2017: 4096-1200-1200-20, decoder 10-1200-1200-1200-4096 with tanh
//   conv1, conv3  Locatello et al. 2019, 1 or 3 channels: 4x4 convolutions of stride 2 with 32, 32, 64, 64
//                 channels, 256 features, and the mirror image as decoder
//   factor_vae  Kim and Mnih 2018: the convolutions of conv1 with 128 features; a discriminator of 6 layers
//               of 1000, its
//               total correlation in the loss, and its own update on a second minibatch
//   rf_vae       the same with 5 layers, a learnt relevance of each latent, its weighted KL and its penalties
// With TUNED = 1 the code is rewritten where that made libtorch 1.13 quicker: transposed convolutions as the
// adjoint of a convolution (oneDNN; its own go through im2col), images and weights channels last, dense
// weights stored [in, out]. benchmarks/compare_with_libtorch sets the environment both need to be fair.
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "../step_times.hpp"
#include "libtorch_layers.hpp"

namespace {

using Layer = std::function<Tensor(Tensor)>;
using Layers = std::vector<Layer>;

constexpr int latent_size = 10;
constexpr double beta = 4;

class Network {
 public:
  explicit Network(int channels, int features = 256) : channels_(channels) {
    if (channels == 0) {
      add_dense(encoder_, {4096, 1200, 1200, 2 * latent_size}, torch::relu);
      add_dense(decoder_, {latent_size, 1200, 1200, 1200, 4096}, torch::tanh);
      return;
    }
    add_convolutions(encoder_, {channels, 32, 32, 64, 64});
    encoder_.push_back([](Tensor x) { return x.flatten(1); });
    add_dense(encoder_, {1024, features, 2 * latent_size}, torch::relu);
    add_dense(decoder_, {latent_size, features, 1024}, torch::relu);
    decoder_.push_back(torch::relu);
    decoder_.push_back([](Tensor x) { return in_layout(x.view({-1, 64, 4, 4})); });
    add_transposed_convolutions(decoder_, {64, 64, 32, 32, channels});
  }

  Tensor images(int count) const {
    Tensor const shape =
        channels_ == 0 ? torch::rand({count, 4096}) : torch::rand({count, channels_, 64, 64});
    return in_layout((shape > 0.5).to(torch::kFloat));
  }
  Tensor encode(Tensor x) const { return run(encoder_, std::move(x)); }
  Tensor decode(Tensor z) const { return run(decoder_, std::move(z)); }
  std::vector<Tensor> const& parameters() const { return parameters_; }

 protected:
  Network() : channels_(0) {}
  static Tensor run(Layers const& layers, Tensor x) {
    for (auto const& layer : layers) x = layer(x);
    return x;
  }
  Tensor parameter(Tensor const& initial) {
    parameters_.push_back(in_layout(initial.detach().clone()).set_requires_grad(true));
    return parameters_.back();
  }
  void add_dense(Layers& layers, std::vector<int> const& sizes, Tensor (*activation)(Tensor const&)) {
    for (std::size_t i = 0; i + 1 < sizes.size(); ++i) {
      if (i > 0) layers.push_back(activation);
      torch::nn::Linear const initial(sizes[i], sizes[i + 1]);
      Tensor const bias = parameter(initial->bias);
      if (tuned) {
        Tensor const weight = parameter(initial->weight.t().contiguous());
        layers.push_back([=](Tensor x) { return torch::addmm(bias, x, weight); });
      } else {
        Tensor const weight = parameter(initial->weight);
        layers.push_back([=](Tensor x) { return torch::linear(x, weight, bias); });
      }
    }
  }
  void add_convolutions(Layers& layers, std::vector<int> const& channels) {
    for (std::size_t i = 0; i + 1 < channels.size(); ++i) {
      torch::nn::Conv2d const initial(torch::nn::Conv2dOptions(channels[i], channels[i + 1], 4));
      Tensor const weight = parameter(initial->weight), bias = parameter(initial->bias);
      layers.push_back([=](Tensor x) { return torch::conv2d(x, weight, bias, 2, 1); });
      layers.push_back(torch::relu);
    }
  }
  void add_transposed_convolutions(Layers& layers, std::vector<int> const& channels) {
    for (std::size_t i = 0; i + 1 < channels.size(); ++i) {
      if (i > 0) layers.push_back(torch::relu);
      torch::nn::ConvTranspose2d const initial(
          torch::nn::ConvTranspose2dOptions(channels[i], channels[i + 1], 4));
      Tensor const weight = parameter(initial->weight), bias = parameter(initial->bias);
      if (tuned) {
        layers.push_back([=](Tensor x) { return TransposedConvolutionAsAdjoint::apply(x, weight, bias); });
      } else {
        layers.push_back([=](Tensor x) { return torch::conv_transpose2d(x, weight, bias, 2, 1); });
      }
    }
  }

  int channels_;
  Layers encoder_, decoder_;
  std::vector<Tensor> parameters_;
};

/// Two logits: of codes, and of codes whose columns are shuffled.
class Discriminator : Network {
 public:
  explicit Discriminator(int hidden) {
    std::vector<int> sizes{latent_size};
    sizes.insert(sizes.end(), static_cast<std::size_t>(hidden), 1000);
    sizes.push_back(2);
    add_dense(encoder_, sizes, [](Tensor const& x) { return torch::leaky_relu(x, 0.2); });
  }
  Tensor operator()(Tensor x) const { return run(encoder_, std::move(x)); }
  using Network::parameters;
};

struct Posterior {
  Tensor mean, log_variance, sample;
};
Posterior posterior(Network const& network, Tensor const& x) {
  Tensor const code = network.encode(x);
  Tensor const mean = code.slice(1, 0, latent_size), log_variance = code.slice(1, latent_size);
  return {mean, log_variance, mean + torch::exp(0.5 * log_variance) * torch::randn_like(mean)};
}
Tensor divergences(Posterior const& q) {
  return -0.5 * (1 + q.log_variance - q.mean * q.mean - q.log_variance.exp());
}
Tensor likelihood(Network const& network, Posterior const& q, Tensor const& x) {
  return torch::binary_cross_entropy_with_logits(network.decode(q.sample), x, {}, {}, at::Reduction::Sum);
}
void time_beta_vae(benchmarks::StepArguments const& arguments, std::vector<Tensor> const& batches,
                   Network const& network) {
  torch::optim::Adam adam(network.parameters(), torch::optim::AdamOptions(1e-4));
  std::size_t number = 0;
  benchmarks::report_steps(tuned ? "libtorch_tuned" : "libtorch", arguments, [&] {
    Tensor const x = batches[number++ % batches.size()];
    Posterior const q = posterior(network, x);
    Tensor const loss = (likelihood(network, q, x) + beta * divergences(q).sum()) / benchmarks::batch_size;
    drop_gradients(network.parameters());
    loss.backward();
    adam.step();
  });
}

void time_adversarial(benchmarks::StepArguments const& arguments, std::vector<Tensor> const& batches,
                      Network const& network) {
  bool const relevance = arguments.model == "rf_vae";
  Discriminator const discriminator(relevance ? 5 : 6);
  Tensor const logits = (0.001 * torch::randn({latent_size})).set_requires_grad(true);
  std::vector<Tensor> parameters = network.parameters();
  if (relevance) parameters.push_back(logits);
  torch::optim::Adam adam(parameters, torch::optim::AdamOptions(1e-4));
  torch::optim::Adam other(discriminator.parameters(), torch::optim::AdamOptions(1e-4).betas({0.5, 0.9}));
  auto const freeze = [&](bool frozen) {  // its weights get no gradients of the first loss
    for (Tensor parameter : discriminator.parameters()) parameter.set_requires_grad(!frozen);
  };
  std::size_t number = 0;
  benchmarks::report_steps(tuned ? "libtorch_tuned" : "libtorch", arguments, [&] {
    Tensor const x = batches[number++ % batches.size()];
    freeze(true);
    Posterior const q = posterior(network, x);
    Tensor const r = torch::sigmoid(logits);
    Tensor const found = discriminator(relevance ? r * q.sample : q.sample);
    Tensor const kl = divergences(q);
    Tensor loss =
        (likelihood(network, q, x) + (relevance ? (10 - 9.9 * r) * kl : kl).sum()) / benchmarks::batch_size +
        35 * (found.select(1, 0) - found.select(1, 1)).mean();
    if (relevance) loss = loss + r.sum() + 100 * (torch::softplus(logits) - logits * r).sum();
    drop_gradients(parameters);
    loss.backward();
    adam.step();

    freeze(false);
    Tensor codes, shuffled;
    {
      torch::NoGradGuard const no_gradient;
      codes = posterior(network, batches[(number * 3) % batches.size()]).sample;
      if (relevance) codes = torch::sigmoid(logits) * codes;
      shuffled = torch::gather(codes, 0, torch::rand_like(codes).argsort(std::int64_t{0}));
    }
    Tensor const first = torch::zeros({benchmarks::batch_size}, torch::kLong),
                 second = torch::ones_like(first);
    Tensor const own = 0.5 * (torch::cross_entropy_loss(discriminator(codes), first) +
                              torch::cross_entropy_loss(discriminator(shuffled), second));
    drop_gradients(discriminator.parameters());
    own.backward();
    other.step();
  });
}

}  // namespace

int main(int count, char** words) {
  auto const arguments =
      benchmarks::read_arguments(count, words, {"mlp", "conv1", "conv3", "factor_vae", "rf_vae"});
  torch::set_num_threads(arguments.threads);
  torch::manual_seed(0);
  bool const adversarial = arguments.model == "factor_vae" || arguments.model == "rf_vae";
  int const channels = arguments.model == "mlp" ? 0 : arguments.model == "conv3" ? 3 : 1;
  Network const network(channels, adversarial ? 128 : 256);
  std::vector<Tensor> batches;
  for (int i = 0; i < 8; ++i) batches.push_back(network.images(benchmarks::batch_size));
  (adversarial ? time_adversarial : time_beta_vae)(arguments, batches, network);
}
