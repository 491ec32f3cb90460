// SPDX-License-Identifier: Apache-2.0
// Model::step: one update. The order is: before_step of every policy, forward pass and terms, one backward
// pass, the method's optimiser, after_step of every policy.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include <disentangle/backend/backend_traits.hpp>
#include <disentangle/prior/redraw.hpp>
#include <disentangle/train/model.hpp>

namespace disentangle {

/// The variables of the main minibatch that terms share.
template <class Backend, class Image, class... Slots>
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
  Variable<Backend, 2> own_codes{}, generated{};  // made when a term first asks

  Variable<Backend, 2> minibatch(int i) const {
    Minibatch const& batch = batches[static_cast<std::size_t>(i)];
    Extents<2> const extents{static_cast<std::ptrdiff_t>(batch.size),
                             static_cast<std::ptrdiff_t>(Image::size)};
    if constexpr (backend::backend_traits<Backend>::queues_steps) {
      return {&parts.tape, parts.staged[static_cast<std::size_t>(i)], nullptr, extents,
              contiguous_strides(extents)};
    } else {
      return parts.tape.constant(extents, batch.images.data());
    }
  }
};

/// What a policy in the roles Adversary, Contrast and Supervision sees; documented at ArchetypeStep.
template <class Backend, class Image, class... Slots>
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
  Variable<Backend, 2> view(int v) const { return v == 0 ? minibatch(0) : minibatch(draws + v - 1); }
  std::span<int const> labels(int i) const { return forward_.batches[static_cast<std::size_t>(i)].labels; }
  std::span<std::size_t const> indices(int i) const {
    return forward_.batches[static_cast<std::size_t>(i)].indices;
  }
  Variable<Backend, 2> labelled_images() const { return minibatch(minibatches - 1); }
  std::span<int const> labelled_labels() const { return labels(minibatches - 1); }
  Variable<Backend, 2> encode(Variable<Backend, 2> x, nn::Mode mode = {}) const {
    return forward_.parts.encoder(x, mode);
  }
  auto class_posterior(Variable<Backend, 2> x, nn::Mode mode = {}) const {
    return forward_.parts.class_posterior(x, mode);
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
  Variable<Backend, 2> generate(Variable<Backend, 2> z, nn::Mode mode = {}) const {
    auto const output = decode(z, mode);
    if constexpr (method_type::template has<Role::reconstruction>) {
      return materialise(forward_.parts.method.template get<Role::reconstruction>().image(output));
    } else {
      return output;
    }
  }
  Variable<Backend, 2> own_codes() const {
    auto& z = forward_.own_codes;
    if (z.tape == nullptr) z = codes(static_cast<std::ptrdiff_t>(forward_.batches[0].size), "own codes");
    return z;
  }
  Variable<Backend, 2> generated() const {
    if (forward_.generated.tape == nullptr) forward_.generated = generate(own_codes());
    return forward_.generated;
  }
  Variable<Backend, 2> generated_with(Variable<Backend, 2> z) const {
    auto const all = generate(concatenate(axis<0>, own_codes(), z));
    if (forward_.generated.tape == nullptr) {
      forward_.generated = slice(all, axis<0>, 0, own_codes().extent(0));
    }
    return all;
  }
  Variable<Backend, 2> redraw(Variable<Backend, 2> z, double minimum, std::string_view stream) const {
    return forward_.parts.with_prior([&](auto const& policy, auto&...) {
      if constexpr (requires { policy.redraw(z, minimum, random(stream)); }) {
        return policy.redraw(z, minimum, random(stream));
      } else {
        constexpr std::ptrdiff_t tries = prior::redraw_tries;
        return prior::redraw_among(z, codes(tries * z.extent(0), stream), minimum);
      }
    });
  }
  double support() const {
    return forward_.parts.with_prior([&](auto const& policy, auto&...) -> double {
      if constexpr (requires { policy.support(); }) {
        return policy.support();
      } else {
        return std::numeric_limits<double>::infinity();
      }
    });
  }
  template <expression E>
  void measure(std::size_t first, E const& e) const {
    RecordingOff<Backend> const guard(tape());
    auto const extents = extents_of(e);
    scalar* const place = measure_place(first, static_cast<std::size_t>(product(extents)));
    Variable<Backend, E::rank> const to{&tape(), place, nullptr, extents, contiguous_strides(extents)};
    detail::assign(to, e);
  }
  void measure(std::size_t first, double value) const {
    tape().backend().fill(measure_place(first, 1), 1, static_cast<scalar>(value));
  }
  Philox random(std::string_view stream) const { return forward_.parts.random(stream); }
  auto& state() const { return *std::get<I>(forward_.parts.states); }
  Tape<Backend>& tape() const { return forward_.parts.tape; }
  long number() const { return forward_.parts.steps; }
  double data_size() const { return static_cast<double>(forward_.batches[0].data_size); }

 private:
  scalar* measure_place(std::size_t first, std::size_t n) const {
    Assembly const& a = forward_.parts;
    std::size_t const names = a.measure_at[I + 1] - a.measure_at[I];
    if (first + n > names) {
      throw ShapeError("measure: found " + std::to_string(n) + " numbers from place " +
                       std::to_string(first) + ", expected them within the " + std::to_string(names) +
                       " names of measures()");
    }
    return a.measured + a.measure_at[I] + first;
  }

  Forward& forward_;
};

template <class Backend, class Image, class... Slots>
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

template <class Backend, class Image, class... Slots>
template <class Visitor>
void Model<Method<Slots...>, Backend, Image>::each_policy(Visitor&& visit) {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (visit(std::integral_constant<std::size_t, I>{}, std::get<I>(parts_->method.policies)), ...);
  }(std::index_sequence_for<Slots...>{});
}

template <class Backend, class Image, class... Slots>
template <class TakePart, class TakeKl>
void Model<Method<Slots...>, Backend, Image>::work(std::span<Minibatch const> batches, TakePart&& take_part,
                                                   TakeKl&& take_kl) {
  Assembly& a = *parts_;
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

  // Terms, their values, and one backward pass from all of them. In a generative method those on pairs come
  // first: they generate the most images, and the others' among them (Step::generated_with), wherever their
  // slots stand.
  std::array<Variable<Backend, 0>, part_count> values{};
  auto const evaluate = [&](auto&& is_due) {
    std::size_t part = 0;
    each_policy([&](auto index, auto const&) {
      using Slot = std::tuple_element_t<decltype(index)::value, std::tuple<Slots...>>;
      if constexpr (is_part<Slot>) {
        if (is_due(Slot::kind)) {
          auto const value = term<decltype(index)::value>(forward);
          if constexpr (!std::is_same_v<std::remove_const_t<decltype(value)>, detail::Absent>)
            values[part] = value;
        }
        ++part;
      }
    });
  };
  if constexpr (variational) {
    evaluate([](Role) { return true; });
  } else {
    evaluate([](Role role) { return role == Role::contrast; });
    evaluate([](Role role) { return role != Role::contrast; });
  }
  for (std::size_t part = 0; part < part_count; ++part) {
    Variable<Backend, 0> const& value = values[part];
    take_part(part, static_cast<scalar const*>(value.value));
    if (value.gradient != nullptr) a.tape.backend().fill(value.gradient, 1, scalar(1));
  }
  if constexpr (variational && requires { forward.posterior.kl; }) {
    RecordingOff<Backend> const guard(a.tape);
    auto const kl = materialise(mean(forward.posterior.kl, axis<0>));
    take_kl(static_cast<scalar const*>(kl.value), std::min(latent_size, static_cast<std::size_t>(kl.size())));
  }
  each_policy([&](auto index, auto const& policy) {
    using StepI = Step<decltype(index)::value>;
    if constexpr (detail::has_measure<std::remove_cvref_t<decltype(policy)>, StepI>) {
      RecordingOff<Backend> const guard(a.tape);
      StepI step(forward);
      policy.measure(step);
    }
  });
  a.tape.backward();
  nn::update(a.main, detail::optimizer_of(a.method), a.steps);

  each_policy([&](auto index, auto const& policy) {
    using StepI = Step<decltype(index)::value>;
    if constexpr (detail::has_after_step<std::remove_cvref_t<decltype(policy)>, StepI>) {
      StepI step(forward);
      policy.after_step(step);
    }
  });
}

template <class Backend, class Image, class... Slots>
auto Model<Method<Slots...>, Backend, Image>::step(std::span<Minibatch const> batches, bool reads_back)
    -> report_type const& {
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
  report_type& report = a.report;
  if constexpr (backend::backend_traits<Backend>::queues_steps) {
    std::size_t sizes = 0;
    for (std::size_t i = 0; i < batches.size(); ++i) {
      a.staged[i] = backend.stage(i, batches[i].images.data(), batches[i].images.size());
      sizes = sizes * 1'000'003 + batches[i].size;
    }
    a.staged_images = batches[0].size;
    backend.submit(sizes, [&] {
      work(
          batches,
          [&](std::size_t part, scalar const* value) {
            if (value == nullptr) {
              backend.fill(a.results + part, 1, scalar(0));
            } else {
              backend.copy(value, a.results + part, 1);
            }
          },
          [&](scalar const* kl, std::size_t n) { backend.copy(kl, a.results + part_count, n); });
    });
    if (reads_back || backend.reads_back(a.steps)) read_back();
  } else {
    static_cast<void>(reads_back);
    report.step = a.steps;
    report.loss = 0;
    report.images = batches[0].size;
    report.kl.fill(0);
    work(
        batches,
        [&](std::size_t part, scalar const* value) {
          double number = 0;
          if (value != nullptr) backend.download(value, &number, 1);
          if (!std::isfinite(number)) {
            auto error = not_finite(part, number, "");
            --a.steps;
            throw error;
          }
          report.parts[part] = number;
          report.loss += number;
        },
        [&](scalar const* kl, std::size_t n) { backend.download(kl, report.kl.data(), n); });
  }
  return report;
}

template <class Backend, class Image, class... Slots>
auto Model<Method<Slots...>, Backend, Image>::read_back() -> report_type const& {
  Assembly& a = *parts_;
  report_type& report = a.report;
  if constexpr (backend::backend_traits<Backend>::queues_steps) {
    if (report.step == a.steps) return report;
    std::array<double, part_count + latent_size> numbers{};
    a.tape.backend().download(a.results, numbers.data(), numbers.size());
    for (std::size_t part = 0; part < part_count; ++part) {
      if (!std::isfinite(numbers[part])) {
        throw not_finite(part, numbers[part],
                         " (it was finite when it was last read back, at step " +
                             std::to_string(report.step) + ")");
      }
    }
    report.step = a.steps;
    report.images = a.staged_images;
    report.loss = 0;
    for (std::size_t part = 0; part < part_count; ++part) {
      report.parts[part] = numbers[part];
      report.loss += numbers[part];
    }
    std::copy_n(numbers.begin() + part_count, latent_size, report.kl.begin());
  }
  return report;
}

template <class Backend, class Image, class... Slots>
NumericalError Model<Method<Slots...>, Backend, Image>::not_finite(std::size_t part, double value,
                                                                   std::string const& remark) const {
  return NumericalError(
      "step " + std::to_string(parts_->steps) + ": the part " + part_names()[part] + " of the loss is " +
      std::to_string(value) + remark +
      "; lower the learning rate, set a clip_norm, or look at the images of this minibatch");
}

}  // namespace disentangle
