// SPDX-License-Identifier: Apache-2.0
// TermStep: a training step for one policy alone, on plain arrays and networks of the user's choice. What a
// policy in the roles Adversary, Contrast and Supervision is evaluated, checked and tried out on.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <disentangle/autodiff/gradient_check.hpp>
#include <disentangle/autodiff/host_array.hpp>
#include <disentangle/autodiff/value_and_gradient.hpp>
#include <disentangle/contrast/contrast.hpp>
#include <disentangle/core/error.hpp>
#include <disentangle/core/method.hpp>
#include <disentangle/core/minibatch.hpp>
#include <disentangle/core/reflection.hpp>
#include <disentangle/core/roles.hpp>
#include <disentangle/core/shape.hpp>
#include <disentangle/decoder/decoder.hpp>
#include <disentangle/encoder/encoder.hpp>
#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/network.hpp>
#include <disentangle/nn/shape_layers.hpp>
#include <disentangle/nn/update.hpp>
#include <disentangle/objective/step.hpp>
#include <disentangle/optim/adam.hpp>
#include <disentangle/prior/standard_normal.hpp>
#include <disentangle/prior/uniform_code.hpp>
#include <disentangle/reconstruction/gaussian.hpp>
#include <disentangle/reconstruction/reconstruction.hpp>
#include <disentangle/train/assembly.hpp>
#include <disentangle/train/posterior_arrays.hpp>
#include <disentangle/train/step_view.hpp>

namespace disentangle {

/// Which of a policy's functions is evaluated.
enum class StepPart {
  term,         ///< operator(): its part of the method's loss; gradients of the method's parameters
  before_step,  ///< the last loss that before_step minimises; gradients of what its own optimiser trains
  after_step    ///< the last loss that after_step minimises
};

/// What a step gives its policy, as arrays; what is left empty is drawn by the seed, six images of uniform
/// numbers. Images are (n, pixels), height x width x channels.
struct StepArrays {
  HostArray<2> images{};                         ///< the main minibatch: an input with a gradient, "images"
  std::vector<HostArray<2>> minibatches{};       ///< the further ones, step.minibatch(1), ...: constants
  std::vector<HostArray<2>> views{};             ///< the further views, step.view(1), ...: constants
  HostArray<2> labelled_images{};                ///< step.labelled_images(): a constant
  std::vector<int> labels{}, labelled_labels{};  ///< (n, factors), row by row, -1 where missing
  std::vector<std::size_t> indices{};            ///< which images of the data set they are; default 0, 1, ...
  HostArray<2> codes{};  ///< step.own_codes(): an input with a gradient, "codes"; default: from the prior
  PosteriorArrays
      posterior{};  ///< where its mean is given, step.posterior() is these arrays, not the encoder's
  /// Values of parameters by their names ("encoder.1.weight", row by row) in place of their seeded start.
  std::map<std::string, std::vector<double>, std::less<>> parameters{};
  /// Lists that the policy's State keeps, by their names ("partition.subsets").
  std::map<std::string, std::vector<double>, std::less<>> records{};
  /// Parameters whose names begin so ("decoder.") and inputs get no gradient: for a check of a term that
  /// means not to train them.
  std::vector<std::string> held{};
  StepPart part = StepPart::term;
  long number = 1;  ///< of the step: the random numbers of step.random(...) go with it
  std::size_t data_size = 100;
  std::uint64_t seed = 0;  ///< of the parameters' start and of all random numbers
};

namespace detail {

struct SmallStepEncoder {
  nn::Initialisation initialisation = nn::Initialisation::glorot_uniform;
  static constexpr int latent_size = 3;
  template <int Outputs>
  using network = nn::Sequential<nn::Flatten, nn::Dense<6, nn::Tanh>, nn::Dense<Outputs>>;
  friend bool operator==(SmallStepEncoder const&, SmallStepEncoder const&) = default;
};
struct SmallStepDecoder {
  nn::Initialisation initialisation = nn::Initialisation::glorot_uniform;
  template <class Image>
  using network =
      nn::Sequential<nn::Dense<6, nn::Tanh>, nn::Dense<static_cast<int>(Image::size), nn::Sigmoid>,
                     nn::Reshape<Image::height, Image::width, Image::channels>>;
  friend bool operator==(SmallStepDecoder const&, SmallStepDecoder const&) = default;
};

}  // namespace detail

/// Networks, a prior and a likelihood for TermStep, in their roles: a method without anything to learn from.
///     dis::StepNetworks<dis::Encoder<MyEncoder>, dis::Decoder<MyDecoder>,
///                       dis::Prior<dis::prior::UniformCode>>
template <policy_slot... Slots>
struct StepNetworks {
  std::tuple<typename Slots::policy...> policies{};
};

/// Smooth networks for images of any shape, three latents: an encoder and a decoder of one hidden layer each,
/// as a variational method has them.
using SmallNetworks = StepNetworks<Encoder<detail::SmallStepEncoder>, Decoder<detail::SmallStepDecoder>,
                                   Prior<prior::StandardNormal>, Reconstruction<reconstruction::Gaussian>>;
/// The same as a generative method has them: codes of U(-1, 1), an encoder of as many outputs as latents.
using SmallGenerativeNetworks = StepNetworks<Encoder<detail::SmallStepEncoder>,
                                             Decoder<detail::SmallStepDecoder>, Prior<prior::UniformCode>>;
/// The encoder alone, as contrastive methods have it.
using SmallEncoderNetwork = StepNetworks<Encoder<detail::SmallStepEncoder>>;

namespace detail {

constexpr bool is_network_role(Role role) {
  return role == Role::encoder || role == Role::decoder || role == Role::prior ||
         role == Role::reconstruction;
}

/// The slots of a method that are networks, prior and likelihood, and behind them one policy.
template <class Done, class Policy, class... Slots>
struct AloneIn;
template <class... Done, class Policy>
struct AloneIn<std::tuple<Done...>, Policy> {
  using type = Method<Done..., Contrast<Policy>>;
};
template <class... Done, class Policy, class First, class... Rest>
struct AloneIn<std::tuple<Done...>, Policy, First, Rest...>
    : AloneIn<
          std::conditional_t<is_network_role(First::kind), std::tuple<Done..., First>, std::tuple<Done...>>,
          Policy, Rest...> {};

template <class Policy, template <policy_slot...> class Networks, class... Slots>
auto alone_in(Policy const& policy, Networks<Slots...> const& networks) {
  typename AloneIn<std::tuple<>, Policy, Slots...>::type method{};
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (
        [&] {
          if constexpr (is_network_role(Slots::kind)) {
            method.template get<Slots::kind>() = std::get<I>(networks.policies);
          }
        }(),
        ...);
  }(std::index_sequence_for<Slots...>{});
  method.template get<Role::contrast>() = policy;
  return method;
}

}  // namespace detail

/// A step with one policy, kept from evaluation to evaluation:
///
///     // small networks, 4 x 4 images
///     dis::TermStep step{dis::contrast::PriorMmd{.weight = 1}, {.images = x}};
///     auto const r = step.value_and_gradient();  // r.value, r.gradient("images")
///     r.gradient("encoder.1.weight");
///     dis::TermStep like_vae{policy, {.images = y}, dis::method::Vae{}, dis::ImageShape<64, 64, 1>{}};
///
/// The networks, the prior and the likelihood are those of the method, or the StepNetworks, that is given; a
/// method's terms are left out.
/// Double precision unless a backend is named; images beside the main minibatch are rounded to float, as
/// training has them. Cost: that of the term in a step. Its gradients are those of the inputs that are given
/// and of all parameters that the method's optimiser trains, the policy's State among them, under the names
/// that checkpoints have; parameters with an optimiser of their own have theirs in the parts before_step and
/// after_step.
template <class Policy, class Networks = SmallNetworks, class Image = ImageShape<4, 4, 1>,
          class Backend = backend::BasicCpu<double>>
class TermStep {
  using M = decltype(detail::alone_in(std::declval<Policy const&>(), std::declval<Networks const&>()));
  using A = Assembly<M, Backend, Image>;
  using traits = typename A::traits;
  static constexpr std::size_t place = traits::slots - 1;
  using View = StepView<A, place>;

 public:
  using backend_type = Backend;
  using scalar = typename Backend::scalar;

  explicit TermStep(Policy const& policy, StepArrays arrays = {}, Networks const& networks = {}, Image = {},
                    Backend backend = detail::small_backend<Backend>())
      : given_(std::move(arrays)),
        a_(detail::alone_in(policy, networks), std::move(backend), disentangle::seed(given_.seed)),
        inputs_(a_.tape) {
    a_.steps = given_.number;
    if (given_.images.empty()) given_.images = random_images(1);
    images_ = inputs_.add("images", given_.images);
    check_images(given_.images, "images");
    if (!given_.codes.empty()) {
      codes_ = inputs_.add("codes", given_.codes);
      Extents<2> const expected{images_.extent(0), std::ptrdiff_t{traits::latent_size}};
      if (codes_.extents != expected) {
        throw ShapeError("TermStep: found codes " + extents_text(codes_.extents) + ", expected " +
                         extents_text(expected));
      }
    }
    if constexpr (traits::variational) {
      if (!given_.posterior.mean.empty()) {
        if constexpr (detail::posterior_of_arrays<PosteriorType, Backend>) {
          posterior_ = std::make_unique<Given>(inputs_, given_.posterior);
        } else {
          throw ValueError(
              "TermStep: found arrays for a posterior of a type that PosteriorArrays does not know");
        }
      }
    } else if (!given_.posterior.mean.empty()) {
      throw ValueError("TermStep: found a posterior, expected none: the networks have no encoder, prior and "
                       "reconstruction");
    }
    stage_batches();
    set_parameters();
    set_records();
  }
  TermStep(TermStep const&) = delete;
  TermStep& operator=(TermStep const&) = delete;

  /// The value and its gradients.
  [[nodiscard]] ValueAndGradient value_and_gradient() {
    auto const leaves = find_leaves();
    return detail::differentiate<Backend>(
        a_.tape, leaves, [&] { return run(); }, [&] { begin(); }, [&] { end(); });
  }
  /// The value alone.
  [[nodiscard]] double value() {
    a_.tape.reset();
    RecordingOff<Backend> const guard(a_.tape);
    double number = 0;
    a_.tape.backend().download(run().value, &number, 1);
    return number;
  }
  /// The derived gradients of inputs and parameters compared with central differences. For networks with a
  /// few hundred parameters: the term is evaluated twice for each.
  [[nodiscard]] GradientReport check(GradientTolerance const& tolerance = {}) {
    static_assert(std::is_same_v<Backend, backend::BasicCpu<double>>,
                  "[disentangle] TermStep::check compares in double on the CPU: name no other backend");
    auto const leaves = find_leaves();
    return detail::compare_gradients(
        a_.tape, leaves, [&] { return run(); }, [&] { begin(); }, [&] { end(); }, tolerance);
  }
  /// One update of all that the term trains, as in training: before_step, the term through `optimizer`,
  /// after_step. Returns the term's value before it, and goes on to the next step's random numbers.
  template <optimizer_policy Optimiser = optim::Adam>
  double train(Optimiser const& optimizer = {}) {
    static_assert(Optimiser::moments <= 2, "[disentangle] TermStep::train has two moments for an optimiser");
    double number = 0;
    if constexpr (detail::has_before_step<Policy, View>) {
      a_.tape.reset();
      Forward<A> before{a_, batches_};
      View view(before);
      policy().before_step(view);
    }
    a_.tape.reset();
    begin();
    auto forward = make_forward();
    View view(forward);
    if constexpr (detail::has_term<Policy, View>) {
      auto const term = materialise(policy()(view));
      a_.tape.backend().download(term.value, &number, 1);
      a_.tape.backward(term);
      hold();
      nn::update(a_.main, optimizer, ++updates_);
    }
    if constexpr (detail::has_after_step<Policy, View>) policy().after_step(view);
    go_to(a_.steps + 1);
    return number;
  }

  /// Another step of training: other random numbers.
  void go_to(long number) { a_.steps = number; }
  long number() const { return a_.steps; }
  Policy& policy() { return std::get<place>(a_.method.policies); }
  /// What the policy noted last by step.measure(...), in the order of its measures().
  [[nodiscard]] std::vector<double> measured() {
    std::vector<double> numbers(a_.measure_at[place + 1] - a_.measure_at[place]);
    a_.tape.backend().download(a_.measured.data() + a_.measure_at[place], numbers.data(), numbers.size());
    return numbers;
  }
  /// A parameter by its name. @throws ValueError with all names if there is none.
  [[nodiscard]] std::vector<double> parameter(std::string_view name) {
    auto const& block = find_block(name);
    std::vector<double> values(block.size);
    a_.tape.backend().download(*block.value, values.data(), block.size);
    return values;
  }
  void set_parameter(std::string_view name, std::span<double const> values) {
    auto const& block = find_block(name);
    if (values.size() != block.size) {
      throw ShapeError("TermStep: found " + std::to_string(values.size()) + " numbers for " + block.name +
                       ", expected " + std::to_string(block.size));
    }
    a_.tape.backend().upload(values.data(), *block.value, block.size);
  }
  /// What the policy sees, on a fresh pass: for a reference that is computed from the step's own codes,
  /// images and networks. Variables of the pass before are gone.
  View& fresh_view() {
    a_.tape.reset();
    view_.reset();
    forward_ = std::make_unique<Forward<A>>(make_forward());
    return view_.emplace(*forward_);
  }
  /// The numbers of a variable or an expression of that pass, row by row.
  template <expression E>
  [[nodiscard]] std::vector<double> numbers(E const& e) {
    auto const v = reshape(materialise(e), extents_of(e));
    std::vector<double> values(static_cast<std::size_t>(v.size()));
    a_.tape.backend().download(v.value, values.data(), values.size());
    return values;
  }

 private:
  using PosteriorType = std::remove_cvref_t<decltype(std::declval<Forward<A>&>().posterior)>;
  using Given =
      detail::PosteriorInputs<std::conditional_t<detail::posterior_of_arrays<PosteriorType, Backend>,
                                                 PosteriorType, Posterior<Backend>>,
                              Backend>;

  HostArray<2> random_images(std::uint64_t number) const {
    std::ptrdiff_t const n = given_.images.empty() ? 6 : given_.images.extents[0];
    return random_array(Extents<2>{n, static_cast<std::ptrdiff_t>(Image::size)}, 100 * given_.seed + number,
                        0, 1);
  }
  static void check_images(HostArray<2> const& array, std::string const& name) {
    if (array.extents[1] != static_cast<std::ptrdiff_t>(Image::size) ||
        array.values.size() != static_cast<std::size_t>(product(array.extents))) {
      throw ShapeError("TermStep: found " + std::to_string(array.values.size()) + " numbers for " + name +
                       " " + extents_text(array.extents) + ", expected (n, " + std::to_string(Image::size) +
                       ")");
    }
  }

  void stage_batches() {
    auto const n = static_cast<std::size_t>(images_.extent(0));
    if (given_.indices.empty()) {
      for (std::size_t i = 0; i < n; ++i) given_.indices.push_back(i);
    }
    auto const expect = [](std::size_t found, std::size_t expected, char const* what, char const* why) {
      if (found > expected) {
        throw ValueError("TermStep: found " + std::to_string(found) + " " + what + ", expected at most " +
                         std::to_string(expected) + ": " + why);
      }
    };
    expect(given_.minibatches.size(), traits::draws - 1, "further minibatches",
           "the policy states `minibatches` and takes no more");
    expect(given_.views.size(), traits::views - 1, "further views",
           "the policy states `views` and takes no more");
    std::vector<HostArray<2>> arrays{given_.images};
    std::uint64_t number = 2;
    auto const add = [&](std::vector<HostArray<2>> const& given, int count) {
      for (std::size_t i = 0; i + 1 < static_cast<std::size_t>(count); ++i) {
        arrays.push_back(i < given.size() ? given[i] : random_images(number));
        ++number;
      }
    };
    add(given_.minibatches, traits::draws);
    add(given_.views, traits::views);
    if constexpr (traits::takes_labels) {
      arrays.push_back(given_.labelled_images.empty() ? random_images(number) : given_.labelled_images);
      if (given_.labelled_labels.empty()) {
        given_.labelled_labels.assign(static_cast<std::size_t>(arrays.back().extents[0]) * class_variables(),
                                      0);
      }
    }
    for (auto const& array : arrays) {
      check_images(array, "a minibatch");
      pixels_.emplace_back(array.values.begin(), array.values.end());
    }
    for (std::size_t i = 0; i < arrays.size(); ++i) {
      bool const labelled = traits::takes_labels && i + 1 == arrays.size();
      batches_.push_back(
          {pixels_[i], labelled ? given_.labelled_labels : given_.labels,
           static_cast<std::size_t>(arrays[i].extents[0]), given_.data_size,
           i == 0 ? std::span<std::size_t const>(given_.indices) : std::span<std::size_t const>{}});
    }
    if constexpr (backend::backend_traits<Backend>::queues_steps) {
      for (std::size_t i = 0; i < batches_.size(); ++i) {
        a_.staged[i] = a_.tape.backend().stage(i, batches_[i].images.data(), batches_[i].images.size());
      }
    }
  }
  static constexpr std::size_t class_variables() {
    if constexpr (M::template has<Role::prior>) {
      using P = std::remove_cvref_t<decltype(std::declval<M&>().template get<Role::prior>())>;
      if constexpr (requires { P::classes::variables; })
        return static_cast<std::size_t>(P::classes::variables);
    }
    return 1;
  }

  template <class Visit>
  void for_each_set(Visit const& visit) {
    visit(a_.main);
    for (auto& own : a_.own) visit(own->parameters);
  }
  auto const& find_block(std::string_view name) {
    typename nn::Parameters<Backend>::Block const* found = nullptr;
    std::string names;
    for_each_set([&](auto& set) {
      for (auto const& block : set.blocks()) {
        if (block.name == name) found = &block;
        names += (names.empty() ? "" : ", ") + block.name;
      }
    });
    if (found == nullptr) {
      throw ValueError("TermStep: found no parameter '" + std::string(name) + "', expected one of " + names);
    }
    return *found;
  }
  void set_parameters() {
    for (auto const& [name, values] : given_.parameters) set_parameter(name, values);
  }
  void set_records() {
    std::string names;
    std::size_t used = 0;
    if constexpr (requires {
                    std::get<place>(a_.states)->for_each_record([](std::string const&, auto&) {});
                  }) {
      std::get<place>(a_.states)->for_each_record([&](std::string const& name, auto& list) {
        names += (names.empty() ? "" : ", ") + name;
        auto const given = given_.records.find(name);
        if (given == given_.records.end()) return;
        list.clear();
        using Number = typename std::remove_cvref_t<decltype(list)>::value_type;
        for (double const x : given->second) list.push_back(static_cast<Number>(x));
        ++used;
      });
    }
    if (used != given_.records.size()) {
      throw ValueError("TermStep: found a record '" + given_.records.begin()->first +
                       "' or another that the policy's State does not keep, expected " +
                       (names.empty() ? std::string("none") : "one of " + names));
    }
  }

  Forward<A> make_forward() {
    Forward<A> forward{a_, batches_};
    forward.images = images_;
    forward.own_codes = codes_;
    if constexpr (traits::variational) {
      if constexpr (detail::posterior_of_arrays<PosteriorType, Backend>) {
        if (posterior_ != nullptr) {
          forward.posterior = posterior_->posterior();
          return forward;
        }
      }
      forward.posterior = a_.infer(images_, "posterior", static_cast<double>(given_.data_size));
    }
    return forward;
  }
  /// The part's scalar on the tape, which is empty.
  Variable<Backend, 0> run() {
    if (given_.part == StepPart::term) {
      if constexpr (detail::has_term<Policy, View>) {
        auto forward = make_forward();
        View view(forward);
        return materialise(policy()(view));
      }
    } else if (given_.part == StepPart::before_step) {
      if constexpr (detail::has_before_step<Policy, View>) {
        Forward<A> forward{a_, batches_};
        View view(forward);
        return intercepted([&] { policy().before_step(view); });
      }
    } else if constexpr (detail::has_after_step<Policy, View>) {
      auto forward = make_forward();
      View view(forward);
      return intercepted([&] { policy().after_step(view); });
    }
    throw ValueError(std::string("TermStep: ") + std::string(type_name<Policy>()) + " has no " +
                     (given_.part == StepPart::term          ? "operator()(auto& step)"
                      : given_.part == StepPart::before_step ? "before_step"
                                                             : "after_step") +
                     ", which StepArrays::part asks for");
  }
  /// The last loss that is minimised by optimisers of the policy's own, which then do nothing.
  template <class Work>
  Variable<Backend, 0> intercepted(Work const& work) {
    Variable<Backend, 0> loss{};
    struct Restore {
      A& a;
      ~Restore() {
        for (auto& own : a.own) own->instead_of_update = nullptr;
      }
    } const restore{a_};
    for (auto& own : a_.own) {
      own->instead_of_update = [&loss, this, set = &own->trained()](Variable<Backend, 0> const& minimised) {
        loss = minimised;
        minimised_ = set;
      };
    }
    work();
    if (loss.tape == nullptr) {
      throw ValueError("TermStep: this part of " + std::string(type_name<Policy>()) + " minimised nothing");
    }
    return loss;
  }

  void begin() {
    for_each_set([](auto& set) { set.begin_step(); });
  }
  void end() {
    for_each_set([](auto& set) { set.complete_gradients(); });
  }
  bool is_held(std::string const& name) const {
    return std::any_of(given_.held.begin(), given_.held.end(),
                       [&](std::string const& prefix) { return name.starts_with(prefix); });
  }
  /// Gradients of what is held are zero.
  void hold() {
    a_.main.complete_gradients();
    for (auto const& block : a_.main.blocks()) {
      if (!is_held(block.name)) continue;
      a_.tape.backend().fill(*block.gradient, block.size, scalar(0));
      if (block.written != nullptr) *block.written = true;
    }
  }
  std::vector<detail::LeafOn<Backend>> find_leaves() {
    std::vector<detail::LeafOn<Backend>> leaves;
    auto* set = &a_.main;
    if (given_.part == StepPart::term) {
      for (auto const& leaf : inputs_.leaves()) {
        if (!is_held(leaf.name)) leaves.push_back(leaf);
      }
    } else {
      static_cast<void>(value());  // says which parameters the part trains
      set = minimised_;
    }
    for (auto const& block : set->blocks()) {
      if (is_held(block.name)) continue;
      leaves.push_back(
          {block.name, *block.value, *block.gradient, block.size, block.written != nullptr, block.extents});
    }
    return leaves;
  }

  StepArrays given_;
  A a_;
  detail::Inputs<Backend> inputs_;
  Variable<Backend, 2> images_{}, codes_{};
  std::unique_ptr<Given> posterior_{};
  std::vector<std::vector<float>> pixels_{};
  std::vector<Minibatch> batches_{};
  nn::Parameters<Backend>* minimised_ = nullptr;
  std::unique_ptr<Forward<A>> forward_{};
  std::optional<View> view_{};
  long updates_ = 0;
};

}  // namespace disentangle
