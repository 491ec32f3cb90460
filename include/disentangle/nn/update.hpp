// SPDX-License-Identifier: Apache-2.0
// An optimiser applied to a parameter set: clipping by global norm, then one fused pass over the flat buffers.
#pragma once

#include <array>
#include <cmath>
#include <utility>

#include <disentangle/autodiff/reductions.hpp>
#include <disentangle/nn/parameters.hpp>
#include <disentangle/optim/optimizer.hpp>

namespace disentangle::nn {

/// The L2 norm of all gradients of a set.
template <class Backend>
double gradient_norm(Parameters<Backend>& parameters) {
  auto& tape = parameters.tape();
  RecordingOff<Backend> const guard(tape);
  Extents<1> const extents{static_cast<std::ptrdiff_t>(parameters.size())};
  Variable<Backend, 1> const g{&tape, parameters.gradients(), nullptr, extents, {1}};
  auto const total = sum(square(g));
  double squared = 0;
  tape.backend().download(total.value, &squared, 1);
  return std::sqrt(squared);
}

/// One update from the gradients of this step. `step` counts the updates of this set from 1.
template <class Backend, optimizer_policy Optimiser>
void update(Parameters<Backend>& parameters, Optimiser const& optimiser, long step) {
  parameters.complete_gradients();
  double factor = 1;
  if (optimiser.clip_norm > 0) {
    double const norm = gradient_norm(parameters);
    if (norm > optimiser.clip_norm) factor = optimiser.clip_norm / norm;
  }
  auto const moments = [&]<std::size_t... I>(std::index_sequence<I...>) {
    return std::array<typename Backend::scalar*, sizeof...(I)>{parameters.moment(I)...};
  }(std::make_index_sequence<Optimiser::moments>{});
  parameters.tape().backend().update(optimiser.update(step, factor), parameters.size(), parameters.values(),
                                     parameters.gradients(), moments);
}

/// Parameters with an optimiser of their own: a discriminator, a critic, a difference encoder.
template <class Backend>
class OwnParameters {
 public:
  virtual ~OwnParameters() = default;
  OwnParameters(Tape<Backend>& tape, std::string name) : parameters(tape, std::move(name)) {}

  /// Minimises a loss of this set: its gradients start at zero, the tape runs back, the optimiser steps.
  void minimise(Variable<Backend, 0> const& loss) {
    parameters.begin_step();
    auto& tape = parameters.tape();
    tape.backend().fill(loss.gradient, 1, typename Backend::scalar(1));
    tape.backward();
    ++updates;
    apply();
  }
  virtual std::size_t moments() const = 0;

  Parameters<Backend> parameters;
  long updates = 0;

 private:
  virtual void apply() = 0;
};

namespace detail {

template <class Backend, optimizer_policy Optimiser>
class OptimisedParameters final : public OwnParameters<Backend> {
 public:
  OptimisedParameters(Tape<Backend>& tape, std::string name, Optimiser const& optimiser)
      : OwnParameters<Backend>(tape, std::move(name)), optimiser_(optimiser) {}
  std::size_t moments() const override { return Optimiser::moments; }

 private:
  void apply() override { update(this->parameters, optimiser_, this->updates); }
  Optimiser optimiser_;
};

}  // namespace detail

}  // namespace disentangle::nn
