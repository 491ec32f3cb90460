// SPDX-License-Identifier: Apache-2.0
// RF-VAE, PartedVAE, DiD and IP-IRM composed of policies that are declared and hardly defined. This file is
// compiled and never linked: it shows what the shape of Method, of the roles and of Model carries of itself,
// whoever writes the policies: own optimisers, several networks, priors with state, labelled steps, second
// minibatches, gradient penalties, methods without a decoder or without a reconstruction. The methods
// themselves are in method/; docs/architecture.md walks through their types.
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

// ---- RF-VAE: a relevance vector learnt with the VAE, a discriminator with its own Adam, a second minibatch
// ------------
namespace rf_vae {

template <class B>
struct RelevantPosterior : dis::Posterior<B> {
  dis::Variable<B, 1> relevance;        // r = sigmoid(logits), (latent)
  dis::Variable<B, 2> relevant_sample;  // r o z, what the discriminator sees; the decoder sees z
};

struct RelevantNormal {  // Prior: standard normal whose posterior carries r
  template <class Setting>
  struct State {
    dis::Variable<typename Setting::backend_type, 1> logits;
    explicit State(nn::Builder<typename Setting::backend_type>& build) {
      build.parameters().declare(logits, "relevance", dis::Extents<1>{Setting::latent_size},
                                 nn::Initialiser{nn::Initialiser::Law::normal, 0.001});
    }
  };
  static constexpr int parameters_per_latent = 2;
  template <class B>
  RelevantPosterior<B> posterior(dis::Variable<B, 2> const& head, dis::Philox const& random,
                                 auto& state) const;
  template <class B>
  dis::Variable<B, 2> codes(dis::Tape<B>& tape, std::ptrdiff_t n, std::ptrdiff_t latent, dis::Philox random,
                            auto& state) const;
};

struct
    // sum_j (lambda_max - (lambda_max - lambda_min) r_j) KL_j + eta_s |r|_1 + eta_h H(r)
    RelevanceWeightedKl {
  double lambda_min = 0.1, lambda_max = 10, eta_s = 1, eta_h = 100;
  template <class B>
  using posterior_type = RelevantPosterior<B>;
  auto operator()(auto const& q) const {
    auto const& r = q.relevance;
    auto const weights = lambda_max - (lambda_max - lambda_min) * r;
    auto const entropy = -1.0 * (r * log(r) + (1.0 - r) * log(1.0 - r));
    return (1.0 / q.batch_size()) * sum(weights * q.kl) + eta_s * sum(r) + eta_h * sum(entropy);
  }
};

struct Discriminator {  // Adversary: density ratio of r o z against its permutation
  double gamma = 35;
  dis::optim::Adam optimizer{.learning_rate = 1e-4, .beta1 = 0.5, .beta2 = 0.9};
  static constexpr int minibatches = 2;
  template <class B>
  using posterior_type = RelevantPosterior<B>;
  template <class Setting>
  struct State {
    using B = typename Setting::backend_type;
    using Layers =
        nn::Sequential<nn::Dense<1000, nn::LeakyRelu<>>, nn::Dense<1000, nn::LeakyRelu<>>, nn::Dense<2>>;
    nn::OwnParameters<B>& own;
    typename Layers::template On<B, dis::FeatureShape<Setting::latent_size>> network;
    State(nn::Builder<B>& build, Discriminator const& policy)
        : own(build.own_parameters("discriminator", policy.optimizer)) {
      network.declare(own.parameters, "discriminator", nn::Initialisation::normal_002);
    }
  };
  auto operator()(auto& step) const {
    auto const logits = step.state().network(step.posterior().relevant_sample, nn::Mode{.frozen = true});
    return gamma * mean(slice(logits, dis::axis<1>, 0, 1) - slice(logits, dis::axis<1>, 1, 2));
  }
  void after_step(auto& step) const {
    auto const real = stop_gradient(step.infer(step.minibatch(1), "second").relevant_sample);
    auto const loss = materialise(mean(softplus(step.state().network(real))));
    step.state().own.minimise(loss);
  }
};

using RfVae = dis::Plus<
    dis::With<dis::method::BetaVae, dis::Prior<RelevantNormal>, dis::Regularizer<RelevanceWeightedKl>>,
    dis::Adversary<Discriminator>>;

}  // namespace rf_vae

// ---- PartedVAE: several heads, a learnt mixture prior, a labelled step over part of the parameters --------
namespace parted_vae {

template <class B>
struct PartedPosterior : dis::Posterior<B> {
  dis::Variable<B, 2> class_mean, class_log_variance;  // of u, (batch, classes' codes)
  dis::Variable<B, 2> log_class;                       // log q(c|x), (batch, classes)
};
template <class B>
struct Heads {
  dis::Variable<B, 2> z, u, class_logits;
};

template <int Classes>
struct Parted {  // Encoder: shared trunk, z head, class head, attention over the trunk for u
  nn::Initialisation initialisation = nn::Initialisation::torch_default;
  static constexpr int latent_size = 6;
  template <int Outputs>
  using network = nn::Sequential<nn::Dense<Outputs>>;
  template <class Setting>
  struct Inference {
    using B = typename Setting::backend_type;
    void declare(nn::Parameters<B>& parameters, std::string const& prefix, nn::Initialisation kind);
    Heads<B> operator()(dis::Variable<B, 2> const& images, nn::Mode mode);
  };
};
template <int Classes>
struct ClassMixture {  // Prior: one Gaussian per class for u (two tables that are learnt), N(0, I) for z
  static constexpr int parameters_per_latent = 2;
  static constexpr int code_size = 6 + Classes;
  template <class Setting>
  struct State {
    dis::Variable<typename Setting::backend_type, 2> mean, rho;
    explicit State(nn::Builder<typename Setting::backend_type>& build) {
      build.parameters().declare(mean, "prior.mean", dis::Extents<2>{Classes, Classes},
                                 nn::Initialiser{nn::Initialiser::Law::normal, 1});
      build.parameters().declare(rho, "prior.rho", dis::Extents<2>{Classes, Classes},
                                 nn::Initialiser{nn::Initialiser::Law::normal, 1});
    }
  };
  template <class B>
  PartedPosterior<B> posterior(Heads<B> const& heads, dis::Philox random, auto& state) const;
  template <class B>
  dis::Variable<B, 2> codes(dis::Tape<B>& tape, std::ptrdiff_t n, std::ptrdiff_t latent, dis::Philox random,
                            auto& state) const;
};
struct ConditionalEntropy {
  double weight = 10;
  template <class B>
  using posterior_type = PartedPosterior<B>;
  auto operator()(auto const& q) const {
    return (-weight / q.batch_size()) * sum(exp(q.log_class) * q.log_class);
  }
};
struct
    // Supervision: cross-entropy of a labelled minibatch before every step, own Adam over trunk and class
    // head
    LabelledStep {
  dis::optim::Adam optimizer{.learning_rate = 5e-4};
  static constexpr int minibatches = 2;
  template <class B>
  using posterior_type = PartedPosterior<B>;
  template <class Setting>
  struct State {
    nn::OwnParameters<typename Setting::backend_type>& own;
    State(nn::Builder<typename Setting::backend_type>& build, LabelledStep const& policy)
        : own(build.shared_parameters("labelled", {"encoder.trunk", "encoder.class_head"},
                                      policy.optimizer)) {}
  };
  void before_step(auto& step) const {
    auto const q = step.infer(step.minibatch(1), "labelled");
    step.state().own.minimise(materialise(-1.0 * mean(pick(q.log_class, step.labels(1)))));
  }
};
using PartedVae = dis::With<dis::method::BetaVae, dis::Encoder<Parted<10>>, dis::Prior<ClassMixture<10>>,
                            dis::Regularizer<ConditionalEntropy>, dis::Supervision<LabelledStep>>;

}  // namespace parted_vae

// ---- DiD: a generator without a reconstruction, a critic with a gradient penalty, a difference encoder
// -------------------
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

// ---- IP-IRM: an encoder alone, two views, retained partitions, closed-form penalty ------------------------
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

void rf_vae_step(OnCpu<rf_vae::RfVae>& model, std::span<dis::Minibatch const> batches) {
  model.step(batches);
}
void parted_vae_step(OnCpu<parted_vae::PartedVae>& model, std::span<dis::Minibatch const> batches) {
  model.step(batches);
}
void did_step(OnCpu<did::Did>& model, std::span<dis::Minibatch const> batches) { model.step(batches); }
void difference_step(OnCpu<did::DifferenceBetaVae>& model, std::span<dis::Minibatch const> batches) {
  model.step(batches);
}
void ip_irm_step(OnCpu<ip_irm::IpIrm>& model, std::span<dis::Minibatch const> batches) {
  model.step(batches);
}
OnCpu<rf_vae::RfVae> rf_vae_model() { return {rf_vae::RfVae{}, dis::backend::Cpu(1), {}, dis::seed(0)}; }
OnCpu<parted_vae::PartedVae> parted_vae_model() {
  return {parted_vae::PartedVae{}, dis::backend::Cpu(1), {}, dis::seed(0)};
}
OnCpu<did::Did> did_model() { return {did::Did{}, dis::backend::Cpu(1), {}, dis::seed(0)}; }
OnCpu<ip_irm::IpIrm> ip_irm_model() { return {ip_irm::IpIrm{}, dis::backend::Cpu(1), {}, dis::seed(0)}; }
