// SPDX-License-Identifier: Apache-2.0
// Model::step: one update. The order is: before_step of every policy, forward pass and terms, one backward pass, the
// method's optimiser, after_step of every policy.
#pragma once

#include <cmath>

#include <disentangle/train/model.hpp>

namespace disentangle {

/// The variables of the main minibatch that terms share.
template <class... Slots, class Backend, class Image>
struct Model<Method<Slots...>, Backend, Image>::Forward {
  Assembly& parts;
  std::span<Minibatch const> batches;

  template <class A>
  static auto posterior_type() {
    if constexpr (variational) {
      return std::type_identity<decltype(std::declval<A&>().infer(std::declval<Variable<Backend, 2> const&>(),
                                                                  "", 1.0))>{};
    } else {
      return std::type_identity<detail::Absent>{};
    }
  }

  Variable<Backend, 2> images{};
  typename decltype(posterior_type<Assembly>())::type posterior{};
  Variable<Backend, 2> output{};

  Variable<Backend, 2> minibatch(int i) const {
    Minibatch const& batch = batches[static_cast<std::size_t>(i)];
    return parts.tape.constant(
        Extents<2>{static_cast<std::ptrdiff_t>(batch.size), static_cast<std::ptrdiff_t>(Image::size)},
        batch.images.data());
  }
};

/// What a policy in the roles Adversary, Contrast and Supervision sees; documented at ArchetypeStep.
template <class... Slots, class Backend, class Image>
template <std::size_t I>
class Model<Method<Slots...>, Backend, Image>::Step {
 public:
  using backend_type = Backend;
  static constexpr int latent_size = static_cast<int>(Model::latent_size);

  explicit Step(Forward& forward) : forward_(forward) {}

  auto const& posterior() const { return forward_.posterior; }
  Variable<Backend, 2> images() const { return forward_.images; }
  Variable<Backend, 2> minibatch(int i) const {
    return i == 0 && forward_.images.tape != nullptr ? forward_.images : forward_.minibatch(i);
  }
  std::span<int const> labels(int i) const { return forward_.batches[static_cast<std::size_t>(i)].labels; }
  std::span<std::size_t const> indices(int i) const {
    return forward_.batches[static_cast<std::size_t>(i)].indices;
  }
  Variable<Backend, 2> encode(Variable<Backend, 2> x, nn::Mode mode = {}) const {
    return forward_.parts.encoder(x, mode);
  }
  auto infer(Variable<Backend, 2> x, std::string_view stream) const {
    return forward_.parts.infer(x, stream, data_size());
  }
  Variable<Backend, 2> decode(Variable<Backend, 2> z, nn::Mode mode = {}) const {
    return forward_.parts.decoder(z, mode);
  }
  Variable<Backend, 2> codes(std::ptrdiff_t n, std::string_view stream) const {
    return forward_.parts.with_prior([&](auto const& prior, auto&... state) {
      return prior.codes(tape(), n, std::ptrdiff_t{latent_size}, random(stream), state...);
    });
  }
  Philox random(std::string_view stream) const { return forward_.parts.random(stream); }
  auto& state() const { return *std::get<I>(forward_.parts.states); }
  Tape<Backend>& tape() const { return forward_.parts.tape; }
  long number() const { return forward_.parts.steps; }
  double data_size() const { return static_cast<double>(forward_.batches[0].data_size); }

 private:
  Forward& forward_;
};

template <class... Slots, class Backend, class Image>
template <std::size_t I, class F>
auto Model<Method<Slots...>, Backend, Image>::term(F& forward) {
  using Slot = std::tuple_element_t<I, std::tuple<Slots...>>;
  using Policy = typename Slot::policy;
  auto const& policy = std::get<I>(parts_->method.policies);
  if constexpr (Slot::kind == Role::reconstruction) {
    return materialise(policy(Likelihood<Backend>{forward.output, forward.images}));
  } else if constexpr (Slot::kind == Role::regularizer) {
    using Input = term_input_t<Policy, decltype(forward.posterior), setting>;
    if constexpr (std::is_same_v<detail::state_of<Policy, setting>, detail::Absent>) {
      return materialise(policy(forward.posterior));
    } else {
      Input const input{forward.posterior, *std::get<I>(parts_->states)};
      return materialise(policy(input));
    }
  } else {
    Step<I> step(forward);
    if constexpr (detail::has_term<Policy, Step<I>>) {
      return materialise(policy(step));
    } else {
      return detail::Absent{};
    }
  }
}

template <class... Slots, class Backend, class Image>
auto Model<Method<Slots...>, Backend, Image>::step(std::span<Minibatch const> batches) -> report_type const& {
  Assembly& a = *parts_;
  if (batches.size() != static_cast<std::size_t>(minibatches)) {
    throw ShapeError("step: found " + std::to_string(batches.size()) + " minibatches, expected " +
                     std::to_string(minibatches));
  }
  for (Minibatch const& batch : batches) {
    if (batch.size == 0 || batch.images.size() != batch.size * Image::size) {
      throw ShapeError("step: found " + std::to_string(batch.images.size()) + " scalars for " +
                       std::to_string(batch.size) + " images, expected " + std::to_string(Image::size) +
                       " each and at least one image");
    }
  }
  ++a.steps;
  auto& backend = a.tape.backend();
  auto const each_policy = [&](auto&& visit) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (visit(std::integral_constant<std::size_t, I>{}, std::get<I>(a.method.policies)), ...);
    }
    (std::index_sequence_for<Slots...>{});
  };

  each_policy([&](auto index, auto const& policy) {
    using StepI = Step<decltype(index)::value>;
    if constexpr (detail::has_before_step<std::remove_cvref_t<decltype(policy)>, StepI>) {
      a.tape.reset();
      Forward before{a, batches};
      StepI step(before);
      policy.before_step(step);
    }
  });

  a.tape.reset();
  a.main.begin_step();
  Forward forward{a, batches};
  forward.images = forward.minibatch(0);
  if constexpr (variational) {
    forward.posterior = a.infer(forward.images, "posterior", static_cast<double>(batches[0].data_size));
    forward.output = a.decoder(forward.posterior.sample);
  }

  // Terms, their values, and one backward pass from all of them.
  report_type& report = a.report;
  report.step = a.steps;
  report.loss = 0;
  report.images = batches[0].size;
  std::size_t part = 0;
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (
        [&] {
          if constexpr (is_part<std::tuple_element_t<I, std::tuple<Slots...>>>) {
            auto const value = term<I>(forward);
            double number = 0;
            if constexpr (!std::is_same_v<std::remove_const_t<decltype(value)>, detail::Absent>) {
              backend.download(value.value, &number, 1);
              if (value.gradient != nullptr) backend.fill(value.gradient, 1, scalar(1));
            }
            if (!std::isfinite(number)) {
              long const number_of_step = a.steps--;
              throw NumericalError(
                  "step " + std::to_string(number_of_step) + ": the part " + part_names()[part] +
                  " of the loss is " + std::to_string(number) +
                  "; lower the learning rate, set a clip_norm, or look at the images of this minibatch");
            }
            report.parts[part++] = number;
            report.loss += number;
          }
        }(),
        ...);
  }
  (std::index_sequence_for<Slots...>{});
  report.kl.fill(0);
  if constexpr (variational && requires { forward.posterior.kl; }) {
    RecordingOff<Backend> const guard(a.tape);
    auto const kl = materialise(mean(forward.posterior.kl, axis<0>));
    backend.download(kl.value, report.kl.data(),
                     std::min<std::size_t>(latent_size, static_cast<std::size_t>(kl.size())));
  }
  a.tape.backward();
  nn::update(a.main, detail::optimizer_of(a.method), a.steps);

  each_policy([&](auto index, auto const& policy) {
    using StepI = Step<decltype(index)::value>;
    if constexpr (detail::has_after_step<std::remove_cvref_t<decltype(policy)>, StepI>) {
      StepI step(forward);
      policy.after_step(step);
    }
  });
  return report;
}

}  // namespace disentangle
