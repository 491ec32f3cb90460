// SPDX-License-Identifier: Apache-2.0
// The training step of WGAN-GP with a samples encoder in libtorch, as benchmarks/generative_step.cpp: 64 x 64
// images, code 10, batch 64; five critic steps with gradient penalties by libtorch's graph of second order,
// then one of generator and encoder, Adam (0, 0.9) each. Networks of InfoGAN-CR's sizes: convolutions 32, 32,
// 64, 64 with LeakyReLU, 128 features; the generator with batch normalisation. With TUNED = 1 what
// libtorch_layers.hpp says, for images and the generator; a tuned transposed convolution is differentiated
// once only, which suffices there.
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "../step_times.hpp"
#include "libtorch_layers.hpp"

namespace {

using Layer = std::function<Tensor(Tensor)>;
constexpr int code_size = 10;
constexpr double slope = 0.2;

/// A chain of layers and their parameters.
class Network {
 public:
  Tensor operator()(Tensor x) const {
    for (auto const& layer : layers_) x = layer(x);
    return x;
  }
  std::vector<Tensor> const& parameters() const { return parameters_; }

 protected:
  Tensor parameter(Tensor const& initial) {
    parameters_.push_back(in_layout(initial.detach().clone()).set_requires_grad(true));
    return parameters_.back();
  }
  void add(Layer layer) { layers_.push_back(std::move(layer)); }
  void add_dense(int from, int to) {
    torch::nn::Linear const initial(from, to);
    Tensor const weight = parameter(initial->weight), bias = parameter(initial->bias);
    add([=](Tensor x) { return torch::linear(x, weight, bias); });
  }
  void add_leaky() {
    add([](Tensor x) { return torch::leaky_relu(x, slope); });
  }
  void add_normalisation(int features) {
    Tensor const gain = parameter(torch::ones({features})), bias = parameter(torch::zeros({features}));
    Tensor const mean = torch::zeros({features}), variance = torch::ones({features});
    add([=](Tensor x) { return torch::batch_norm(x, gain, bias, mean, variance, true, 0.1, 1e-5, false); });
  }

 private:
  std::vector<Layer> layers_;
  std::vector<Tensor> parameters_;
};

struct Trunk : Network {  // critic and encoder
  explicit Trunk(int outputs) {
    int from = 1;
    for (int to : {32, 32, 64, 64}) {
      torch::nn::Conv2d const initial(torch::nn::Conv2dOptions(from, to, 4));
      Tensor const weight = parameter(initial->weight), bias = parameter(initial->bias);
      add([=](Tensor x) { return torch::conv2d(x, weight, bias, 2, 1); });
      add_leaky();
      from = to;
    }
    add([](Tensor x) { return x.flatten(1); });
    add_dense(1024, 128);
    add_leaky();
    add_dense(128, outputs);
  }
};

struct Generator : Network {
  Generator() {
    int from = code_size;
    for (int to : {128, 1024}) {
      add_dense(from, to);
      add([](Tensor x) { return torch::relu(x); });
      add_normalisation(to);
      from = to;
    }
    add([](Tensor x) { return in_layout(x.view({-1, 64, 4, 4})); });
    from = 64;
    for (int to : {64, 32, 32, 1}) {
      torch::nn::ConvTranspose2d const initial(torch::nn::ConvTranspose2dOptions(from, to, 4));
      Tensor const weight = parameter(initial->weight), bias = parameter(initial->bias);
      if (tuned) {
        add([=](Tensor x) { return TransposedConvolutionAsAdjoint::apply(x, weight, bias); });
      } else {
        add([=](Tensor x) { return torch::conv_transpose2d(x, weight, bias, 2, 1); });
      }
      if (to != 1) {
        add_leaky();
        add_normalisation(to);
      }
      from = to;
    }
    add([](Tensor x) { return torch::sigmoid(x); });
  }
};

Tensor codes() { return 2 * torch::rand({benchmarks::batch_size, code_size}) - 1; }

}  // namespace

int main(int count, char** words) {
  auto const arguments = benchmarks::read_arguments(count, words, {"wgan_gp"});
  torch::set_num_threads(arguments.threads);
  torch::manual_seed(0);
  Generator const generator;
  Trunk const critic(1), encoder(code_size);
  std::vector<Tensor> batches;
  for (int i = 0; i < 8; ++i) {
    batches.push_back(in_layout((torch::rand({benchmarks::batch_size, 1, 64, 64}) > 0.5).to(torch::kFloat)));
  }
  std::vector<Tensor> own = generator.parameters();
  own.insert(own.end(), encoder.parameters().begin(), encoder.parameters().end());
  auto const options = torch::optim::AdamOptions(1e-4).betas({0.0, 0.9});
  torch::optim::Adam adam(own, options), critic_adam(critic.parameters(), options);
  std::size_t number = 0;
  benchmarks::report_steps(tuned ? "libtorch_tuned" : "libtorch", arguments, [&] {
    for (Tensor parameter : critic.parameters()) parameter.set_requires_grad(true);
    for (int step = 0; step < 5; ++step) {
      Tensor const real = batches[number++ % batches.size()];
      Tensor fake;
      {
        torch::NoGradGuard const no_gradient;
        fake = generator(codes());
      }
      Tensor const mixed =
          (real + torch::rand({benchmarks::batch_size, 1, 1, 1}) * (fake - real)).set_requires_grad(true);
      Tensor const slopes = torch::autograd::grad({critic(mixed).sum()}, {mixed}, {}, true, true)[0];
      Tensor const norm = slopes.flatten(1).norm(2, 1);
      Tensor const values = critic(torch::cat({fake, real}));
      Tensor const loss = values.slice(0, 0, benchmarks::batch_size).mean() -
                          values.slice(0, benchmarks::batch_size).mean() + 10 * (norm - 1).square().mean();
      drop_gradients(critic.parameters());
      loss.backward();
      critic_adam.step();
    }
    for (Tensor parameter : critic.parameters()) parameter.set_requires_grad(false);
    Tensor const code = codes(), images = generator(code);
    Tensor const loss = (encoder(images) - code).square().mean() - critic(images).mean();
    drop_gradients(own);
    loss.backward();
    adam.step();
  });
}
