// SPDX-License-Identifier: Apache-2.0
// make_step: one update of an assembly. The order is: before_step of every policy, forward pass and terms,
// one backward pass, the method's optimiser, after_step of every policy.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>

#include <disentangle/backend/backend_traits.hpp>
#include <disentangle/core/config.hpp>
#include <disentangle/core/error.hpp>
#include <disentangle/core/minibatch.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/core/reflection.hpp>
#include <disentangle/nn/update.hpp>
#include <disentangle/objective/step.hpp>
#include <disentangle/reconstruction/reconstruction.hpp>
#include <disentangle/train/assembly.hpp>
#include <disentangle/train/step_undo.hpp>
#include <disentangle/train/step_view.hpp>

namespace disentangle {

namespace detail {

/// The scalar of slot I of the method, or Absent where its policy has no term.
template <std::size_t I, class A>
auto term_of(Forward<A>& forward) {
  using Slot = typename A::traits::template slot<I>;
  using Policy = typename Slot::policy;
  auto const& policy = std::get<I>(forward.parts.method.policies);
  if constexpr (Slot::kind == Role::reconstruction) {
    return materialise(policy(Likelihood<typename A::backend_type>{forward.output, forward.images}));
  } else if constexpr (Slot::kind == Role::regularizer) {
    if constexpr (policy_traits<Policy>::template has_state<typename A::setting>) {
      term_input_t<Policy, decltype(forward.posterior), typename A::setting> const input{
          forward.posterior, *std::get<I>(forward.parts.states)};
      return materialise(policy(input));
    } else {
      return materialise(policy(forward.posterior));
    }
  } else {
    StepView<A, I> step(forward);
    if constexpr (has_term<Policy, StepView<A, I>>) {
      return materialise(policy(step));
    } else {
      return Absent{};
    }
  }
}

/// "LabelledStep, TotalCorrelation<5>": the policies that update something before the forward pass of a step.
template <class A>
std::string policies_with_before_step() {
  std::string names;
  A::traits::each_slot([&](auto index) {
    using Policy = typename A::traits::template policy<index>;
    if constexpr (has_before_step<Policy, StepView<A, index>>)
      names += (names.empty() ? "" : ", ") + type_name<Policy>();
  });
  return names;
}

template <class A>
DISENTANGLE_COLD NumericalError not_finite(A const& a, std::size_t part, double value,
                                           std::string const& remark) {
  std::string const updated = policies_with_before_step<A>();
  return NumericalError(
      "step " + std::to_string(a.steps) + ": the part " + A::traits::part_names()[part] + " of the loss is " +
      number_text(value) + remark +
      "; lower the learning rate, set a clip_norm, or look at the images of this minibatch" +
      (updated.empty() ? "" : "; " + updated + " made updates in this step before: go on from a checkpoint"));
}

/// Where a step's numbers go: into the report at once, or to memory of the backend that queues its work.
template <class A>
struct TakeNumbers {
  using scalar = typename A::scalar;
  static constexpr bool queues = backend::backend_traits<typename A::backend_type>::queues_steps;

  A& a;

  /// Part i of the loss; value is null where the policy has no term.
  void part(std::size_t i, scalar const* value) const {
    auto& backend = a.tape.backend();
    if constexpr (queues) {
      if (value == nullptr) {
        backend.fill(a.results.data() + i, 1, scalar(0));
      } else {
        backend.copy(value, a.results.data() + i, 1);
      }
    } else {
      double number = 0;
      if (value != nullptr) backend.download(value, &number, 1);
      if (!std::isfinite(number)) throw not_finite(a, i, number, "");
      a.report.parts[i] = number;
      a.report.loss += number;
    }
  }
  /// The mean KL of each of n latents.
  void kl(scalar const* values, std::size_t n) const {
    if constexpr (queues) {
      a.tape.backend().copy(values, a.results.data() + A::traits::parts, n);
    } else {
      a.tape.backend().download(values, a.report.kl.data(), n);
    }
  }
};

/// The terms, their values, and what is minimised: the gradient of each is 1.
template <class A>
void evaluate_terms(Forward<A>& forward) {
  using traits = typename A::traits;
  using Backend = typename A::backend_type;
  std::array<Variable<Backend, 0>, traits::parts> values{};
  auto const evaluate = [&](auto&& is_due) {
    std::size_t part = 0;
    traits::each_slot([&](auto index) {
      constexpr Role kind = traits::template slot<index>::kind;
      if constexpr (is_part(kind)) {
        if (is_due(kind)) {
          auto const value = term_of<index>(forward);
          if constexpr (!std::is_same_v<std::remove_const_t<decltype(value)>, Absent>) values[part] = value;
        }
        ++part;
      }
    });
  };
  // In a generative method the terms on pairs come first: they generate the most images, and the others'
  // among them (StepView::generated_with), wherever their slots stand.
  if constexpr (traits::variational) {
    evaluate([](Role) { return true; });
  } else {
    evaluate([](Role role) { return role == Role::contrast; });
    evaluate([](Role role) { return role != Role::contrast; });
  }
  auto& backend = forward.parts.tape.backend();
  for (std::size_t part = 0; part < traits::parts; ++part) {
    TakeNumbers<A>{forward.parts}.part(part, values[part].value);
    if (values[part].gradient != nullptr) backend.fill(values[part].gradient, 1, typename A::scalar(1));
  }
}

/// All work of a step.
template <class A>
void do_step(A& a, std::span<Minibatch const> batches, StepUndo<A>& undo) {
  using traits = typename A::traits;
  using Backend = typename A::backend_type;
  traits::each_slot([&](auto index) {
    using View = StepView<A, index>;
    if constexpr (has_before_step<typename traits::template policy<index>, View>) {
      a.tape.reset();
      Forward<A> before{a, batches};
      View step(before);
      std::get<index>(a.method.policies).before_step(step);
    }
  });

  a.tape.reset();
  a.main.begin_step();
  Forward<A> forward{a, batches};
  forward.images = forward.minibatch(0);
  if constexpr (traits::variational) {
    forward.posterior = a.infer(forward.images, "posterior", static_cast<double>(batches[0].data_size));
    forward.output = a.decoder(forward.posterior.sample);
  }
  evaluate_terms(forward);
  if constexpr (traits::variational && requires { forward.posterior.kl; }) {
    RecordingOff<Backend> const guard(a.tape);
    auto const kl = materialise(mean(forward.posterior.kl, axis<0>));
    TakeNumbers<A>{a}.kl(kl.value, std::min(A::latent_size, static_cast<std::size_t>(kl.size())));
  }
  traits::each_slot([&](auto index) {
    using View = StepView<A, index>;
    if constexpr (has_measure<typename traits::template policy<index>, View>) {
      RecordingOff<Backend> const guard(a.tape);
      View step(forward);
      std::get<index>(a.method.policies).measure(step);
    }
  });
  a.tape.backward();
  nn::update(a.main, optimizer_of(a.method), a.steps);
  if constexpr (!TakeNumbers<A>::queues) undo.updated();

  traits::each_slot([&](auto index) {
    using View = StepView<A, index>;
    if constexpr (has_after_step<typename traits::template policy<index>, View>) {
      View step(forward);
      std::get<index>(a.method.policies).after_step(step);
    }
  });
}

/// @throws ShapeError for minibatches that are not what a step of the method takes.
template <class A>
DISENTANGLE_COLD void check_minibatches(std::span<Minibatch const> batches) {
  constexpr std::size_t pixels = A::image_shape_type::size;
  if (batches.size() != static_cast<std::size_t>(A::traits::minibatches)) {
    throw ShapeError("step: found " + std::to_string(batches.size()) + " minibatches, expected " +
                     std::to_string(A::traits::minibatches));
  }
  for (Minibatch const& batch : batches) {
    if (batch.size == 0 || batch.images.size() != batch.size * pixels) {
      throw ShapeError("step: found " + std::to_string(batch.images.size()) + " scalars for " +
                       std::to_string(batch.size) + " images, expected " + std::to_string(pixels) +
                       " each and at least one image");
    }
  }
}

}  // namespace detail

/// The report of the last step, waiting for it where the backend queues its work. @throws NumericalError
/// where a part of the loss is not finite.
template <class A>
typename A::report_type const& read_back(A& a) {
  constexpr std::size_t parts = A::traits::parts;
  auto& report = a.report;
  if constexpr (backend::backend_traits<typename A::backend_type>::queues_steps) {
    if (report.step == a.steps) return report;
    std::array<double, parts + A::latent_size> numbers{};
    a.tape.backend().download(a.results.data(), numbers.data(), numbers.size());
    for (std::size_t part = 0; part < parts; ++part) {
      if (!std::isfinite(numbers[part])) {
        throw detail::not_finite(a, part, numbers[part],
                                 " (it was finite when it was last read back, at step " +
                                     std::to_string(report.step) + ")");
      }
    }
    report.step = a.steps;
    report.images = a.staged_images;
    report.loss = 0;
    for (std::size_t part = 0; part < parts; ++part) {
      report.parts[part] = numbers[part];
      report.loss += numbers[part];
    }
    std::copy_n(numbers.begin() + parts, A::latent_size, report.kl.begin());
  }
  return report;
}

/// One update from minibatches; what Model::step does, which says more. What a step that throws has changed
/// is taken back as far as StepUndo says.
template <class A>
typename A::report_type const& make_step(A& a, std::span<Minibatch const> batches, bool reads_back) {
  detail::check_minibatches<A>(batches);
  auto& report = a.report;
  {
    detail::StepUndo<A> undo(a);
    if constexpr (backend::backend_traits<typename A::backend_type>::queues_steps) {
      auto& backend = a.tape.backend();
      std::size_t sizes = 0;
      for (std::size_t i = 0; i < batches.size(); ++i) {
        a.staged[i] = backend.stage(i, batches[i].images.data(), batches[i].images.size());
        sizes = sizes * 1'000'003 + batches[i].size;
      }
      a.staged_images = batches[0].size;
      backend.submit(sizes, [&] { detail::do_step(a, batches, undo); });
      undo.updated();
    } else {
      report.step = a.steps;
      report.loss = 0;
      report.images = batches[0].size;
      report.kl.fill(0);
      detail::do_step(a, batches, undo);
    }
  }
  if constexpr (backend::backend_traits<typename A::backend_type>::queues_steps) {
    if (reads_back || a.tape.backend().reads_back(a.steps)) read_back(a);
  } else {
    static_cast<void>(reads_back);
  }
  return report;
}

}  // namespace disentangle
