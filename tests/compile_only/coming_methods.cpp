// SPDX-License-Identifier: Apache-2.0
// The types of methods that are still to come, composed of policies that are declared and not defined: DiD
// and IP-IRM. This file is compiled and never linked; that it compiles shows that the shape of Method,
// of the roles and of Model carries own optimisers, several networks, priors with state, labelled steps, second
// minibatches, methods without a decoder or without a reconstruction. docs/architecture.md walks through it.
#include <disentangle/adversary/adversary.hpp>
#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/contrast/contrast.hpp>
#include <disentangle/method/beta_tc_vae.hpp>
#include <disentangle/method/beta_vae.hpp>
#include <disentangle/nn/normalisation.hpp>
#include <disentangle/supervision/supervision.hpp>
#include <disentangle/train/model.hpp>

namespace dis = disentangle;
namespace nn = disentangle::nn;

// ---- DiD: a generator without a reconstruction, a critic with a gradient penalty, a difference encoder -------------------
namespace did {

struct UniformCode {
  template <class B>
  dis::Variable<B, 2> codes(dis::Tape<B>& tape, std::ptrdiff_t n, std::ptrdiff_t latent,
                            dis::Philox random) const;
};
template <class Network, class B>
dis::Variable<B, 0> gradient_penalty(Network& critic,
                                     dis::Variable<B, 2> const& images);  // by a forward tangent pass

template <int CriticSteps = 5>
struct WassersteinCritic {
  double penalty = 10;
  dis::optim::Adam optimizer{.learning_rate = 1e-4, .beta1 = 0, .beta2 = 0.9};
  static constexpr int minibatches = 1 + CriticSteps;
  template <class Setting>
  struct State {
    using B = typename Setting::backend_type;
    using Layers =
        nn::Sequential<nn::Conv<32, 4, 2, 1, nn::LeakyRelu<>>, nn::Flatten, nn::LayerNorm, nn::Dense<1>>;
    nn::OwnParameters<B>& own;
    typename Layers::template On<B, typename Setting::image_shape> critic;
    State(nn::Builder<B>& build, WassersteinCritic const& policy)
        : own(build.own_parameters("critic", policy.optimizer)) {
      critic.declare(own.parameters, "critic", nn::Initialisation::normal_002);
    }
  };
  void before_step(auto& step) const {
    for (int i = 1; i <= CriticSteps; ++i) {
      auto const real = step.minibatch(i);
      auto const fake = stop_gradient(step.decode(step.codes(real.extents[0], "critic")));
      auto& critic = step.state().critic;
      step.state().own.minimise(
          materialise(mean(critic(fake)) - mean(critic(real)) + penalty * gradient_penalty(critic, fake)));
    }
  }
  auto operator()(auto& step) const {
    return -1.0 * mean(step.state().critic(step.decode(step.codes(step.images().extents[0], "generator")),
                                           nn::Mode{.frozen = true}));
  }
};
struct InterFactorDifference {  // Contrast: distance of the differences made by two perturbed factors
  double weight = 1;
  template <class Setting>
  struct State {
    using B = typename Setting::backend_type;
    using Image = typename Setting::image_shape;
    using Layers =
        nn::Sequential<nn::Conv<32, 4, 2, 1, nn::LeakyRelu<>>, nn::Flatten, nn::Dense<Setting::latent_size>>;
    typename Layers::template On<B, dis::ImageShape<Image::height, Image::width, 2 * Image::channels>>
        difference_encoder;
    explicit State(nn::Builder<B>& build) {
      difference_encoder.declare(build.parameters(), "difference", nn::Initialisation::normal_002);
    }
  };
  template <class B>
  dis::Variable<B, 2> perturb(dis::Variable<B, 2> const& codes, dis::Philox random) const;
  auto operator()(auto& step) const {
    auto const c = step.codes(step.images().extents[0], "difference");
    auto const x = step.decode(c), x1 = step.decode(perturb(c, step.random("first"))),
               x2 = step.decode(perturb(c, step.random("second")));
    auto& h = step.state().difference_encoder;
    return -weight *
           mean(sum(square(h(concatenate(dis::axis<1>, x, x1)) - h(concatenate(dis::axis<1>, x, x2))),
                    dis::axis<1>));
  }
};
struct CodeRegression {  // Supervision of the samples encoder by the generator's own codes
  double weight = 1;
  auto operator()(auto& step) const {
    auto const c = step.codes(step.images().extents[0], "generator");
    return weight * mean(square(step.encode(step.decode(c)) - c));
  }
};
using Did = dis::Method<dis::Encoder<dis::encoder::LocatelloConv<>>,
                        dis::Decoder<dis::decoder::LocatelloConv>, dis::Prior<UniformCode>,
                        dis::Adversary<WassersteinCritic<>>, dis::Contrast<InterFactorDifference>,
                        dis::Supervision<CodeRegression>, dis::Optimizer<dis::optim::Adam>>;
// the same term beside a VAE's decoder
using DifferenceBetaVae = dis::With<dis::method::BetaVae, dis::Contrast<InterFactorDifference>>;

}  // namespace did

// ---- IP-IRM: an encoder alone, two views, retained partitions, closed-form penalty ---------------------------------------
namespace ip_irm {

struct SmallResNet {
  nn::Initialisation initialisation = nn::Initialisation::he_normal;
  static constexpr int latent_size = 128;
  template <int Outputs>
  using network =
      nn::Sequential<nn::Conv<32, 4, 2, 1, nn::Relu>, nn::BatchNorm, nn::Flatten, nn::Dense<Outputs>>;
};
struct InfoNce {
  double temperature = 0.5;
  static constexpr int minibatches = 2;  // the two views
  auto operator()(auto& step) const {
    auto const a = step.encode(step.minibatch(0)), b = step.encode(step.minibatch(1));
    auto const similarity = materialise((1.0 / temperature) * matmul(a, transpose(b)));
    return -1.0 * mean(diagonal(log_softmax(similarity, dis::axis<1>)));
  }
};
template <class B>
dis::Variable<B, 0> invariant_risk(dis::Variable<B, 2> const& a, dis::Variable<B, 2> const& b,
                                   std::span<std::size_t const> indices, std::span<float const> partition,
                                   double penalty_weight);
struct InvariantPartition {
  double penalty_weight = 0.2;
  static constexpr int minibatches = 2;
  template <class Setting>
  struct State {
    std::vector<std::vector<float>>
        partitions;  // of all images; grown by a callback of the training loop between epochs
    explicit State(nn::Builder<typename Setting::backend_type>&) {}
  };
  auto operator()(auto& step) const {
    auto const a = step.encode(step.minibatch(0)), b = step.encode(step.minibatch(1));
    return invariant_risk(a, b, step.indices(0), std::span<float const>{}, penalty_weight);
  }
};
using SimClr = dis::Method<dis::Encoder<SmallResNet>, dis::Contrast<InfoNce>>;
using IpIrm = dis::Plus<SimClr, dis::Contrast<InvariantPartition>>;

}  // namespace ip_irm

// Every composition makes a training step on the CPU backend, as far as the compiler is concerned.
template <class M>
using OnCpu = dis::Model<M, dis::backend::Cpu, dis::ImageShape<64, 64, 1>>;

void did_step(OnCpu<did::Did>& model, std::span<dis::Minibatch const> batches) { model.step(batches); }
void difference_step(OnCpu<did::DifferenceBetaVae>& model, std::span<dis::Minibatch const> batches) {
  model.step(batches);
}
void ip_irm_step(OnCpu<ip_irm::IpIrm>& model, std::span<dis::Minibatch const> batches) {
  model.step(batches);
}
OnCpu<did::Did> did_model() { return {did::Did{}, dis::backend::Cpu(1), {}, dis::seed(0)}; }
OnCpu<ip_irm::IpIrm> ip_irm_model() { return {ip_irm::IpIrm{}, dis::backend::Cpu(1), {}, dis::seed(0)}; }
