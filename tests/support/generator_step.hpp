// SPDX-License-Identifier: Apache-2.0
// A training step of a small generative method without Model, on any backend: a generator, an encoder, the
// prior of uniform codes and one policy. For terms on generated images: quick to compile, and in double for
// gradient checks.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include <disentangle/autodiff/gradient_check.hpp>
#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/network.hpp>
#include <disentangle/nn/shape_layers.hpp>
#include <disentangle/nn/update.hpp>
#include <disentangle/optim/adam.hpp>
#include <disentangle/prior/uniform_code.hpp>

namespace disentangle::test {

/// A trunk for images of any shape: Hidden smooth or LeakyReLU features, head.
template <int Hidden, class Act = nn::LeakyRelu<>>
struct DenseTrunk {
  nn::Initialisation initialisation = nn::Initialisation::he_normal;
  static constexpr int latent_size = 10;
  template <int Outputs>
  using network = nn::Sequential<nn::Flatten, nn::Dense<Hidden, Act>, nn::Dense<Outputs>>;
  friend bool operator==(DenseTrunk const&, DenseTrunk const&) = default;
};

struct NoState {};
template <class Policy, class Setting>
auto state_type() {
  if constexpr (requires { typename Policy::template State<Setting>; }) {
    return std::type_identity<typename Policy::template State<Setting>>{};
  } else {
    return std::type_identity<NoState>{};
  }
}

/// What a policy is called with. Its random numbers depend on `seed_number` and `step_number` alone; begin()
/// forgets the images of the pass before.
template <class Backend, class Policy, int Latent, class Image,
          class Generator = nn::Sequential<nn::Dense<static_cast<int>(Image::size)>>>
class GeneratorStep {
 public:
  using backend_type = Backend;
  using Matrix = Variable<Backend, 2>;
  using setting = nn::Setting<Backend, Image, Latent>;
  using State = typename decltype(state_type<Policy, setting>())::type;
  static constexpr int latent_size = Latent;

  Policy policy;
  std::uint64_t seed_number = 3, step_number = 1;
  std::vector<double> measured = std::vector<double>(Policy::measures(Latent).size());
  std::vector<float> images_;  ///< real ones, of every minibatch

  GeneratorStep(Policy policy_, std::ptrdiff_t images, optim::Adam const& adam = {.learning_rate = 1e-2})
      : policy(std::move(policy_)), batch_(images), adam_(adam) {
    generator_.declare(generator_set_, "generator", nn::Initialisation::he_normal);
    encoder_.declare(set_, "encoder", nn::Initialisation::he_normal);
    if constexpr (std::is_same_v<State, NoState>) {
      state_ = std::make_unique<State>();
    } else {
      state_ = std::make_unique<State>(builder_, policy);
    }
    generator_set_.allocate(disentangle::seed(seed_number), 2);
    set_.allocate(disentangle::seed(seed_number), 2);
    for (auto& own : own_) own->parameters.allocate(disentangle::seed(seed_number), own->moments());
  }

  // ---- what policies see --------------------------------------------------------------------------------
  Matrix own_codes() {
    if (codes_.tape == nullptr) codes_ = codes(batch_, "own codes");
    return codes_;
  }
  Matrix codes(std::ptrdiff_t n, std::string_view name) {
    return prior.codes(tape_, n, Latent, random(name));
  }
  Matrix decode(Matrix z, nn::Mode mode = {}) { return generator_(z, mode); }
  Matrix generate(Matrix z, nn::Mode mode = {}) { return decode(z, mode); }
  Matrix encode(Matrix x, nn::Mode mode = {}) { return encoder_(x, mode); }
  Matrix generated() {
    if (generated_.tape == nullptr) generated_ = generate(own_codes());
    return generated_;
  }
  Matrix generated_with(Matrix z) { return generate(concatenate(axis<0>, own_codes(), z)); }
  Matrix redraw(Matrix z, double minimum, std::string_view name) {
    return prior.redraw(z, minimum, random(name));
  }
  double support() const { return prior.support(); }
  Matrix minibatch(int) {
    return tape_.constant(Extents<2>{batch_, static_cast<std::ptrdiff_t>(Image::size)}, images_.data());
  }
  Matrix images() { return minibatch(0); }
  Philox random(std::string_view name) const { return {seed_number, stream(name), step_number}; }
  State& state() { return *state_; }
  Tape<Backend>& tape() { return tape_; }
  long number() const { return static_cast<long>(step_number); }
  template <expression E>
  void measure(std::size_t first, E const& e) {
    RecordingOff<Backend> const guard(tape_);
    auto const v = materialise(e);
    tape_.backend().download(v.value, measured.data() + first, static_cast<std::size_t>(v.size()));
  }
  void measure(std::size_t first, double value) { measured.at(first) = value; }

  // ---- what tests do ------------------------------------------------------------------------------------
  void begin() {
    codes_ = {};
    generated_ = {};
    tape_.reset();
  }
  /// The policy's term at the present weights and random numbers.
  double value() {
    begin();
    RecordingOff<Backend> const guard(tape_);
    double result = 0;
    tape_.backend().download(materialise(policy(*this)).value, &result, 1);
    return result;
  }
  /// Steps that minimise the term, with respect to the policy's parameters and the encoder's and, if wanted,
  /// the generator's.
  double train(long steps, bool generator_too) {
    double result = 0;
    for (long i = 0; i < steps; ++i) {
      ++step_number;
      begin();
      set_.begin_step();
      generator_set_.begin_step();
      auto const loss = materialise(policy(*this));
      tape_.backend().download(loss.value, &result, 1);
      tape_.backend().fill(loss.gradient, 1, typename Backend::scalar(1));
      tape_.backward();
      ++updates_;
      nn::update(set_, adam_, updates_);
      if (generator_too) nn::update(generator_set_, adam_, updates_);
    }
    return result;
  }
  nn::Parameters<Backend>& generator_set() { return generator_set_; }
  nn::Parameters<Backend>& set() { return set_; }
  std::vector<std::unique_ptr<nn::OwnParameters<Backend>>>& own() { return own_; }

  prior::UniformCode prior{};

 private:
  std::ptrdiff_t batch_;
  optim::Adam adam_;
  Tape<Backend> tape_{Backend(1)};
  nn::Parameters<Backend> generator_set_{tape_, "generator"}, set_{tape_, "model"};
  std::vector<std::unique_ptr<nn::OwnParameters<Backend>>> own_;
  nn::Builder<Backend> builder_{set_, own_};
  typename Generator::template On<Backend, FeatureShape<Latent>> generator_;
  typename DenseTrunk<12, nn::Tanh>::template network<Latent>::template On<Backend, Image> encoder_;
  std::unique_ptr<State> state_;
  Matrix codes_{}, generated_{};
  long updates_ = 0;
};

/// Central differences of a policy's term with respect to every weight of the encoder and the policy and,
/// unless the term stops its gradient there, of the generator.
template <class Step>
GradientReport check_generator_term(Step& step, bool skips_generator = false,
                                    GradientTolerance const& tolerance = {}) {
  std::vector<nn::Parameters<typename Step::backend_type>*> sets{&step.set()};
  if (!skips_generator) sets.push_back(&step.generator_set());
  std::vector<disentangle::detail::Leaf> leaves;
  for (auto* set : sets) {
    for (auto const& block : set->blocks()) {
      leaves.push_back({block.name, *block.value, *block.gradient, block.size, block.written != nullptr});
    }
  }
  return disentangle::detail::compare_gradients(
      step.tape(), leaves,
      [&] {
        step.begin();
        return materialise(step.policy(step));
      },
      [&] {
        step.generator_set().begin_step();
        for (auto* set : sets) set->begin_step();
      },
      [&] {
        for (auto* set : sets) set->complete_gradients();
      },
      tolerance);
}

}  // namespace disentangle::test
