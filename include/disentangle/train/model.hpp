// SPDX-License-Identifier: Apache-2.0
// Model<Method, Backend, Image>: a method bound to a backend and an image shape. Owns the networks, the state
// of every policy and the optimiser's moments; makes training steps; encodes and decodes. It knows roles, and
// no policy by name.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <disentangle/core/describe.hpp>
#include <disentangle/core/minibatch.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/train/epoch_images.hpp>
#include <disentangle/train/method_traits.hpp>
#include <disentangle/train/step_report.hpp>

namespace disentangle {

template <class M, class Backend, class Image>
class Model;

template <class Backend, class Image, class... Slots>
class Model<Method<Slots...>, Backend, Image> {
 public:
  using method_type = Method<Slots...>;
  using backend_type = Backend;
  using image_shape_type = Image;
  using scalar = typename Backend::scalar;
  /// Number of latents of a code.
  static constexpr std::size_t latent_size = static_cast<std::size_t>(detail::latent_size_of<method_type>());
  using setting = nn::Setting<Backend, Image, static_cast<int>(latent_size)>;
  /// Number of terms of the loss.
  static constexpr std::size_t part_count =
      (std::size_t{Slots::kind != Role::encoder && Slots::kind != Role::decoder &&
                   Slots::kind != Role::prior && Slots::kind != Role::optimizer} +
       ... + std::size_t{0});
  /// Values of the class variables together, for methods with discrete latents; else 0.
  static constexpr std::size_t class_values =
      static_cast<std::size_t>(detail::class_values_of<method_type>());
  /// Whether it infers a posterior, whose KL a step reports.
  static constexpr bool infers_posterior = detail::is_variational<method_type>;
  /// Whether the last of the minibatches must have labels.
  static constexpr bool takes_labels = detail::takes_labels(std::type_identity<method_type>{});
  /// Views that a step takes of its main minibatch: the same images, each view augmented otherwise.
  static constexpr int views = detail::views_per_step(std::type_identity<method_type>{});
  /// Minibatches that a step draws from all images, independently of each other; the first is the main one.
  static constexpr int draws = detail::draws_per_step(std::type_identity<method_type>{});
  /// Minibatches that a step takes: those drawn, further views of the main one, and the labelled one.
  static constexpr int minibatches = draws + (views - 1) + (takes_labels ? 1 : 0);
  using report_type = StepReport<part_count, latent_size>;

  Model(method_type method, Backend backend, Image, Seed seed)
      : parts_(std::make_unique<Assembly>(std::move(method), backend, seed)) {}

  method_type const& method() const { return parts_->method; }
  static constexpr Image image_shape() { return {}; }
  Seed seed() const { return parts_->seed; }
  /// Number of training steps made.
  long steps() const { return parts_->steps; }
  /// Number of trained scalars.
  std::size_t parameter_count() const {
    std::size_t n = parts_->main.count();
    for (auto const& own : parts_->own) n += own->parameters.count();
    return n;
  }
  Backend& backend() { return parts_->tape.backend(); }

  /// Names of the loss parts: the policies' names, in the order of the method's slots.
  static std::vector<std::string> const& part_names() {
    static std::vector<std::string> const names = [] {
      std::vector<std::string> list;
      (add_name<Slots>(list), ...);
      return list;
    }();
    return names;
  }

  /// Names of what the policies measure beside the loss: "critic_gap". Most have none.
  static std::vector<std::string> const& measure_names() {
    static std::vector<std::string> const names = [] {
      std::vector<std::string> list;
      auto const add = [&](std::vector<std::string> const& more) {
        list.insert(list.end(), more.begin(), more.end());
      };
      (add(detail::measures_of<typename Slots::policy>(static_cast<int>(latent_size))), ...);
      return list;
    }();
    return names;
  }
  /// What they measured in the last step, in the order of the names; reads it back. Zero before the first
  /// step.
  std::vector<double> measures() {
    std::vector<double> values(measure_names().size());
    if (!values.empty()) backend().download(parts_->measured, values.data(), values.size());
    return values;
  }

  /// One update from a minibatch (and from as many more as the method's policies want). Allocates nothing
  /// after the first steps of a batch size. @throws NumericalError naming the step and the part if a part of
  /// the loss is not finite; the parameters are then those before the step.
  ///
  /// A backend that queues its work (backend::Cuda) reads the loss back when `reads_back` says so and every
  /// CudaOptions::read_back_every steps. Between, the report stays that of report.step, and a part that is
  /// not finite is found at the next reading, when the parameters have it too: go back to the last
  /// checkpoint.
  report_type const& step(Minibatch const& minibatch, bool reads_back = false) {
    return step(std::span<Minibatch const>(&minibatch, 1), reads_back);
  }
  report_type const& step(std::span<Minibatch const> batches, bool reads_back = false);
  /// The report of the last step, waiting for it where the backend queues its work. @throws NumericalError as
  /// step() does.
  report_type const& read_back();

  /// Posterior means and log-variances of any number of images, (n, latent_size) each. log_variance may be
  /// empty; it is zero for encoders without one. @throws ShapeError if the spans' sizes do not fit.
  void encode(std::span<float const> images, std::span<float> mean, std::span<float> log_variance);

  /// q(c|x) of any number of images, (n, class_values): the values of each class variable behind those of the
  /// one before. For methods whose prior has classes. @throws ShapeError if the spans' sizes do not fit.
  void classify(std::span<float const> images, std::span<float> probabilities);

  /// Expected images of any number of codes, in [0, 1], (n, image size). @throws ShapeError if the sizes do
  /// not fit.
  void decode(std::span<float const> codes, std::span<float> images);

  /// Codes from the prior, (n, latent_size): the same for the same number. @throws ShapeError if the size
  /// does not fit.
  void draw_codes(std::span<float> codes, std::uint64_t number = 0);

  /// Lets policies look at the whole data set before an epoch: train() calls it before the first step of
  /// each.
  void before_epoch(long epoch, EpochImages const& images);
  /// Whether a policy wants that.
  static constexpr bool surveys_epochs = detail::surveys_epochs(std::type_identity<method_type>{});

  /// Multiplies the learning rate of one set of parameters, beside its schedule: "" the method's own, or the
  /// name of one with an optimiser of its own ("labelled", "critic"). Not saved. @throws ValueError that
  /// lists the names there are
  void set_rate_factor(std::string_view set, double factor);
  /// A list of numbers that is saved with the model under a name: what a callback must know to go on. Empty
  /// at first.
  std::vector<double>& note(std::string const& name) { return parts_->notes[name]; }

  /// Calls visit(name, v) for every list of numbers, std::vector<int>& or std::vector<double>&, that policies
  /// keep on the host and a checkpoint holds: the partitions of IP-IRM.
  template <class Visitor>
  void for_each_record(Visitor&& visit);

  /// Calls visit(name, extents, pointer) for every tensor that a checkpoint holds: parameters, moments,
  /// statistics.
  template <class Visitor>
  void for_each_tensor(Visitor&& visit);
  /// Numbers of updates that each parameter set has had, the method's own first: saved beside the tensors.
  std::vector<long> counters() const {
    std::vector<long> counts{parts_->steps};
    for (auto const& own : parts_->own) counts.push_back(own->updates);
    return counts;
  }
  /// Whose numbers they are: "model", then the sets with an optimiser of their own ("critic").
  std::vector<std::string> counter_names() const {
    std::vector<std::string> names{parts_->main.name()};
    for (auto const& own : parts_->own) names.push_back(own->parameters.name());
    return names;
  }
  void set_counters(std::vector<long> const& counts) {
    if (counts.size() != parts_->own.size() + 1) {
      throw ValueError("counters: found " + std::to_string(counts.size()) + ", expected " +
                       std::to_string(parts_->own.size() + 1));
    }
    parts_->steps = counts[0];
    for (std::size_t i = 0; i < parts_->own.size(); ++i) parts_->own[i]->updates = counts[i + 1];
  }

 private:
  static constexpr bool variational = infers_posterior;
  using Encoder = typename decltype(detail::encoder_network<method_type, setting>())::type;
  using Decoder = typename decltype(detail::decoder_network<method_type, setting>())::type;

  template <class Slot>
  static void add_name(std::vector<std::string>& list) {
    if constexpr (is_part<Slot>) list.push_back(type_name<typename Slot::policy>());
  }
  template <class Slot>
  static constexpr bool is_part = Slot::kind != Role::encoder && Slot::kind != Role::decoder &&
                                  Slot::kind != Role::prior && Slot::kind != Role::optimizer;

  /// Everything that must not move: variables point into it.
  struct Assembly {
    method_type method;
    Seed seed;
    Tape<Backend> tape;
    nn::Parameters<Backend> main;
    std::vector<std::unique_ptr<nn::OwnParameters<Backend>>> own;
    nn::Builder<Backend> builder{main, own};
    Encoder encoder{};
    Decoder decoder{};
    std::tuple<std::unique_ptr<detail::state_of<typename Slots::policy, setting>>...> states;
    long steps = 0;
    report_type report{};
    // for backends that queue their work: where the minibatches of this step are, and the values of its
    // report
    std::array<scalar*, static_cast<std::size_t>(minibatches)> staged{};
    scalar* results = nullptr;
    std::size_t staged_images = 0;
    // what policies measure, those of policy I from measure_at[I]
    scalar* measured = nullptr;
    std::array<std::size_t, sizeof...(Slots) + 1> measure_at{};
    std::map<std::string, std::vector<double>> notes{};  // of callbacks

    Assembly(method_type method_, Backend backend, Seed seed_)
        : method(std::move(method_)), seed(seed_), tape(backend), main(tape, "model") {
      if constexpr (method_type::template has<Role::encoder>) {
        auto const& policy = method.template get<Role::encoder>();
        if constexpr (requires { encoder.declare(main, "encoder", policy); }) {
          encoder.declare(main, "encoder", policy);
        } else {
          encoder.declare(main, "encoder", policy.initialisation);
        }
      }
      if constexpr (method_type::template has<Role::decoder>) {
        decoder.declare(main, "decoder", method.template get<Role::decoder>().initialisation);
      }
      [&]<std::size_t... I>(std::index_sequence<I...>) {
        (build_state<I>(), ...);
      }(std::index_sequence_for<Slots...>{});
      expect_distinct_names();
      main.allocate(seed, decltype(detail::optimizer_of(method))::moments);
      for (auto& set : own) set->parameters.allocate(seed, set->moments());
      results = tape.backend().allocate(part_count + latent_size);
      tape.backend().fill(results, part_count + latent_size, scalar(0));
      std::size_t slot = 0;
      ((measure_at[slot + 1] =
            measure_at[slot] +
            detail::measures_of<typename Slots::policy>(static_cast<int>(latent_size)).size(),
        ++slot),
       ...);
      if (measure_at.back() != 0) {
        measured = tape.backend().allocate(measure_at.back());
        tape.backend().fill(measured, measure_at.back(), scalar(0));
      }
    }
    Assembly(Assembly const&) = delete;
    Assembly& operator=(Assembly const&) = delete;
    ~Assembly() {
      tape.backend().deallocate(results, part_count + latent_size);
      if (measured != nullptr) tape.backend().deallocate(measured, measure_at.back());
    }

    template <std::size_t I>
    void build_state() {
      using State = detail::state_of<std::tuple_element_t<I, std::tuple<typename Slots::policy...>>, setting>;
      if constexpr (!std::is_same_v<State, detail::Absent>) {
        if constexpr (std::is_constructible_v<
                          State, nn::Builder<Backend>&,
                          std::tuple_element_t<I, std::tuple<typename Slots::policy...>> const&>) {
          std::get<I>(states) = std::make_unique<State>(builder, std::get<I>(method.policies));
        } else {
          std::get<I>(states) = std::make_unique<State>(builder);
        }
      }
    }

    /// Throws now what would fail at the first checkpoint.
    void expect_distinct_names() {
      nn::CheckpointNames names;
      names.add(main, "");
      for (auto const& set : own) names.add(set->parameters, set->parameters.name() + ".");
      auto const record = [&](std::string const& name, auto const&) { names.add("record." + name); };
      auto const add = [&](auto& state) {
        if constexpr (requires { state->for_each_record(record); }) state->for_each_record(record);
      };
      std::apply([&](auto&... state) { (add(state), ...); }, states);
    }

    Philox random(std::string_view name) const {
      return {seed.value, stream(name), static_cast<std::uint64_t>(steps)};
    }

    /// Calls with the prior and, if it has one, its state.
    template <class F>
    decltype(auto) with_prior(F&& call) {
      auto& prior = method.template get<Role::prior>();
      constexpr std::size_t index = detail::index_of<Role::prior, 0, Slots...>();
      if constexpr (detail::stateful<std::remove_cvref_t<decltype(prior)>, setting>) {
        return call(prior, *std::get<index>(states));
      } else {
        return call(prior);
      }
    }

    /// The posterior of images, with draws named by `name`.
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
          class_values != 0,
          "[disentangle] a labelled step, and whatever else asks for q(c|x), needs a Prior with classes: "
          "prior::GumbelSoftmax or prior::ClassMixture; see docs/methods.md");
      return method.template get<Role::prior>().class_posterior(encoder(images, mode));
    }
  };

  template <std::size_t I>
  class Step;  // what policy number I sees: train/step.hpp
  template <std::size_t I>
  class Epoch;  // what it sees before an epoch: train/epoch.hpp

  struct Forward;  // the variables of the main minibatch: train/step.hpp

  template <std::size_t I, class F>
  auto term(F& forward);

  NumericalError not_finite(std::size_t part, double value, std::string const& remark) const;

  // The parts of a step: train/step.hpp.
  template <class Visitor>
  void each_policy(Visitor&& visit);
  template <class TakePart, class TakeKl>
  void work(std::span<Minibatch const> batches, TakePart&& take_part, TakeKl&& take_kl);

  std::unique_ptr<Assembly> parts_;
};

/// dis::Model model{method, dis::backend::cpu(), data.image_shape(), dis::seed(0)};
template <class Backend, class Image, class... Slots>
Model(Method<Slots...>, Backend, Image, Seed) -> Model<Method<Slots...>, Backend, Image>;

}  // namespace disentangle

#include <disentangle/train/epoch.hpp>
#include <disentangle/train/inference.hpp>
#include <disentangle/train/step.hpp>
