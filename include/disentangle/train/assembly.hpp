// SPDX-License-Identifier: Apache-2.0
// Assembly<M, Backend, Image>: everything that a method needs on a backend, in one place that does not move:
// tape, parameters, networks, the states of policies, counters. Free functions train it (training_step.hpp),
// let it look at a data set (epoch_view.hpp) and run its networks (inference.hpp); Model is their face.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <disentangle/core/config.hpp>
#include <disentangle/core/error.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/nn/builder.hpp>
#include <disentangle/nn/layer.hpp>
#include <disentangle/prior/prior.hpp>
#include <disentangle/train/method_traits.hpp>
#include <disentangle/train/step_report.hpp>

namespace disentangle {

namespace detail {

/// Memory of the backend that is given back, also where a constructor ends half-way.
template <class Backend>
class DeviceNumbers {
 public:
  using scalar = typename Backend::scalar;

  DeviceNumbers(Backend& backend, std::size_t n) : backend_(backend), n_(n) {
    if (n_ == 0) return;
    data_ = backend_.allocate(n_);
    backend_.fill(data_, n_, scalar(0));
  }
  DeviceNumbers(DeviceNumbers const&) = delete;
  DeviceNumbers& operator=(DeviceNumbers const&) = delete;
  ~DeviceNumbers() {
    if (data_ != nullptr) backend_.deallocate(data_, n_);
  }
  scalar* data() const { return data_; }

 private:
  Backend& backend_;
  std::size_t n_;
  scalar* data_ = nullptr;
};

}  // namespace detail

/// A method on a backend and an image shape. Variables point into it: it is made in place and stays there.
/// Members are public for the free functions on it and for policies' views; who only trains uses Model.
template <class M, class Backend, class Image>
struct Assembly {
  using method_type = M;
  using backend_type = Backend;
  using image_shape_type = Image;
  using scalar = typename Backend::scalar;
  using traits = method_traits<M>;
  using setting = typename traits::template setting<Backend, Image>;
  using report_type = StepReport<traits::parts, static_cast<std::size_t>(traits::latent_size)>;
  static constexpr auto latent_size = static_cast<std::size_t>(traits::latent_size);

  M method;
  Seed seed;
  Tape<Backend> tape;
  nn::Parameters<Backend> main;                                  ///< what the method's optimiser trains
  std::vector<std::unique_ptr<nn::OwnParameters<Backend>>> own;  ///< and what policies' own optimisers do
  nn::Builder<Backend> builder{main, own};
  typename traits::template encoder<setting> encoder{};
  typename traits::template decoder<setting> decoder{};
  typename traits::template states<setting> states;
  long steps = 0;
  report_type report{};
  /// Where policy I's measures begin, and their number behind the last.
  std::array<std::size_t, traits::slots + 1> measure_at{};
  /// Lists of numbers that callbacks keep in checkpoints.
  std::map<std::string, std::vector<double>> notes{};

  // For backends that queue their work: where the minibatches of this step are, and the values of its report.
  std::array<scalar*, static_cast<std::size_t>(traits::minibatches)> staged{};
  std::size_t staged_images = 0;
  detail::DeviceNumbers<Backend> results;
  detail::DeviceNumbers<Backend> measured;

  DISENTANGLE_COLD Assembly(M method_, Backend backend, Seed seed_)
      : method(std::move(method_)),
        seed(seed_),
        tape(backend),
        main(tape, "model"),
        measure_at(measure_places()),
        results(tape.backend(), traits::parts + latent_size),
        measured(tape.backend(), measure_at.back()) {
    if constexpr (M::template has<Role::encoder>) {
      auto const& policy = method.template get<Role::encoder>();
      if constexpr (requires { encoder.declare(main, "encoder", policy); }) {
        encoder.declare(main, "encoder", policy);
      } else {
        encoder.declare(main, "encoder", policy.initialisation);
      }
    }
    if constexpr (M::template has<Role::decoder>) {
      decoder.declare(main, "decoder", method.template get<Role::decoder>().initialisation);
    }
    traits::each_slot([this](auto index) { this->template build_state<index>(); });
    expect_distinct_names();
    main.allocate(seed, decltype(detail::optimizer_of(method))::moments);
    for (auto& set : own) set->parameters.allocate(seed, set->moments());
  }
  Assembly(Assembly const&) = delete;
  Assembly& operator=(Assembly const&) = delete;

  /// The random numbers of this step for a named use.
  Philox random(std::string_view name) const {
    return {seed.value, stream(name), static_cast<std::uint64_t>(steps)};
  }

  /// Calls with the prior and, if it has one, its state.
  template <class F>
  decltype(auto) with_prior(F&& call) {
    auto& prior = method.template get<Role::prior>();
    if constexpr (policy_traits<std::remove_cvref_t<decltype(prior)>>::template has_state<setting>) {
      return call(prior, *std::get<prior_index()>(states));
    } else {
      return call(prior);
    }
  }

  /// The posterior of images, (batch, pixels), with draws named by `name`.
  auto infer(Variable<Backend, 2> const& images, std::string_view name, double data_size,
             nn::Mode mode = {}) {
    auto q = with_prior([&](auto const& prior, auto&... state) {
      return prior.posterior(encoder(images, mode), random(name), state...);
    });
    q.data_size = data_size;
    q.step = steps;
    return q;
  }

  /// q(c|x) of images, without samples.
  auto class_posterior(Variable<Backend, 2> const& images, nn::Mode mode) {
    static_assert(
        traits::class_values != 0,
        "[disentangle] a labelled step, and whatever else asks for q(c|x), needs a Prior with classes: "
        "prior::GumbelSoftmax or prior::ClassMixture; see docs/methods.md");
    return method.template get<Role::prior>().class_posterior(encoder(images, mode));
  }

  /// Codes from the prior, (n, latents).
  auto codes(std::ptrdiff_t n, Philox const& random) {
    return with_prior([&](auto const& prior, auto&... state) {
      return prior.codes(tape, n, std::ptrdiff_t{traits::latent_size}, random, state...);
    });
  }

  /// Images of codes, as the likelihood expects them where the method has one.
  Variable<Backend, 2> generate(Variable<Backend, 2> const& z, nn::Mode mode) {
    auto const output = decoder(z, mode);
    if constexpr (M::template has<Role::reconstruction>) {
      return materialise(method.template get<Role::reconstruction>().image(output));
    } else {
      return output;
    }
  }

 private:
  /// Throws now what would fail at the first checkpoint.
  void expect_distinct_names() {
    nn::CheckpointNames names;
    names.add(main, "");
    for (auto const& set : own) names.add(set->parameters, set->parameters.name() + ".");
    auto const record = [&](std::string const& name, auto const&) { names.add("record." + name); };
    traits::each_slot([&](auto index) {
      auto& state = std::get<index>(states);
      if constexpr (requires { state->for_each_record(record); }) state->for_each_record(record);
    });
  }

  [[nodiscard]] static constexpr std::size_t prior_index() {
    return []<class... Slots>(std::type_identity<Method<Slots...>>) {
      return detail::index_of<Role::prior, 0, Slots...>();
    }(std::type_identity<M>{});
  }

  [[nodiscard]] static std::array<std::size_t, traits::slots + 1> measure_places() {
    std::array<std::size_t, traits::slots + 1> places{};
    auto const names = traits::measure_names();
    for (std::size_t i = 0; i < traits::slots; ++i) places[i + 1] = places[i] + names[i].size();
    return places;
  }

  template <std::size_t I>
  DISENTANGLE_COLD void build_state() {
    using State = typename std::tuple_element_t<I, typename traits::template states<setting>>::element_type;
    using Policy = typename traits::template policy<I>;
    if constexpr (std::is_same_v<State, detail::Absent>) {
      return;
    } else if constexpr (std::is_constructible_v<State, nn::Builder<Backend>&, Policy const&>) {
      std::get<I>(states) = std::make_unique<State>(builder, std::get<I>(method.policies));
    } else {
      std::get<I>(states) = std::make_unique<State>(builder);
    }
  }
};

}  // namespace disentangle
