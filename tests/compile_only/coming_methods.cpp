// SPDX-License-Identifier: Apache-2.0
// The types of methods that are still to come, composed of policies that are declared and not defined:
// IP-IRM. This file is compiled and never linked; that it compiles shows that the shape of Method,
// of the roles and of Model carries own optimisers, several networks, priors with state, labelled steps, second
// minibatches, methods without a decoder or without a reconstruction. docs/architecture.md walks through it.
#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/contrast/contrast.hpp>
#include <disentangle/core/with.hpp>
#include <disentangle/encoder/encoder.hpp>
#include <disentangle/nn/convolution.hpp>
#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/normalisation.hpp>
#include <disentangle/nn/shape_layers.hpp>
#include <disentangle/train/model.hpp>

namespace dis = disentangle;
namespace nn = disentangle::nn;

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

void ip_irm_step(OnCpu<ip_irm::IpIrm>& model, std::span<dis::Minibatch const> batches) {
  model.step(batches);
}
OnCpu<ip_irm::IpIrm> ip_irm_model() { return {ip_irm::IpIrm{}, dis::backend::Cpu(1), {}, dis::seed(0)}; }
