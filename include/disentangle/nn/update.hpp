// SPDX-License-Identifier: Apache-2.0
// An optimiser applied to a parameter set: clipping by global norm, then one fused pass over the flat
// buffers.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/autodiff/elementwise.hpp>
#include <disentangle/autodiff/materialise.hpp>
#include <disentangle/autodiff/reductions.hpp>
#include <disentangle/backend/backend_traits.hpp>
#include <disentangle/core/config.hpp>
#include <disentangle/core/error.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/nn/parameters.hpp>
#include <disentangle/optim/optimizer.hpp>

namespace disentangle::nn {

namespace detail {

/// The square of the L2 norm of all gradients of a set.
template <class Backend>
Variable<Backend, 0> squared_gradient_norm(Parameters<Backend>& parameters) {
  auto& tape = parameters.tape();
  RecordingOff<Backend> const guard(tape);
  Extents<1> const extents{static_cast<std::ptrdiff_t>(parameters.size())};
  Variable<Backend, 1> const g{&tape, parameters.gradients(), nullptr, extents, {1}};
  return sum(square(g));
}

}  // namespace detail

/// The L2 norm of all gradients of a set.
template <class Backend>
double gradient_norm(Parameters<Backend>& parameters) {
  double squared = 0;
  parameters.tape().backend().download(detail::squared_gradient_norm(parameters).value, &squared, 1);
  return std::sqrt(squared);
}

namespace detail {

/// An optimiser with its learning rate times a factor.
template <optimizer_policy Optimiser>
Optimiser at_rate(Optimiser optimiser, double factor) {
  optimiser.learning_rate *= factor;
  return optimiser;
}

}  // namespace detail

/// One update from the gradients of this step. `step` counts the updates of this set from 1.
template <class Backend, optimizer_policy Optimiser>
DISENTANGLE_COLD void update(Parameters<Backend>& parameters, Optimiser const& at_full_rate, long step) {
  Optimiser const optimiser = detail::at_rate(at_full_rate, parameters.rate_factor);
  parameters.complete_gradients();
  auto& backend = parameters.tape().backend();
  auto const moments = [&]<std::size_t... I>(std::index_sequence<I...>) {
    return std::array<typename Backend::scalar*, sizeof...(I)>{parameters.moment(I)...};
  }(std::make_index_sequence<Optimiser::moments>{});
  double factor = 1;
  if (optimiser.clip_norm > 0) {
    auto const squared = detail::squared_gradient_norm(parameters);
    using Kernel = decltype(optimiser.update(step, 1.0));
    if constexpr (backend::backend_traits<Backend>::template clips_in_place<Kernel, decltype(moments)>) {
      backend.clipped_update(optimiser.update(step, 1.0), parameters.size(), parameters.values(),
                             parameters.gradients(), moments, squared.value, optimiser.clip_norm);
      return;
    }
    double norm = 0;
    backend.download(squared.value, &norm, 1);
    norm = std::sqrt(norm);
    if (norm > optimiser.clip_norm) factor = optimiser.clip_norm / norm;
  }
  backend.update(optimiser.update(step, factor), parameters.size(), parameters.values(),
                 parameters.gradients(), moments);
}

/// One step of an optimiser on a loss: the gradients of the set start at zero, the tape runs back, the set is
/// updated. `step` counts these from 1. A training loop of one's own is
///     for (long step = 1; step <= steps; ++step) {
///       tape.reset();
///       nn::minimise(parameters, optim::Adam{}, step, mean(square(network(x) - y)));
///     }
template <class Backend, optimizer_policy Optimiser, scalar_expression E>
void minimise(Parameters<Backend>& parameters, Optimiser const& optimiser, long step, E const& loss) {
  auto const value = materialise(loss);
  parameters.begin_step();
  parameters.tape().backward(value);
  update(parameters, optimiser, step);
}

/// Parameters with an optimiser of their own: a discriminator, a critic, a difference encoder.
template <class Backend>
class OwnParameters {
 public:
  virtual ~OwnParameters() = default;
  OwnParameters(Tape<Backend>& tape, std::string name) : parameters(tape, std::move(name)) {}

  /// Minimises a loss: the gradients of the parameters trained here start at zero, the tape runs back, the
  /// optimiser steps. @throws NumericalError for a loss that is not finite, before anything is changed; on a
  /// backend that queues its work it is not looked at.
  template <scalar_expression E>
  void minimise(E const& loss) {
    auto const value = materialise(loss);
    if (instead_of_update) return instead_of_update(value);
    if constexpr (!backend::backend_traits<Backend>::queues_steps) expect_finite(value);
    trained().begin_step();
    parameters.tape().backward(value);
    ++updates;
    apply();
  }
  virtual std::size_t moments() const = 0;
  /// The set whose gradients an update reads.
  virtual Parameters<Backend>& trained() { return parameters; }

  Parameters<Backend> parameters;
  long updates = 0;
  /// Where it is set, minimise() hands it the loss and does nothing else: for checks of a loss's gradient.
  std::function<void(Variable<Backend, 0> const&)> instead_of_update{};

 private:
  virtual void apply() = 0;

  void expect_finite(Variable<Backend, 0> const& loss) {
    double number = 0;
    parameters.tape().backend().download(loss.value, &number, 1);
    if (std::isfinite(number)) return;
    throw NumericalError(
        "update " + std::to_string(updates + 1) + " of '" + parameters.name() + "': its loss is " +
        number_text(number) +
        "; lower the learning rate of its optimiser, set its clip_norm, or look at the images "
        "of this minibatch");
  }
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

/// A second optimiser, with moments of its own, over some parameters of another set: those whose names begin
/// with one of the prefixes. The moments are saved as statistics of this set.
template <class Backend, optimizer_policy Optimiser>
class SharedParameters final : public OwnParameters<Backend> {
 public:
  SharedParameters(Parameters<Backend>& main, std::string name, std::vector<std::string> prefixes,
                   Optimiser const& optimiser)
      : OwnParameters<Backend>(main.tape(), std::move(name)), main_(main), optimiser_(optimiser) {
    for (std::string const& prefix : prefixes) expect_parameters(prefix);
    for (std::size_t i = 0; i < main.blocks().size(); ++i) {
      auto const& block = main.blocks()[i];
      if (std::any_of(prefixes.begin(), prefixes.end(),
                      [&](std::string const& prefix) { return block.name.starts_with(prefix); })) {
        shared_.push_back(i);
      }
    }
    moments_.resize(shared_.size() * Optimiser::moments);
    for (std::size_t i = 0; i < moments_.size(); ++i) {
      auto const& block = main.blocks()[shared_[i / Optimiser::moments]];
      this->parameters.declare_statistic(moments_[i],
                                         "moment" + std::to_string(i % Optimiser::moments) + "." + block.name,
                                         Extents<1>{static_cast<std::ptrdiff_t>(block.size)}, 0);
    }
  }
  std::size_t moments() const override { return 0; }
  Parameters<Backend>& trained() override { return main_; }

 private:
  /// "encoder.trunk." of "encoder.trunk.0.weight"
  static std::string without_layers(std::string const& name) {
    std::size_t end = name.find('.');
    if (end == name.npos) return name;
    while (end + 1 < name.size() && !(name[end + 1] >= '0' && name[end + 1] <= '9') &&
           name.find('.', end + 1) != name.npos) {
      end = name.find('.', end + 1);
    }
    return name.substr(0, end + 1);
  }

  /// A prefix with which no parameter begins would train nothing.
  void expect_parameters(std::string const& prefix) const {
    std::set<std::string> there;
    for (auto const& block : main_.blocks()) {
      if (block.name.starts_with(prefix)) return;
      there.insert(without_layers(block.name));
    }
    std::string text;
    for (std::string const& name : there) text += (text.empty() ? "'" : ", '") + name + "'";
    throw ValueError("shared parameters '" + this->parameters.name() + "': found the prefix '" + prefix +
                     "', with which no parameter begins; they begin with " +
                     (text.empty() ? "nothing" : text));
  }

  void apply() override {
    Optimiser const optimiser = at_rate(optimiser_, this->parameters.rate_factor);
    main_.complete_gradients();
    auto& backend = main_.tape().backend();
    double factor = 1;
    typename Backend::scalar* squared = nullptr;
    if (optimiser.clip_norm > 0 && !shared_.empty()) {
      squared = squared_norm();
      if constexpr (!clips_in_place) {
        double norm = 0;
        backend.download(squared, &norm, 1);
        norm = std::sqrt(norm);
        if (norm > optimiser.clip_norm) factor = optimiser.clip_norm / norm;
      }
    }
    for (std::size_t i = 0; i < shared_.size(); ++i) {
      auto const& block = main_.blocks()[shared_[i]];
      auto const moments = [&]<std::size_t... M>(std::index_sequence<M...>) {
        return std::array<typename Backend::scalar*, sizeof...(M)>{
            moments_[i * Optimiser::moments + M].value...};
      }(std::make_index_sequence<Optimiser::moments>{});
      std::size_t const size = Parameters<Backend>::padded(block.size);
      auto* const values = main_.values() + block.offset;
      auto* const gradients = main_.gradients() + block.offset;
      if constexpr (clips_in_place) {
        if (squared != nullptr) {
          backend.clipped_update(optimiser.update(this->updates, 1.0), size, values, gradients, moments,
                                 squared, optimiser.clip_norm);
          continue;
        }
      }
      backend.update(optimiser.update(this->updates, factor), size, values, gradients, moments);
    }
  }

  /// The square of the L2 norm of the gradients of the shared parameters together.
  typename Backend::scalar* squared_norm() {
    auto& tape = main_.tape();
    RecordingOff<Backend> const guard(tape);
    auto const of = [&](std::size_t i) {
      auto const& block = main_.blocks()[i];
      Variable<Backend, 1> const g{&tape,
                                   main_.gradients() + block.offset,
                                   nullptr,
                                   Extents<1>{static_cast<std::ptrdiff_t>(block.size)},
                                   {1}};
      return sum(square(g));
    };
    Variable<Backend, 0> total = of(shared_[0]);
    for (std::size_t i = 1; i < shared_.size(); ++i) total = materialise(total + of(shared_[i]));
    return total.value;
  }

  static constexpr bool clips_in_place = backend::backend_traits<Backend>::template clips_in_place<
      decltype(std::declval<Optimiser const&>().update(1, 1.0)),
      std::array<typename Backend::scalar*, Optimiser::moments>>;

  Parameters<Backend>& main_;
  Optimiser optimiser_;
  std::vector<std::size_t> shared_;
  std::vector<Variable<Backend, 1>> moments_;
};

}  // namespace detail

}  // namespace disentangle::nn
