// SPDX-License-Identifier: Apache-2.0
// policy_traits<P>: what a policy states beside its formula. The only place that reads the optional members
// of policies, so that each has one default, one check and one list of names that look like it and are not.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <disentangle/backend/archetype.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/core/shape.hpp>
#include <disentangle/nn/setting.hpp>

namespace disentangle {

/// A stand-in for what a policy's before_epoch sees (train/epoch_view.hpp has the real one, and says what its
/// members are). Never run.
template <class Policy>
struct ArchetypeEpoch {
  using setting = nn::Setting<backend::Archetype, ImageShape<64, 64, 1>, 10>;

  long number() const { return 0; }
  std::size_t size() const { return 0; }
  Philox random(std::string_view /*stream*/) const { return {}; }
};

namespace detail {

template <class P>
concept has_before_epoch =
    requires(P const& policy, ArchetypeEpoch<P>& epoch) { policy.before_epoch(epoch); };

// A member counts as stated where it is static: a hyper-parameter of the same name is not one. (What the
// address of a member is tells which; its use as a constant would be a mistake of the policy's, not a "no",
// in g++ 12.)
template <class P>
concept names_minibatches = requires { &P::minibatches; };
template <class P>
concept names_views = requires { &P::views; };
template <class P>
concept names_labelled = requires { &P::labelled; };
template <class P>
concept names_surveys = requires { &P::surveys; };
template <class P>
concept states_minibatches = requires { requires std::is_pointer_v<decltype(&P::minibatches)>; };
template <class P>
concept states_views = requires { requires std::is_pointer_v<decltype(&P::views)>; };
template <class P>
concept states_labelled = requires { requires std::is_pointer_v<decltype(&P::labelled)>; };
template <class P>
concept states_surveys = requires { requires std::is_pointer_v<decltype(&P::surveys)>; };
template <class P>
concept states_measures = requires { std::vector<std::string>(P::measures(1)); };

template <class P>
constexpr int minibatches_of() {
  if constexpr (states_minibatches<P>) return P::minibatches;
  return 1;
}
template <class P>
constexpr int views_of() {
  if constexpr (states_views<P>) return P::views;
  return 1;
}
template <class P>
constexpr bool labelled_of() {
  if constexpr (states_labelled<P>) return P::labelled;
  return false;
}
template <class P>
constexpr bool surveys_of() {
  if constexpr (states_surveys<P>) return P::surveys;
  return has_before_epoch<P>;
}

}  // namespace detail

/// What a policy states beside its formula, and the defaults of what it leaves out. A policy states
///     static constexpr int minibatches = 2;        independent minibatches that a step draws; default 1
///     static constexpr int views = 2;              views of the main minibatch, each augmented
///                                                  anew; default 1
///     static constexpr bool labelled = true;       a minibatch of labelled images; default false
///     void before_epoch(auto& epoch) const;        looks at the data set before each epoch's first step
///     static std::vector<std::string> measures(int latent_size);   names of what it notes for the log
/// What is wrong or misspelt is refused in words where the policy meets its role.
template <class P>
struct policy_traits {
  /// Minibatches that a step draws from all images, independently of each other; the first is the main one.
  static constexpr int minibatches = detail::minibatches_of<P>();
  /// Views that a step takes of its main minibatch.
  static constexpr int views = detail::views_of<P>();
  /// Whether a step needs a minibatch of labelled images.
  static constexpr bool labelled = detail::labelled_of<P>();
  /// Whether it looks at the whole data set before each epoch.
  static constexpr bool surveys = detail::surveys_of<P>();
  /// Whether it has parameters or memory of its own.
  template <class Setting>
  static constexpr bool has_state = requires { typename P::template State<Setting>; };

  /// Names of what it measures, for a method with so many latents.
  [[nodiscard]] static std::vector<std::string> measures(int latents) {
    if constexpr (detail::states_measures<P>) {
      return P::measures(latents);
    } else {
      static_cast<void>(latents);
      return {};
    }
  }

  // ---- what cannot be meant -------------------------------------------------------------------------------
  static_assert(minibatches >= 1 && views >= 1,
                "[disentangle] a policy's minibatches and views are at least 1; see docs/policies.md");
  static_assert(detail::states_minibatches<P> || !detail::names_minibatches<P>,
                "[disentangle] a policy states minibatches as `static constexpr int`; see docs/policies.md");
  static_assert(detail::states_views<P> || !detail::names_views<P>,
                "[disentangle] a policy states views as `static constexpr int`; see docs/policies.md");
  static_assert(detail::states_labelled<P> || !detail::names_labelled<P>,
                "[disentangle] a policy states labelled as `static constexpr bool`; see docs/policies.md");
  static_assert(
      detail::states_measures<P> || !requires { &P::measures; },
      "[disentangle] a policy states measures as `static std::vector<std::string> measures(int "
      "latent_size)`; see docs/policies.md");
  static_assert(!detail::states_surveys<P> || !surveys || detail::has_before_epoch<P>,
                "[disentangle] a policy that says surveys has `void before_epoch(auto& epoch) const`; see "
                "docs/policies.md");
  static_assert(
      detail::has_before_epoch<P> || !requires { &P::before_epoch; },
      "[disentangle] before_epoch takes (auto& epoch) and is const; see docs/policies.md");

  // ---- names that are not read ----------------------------------------------------------------------------
  // (static members alone: a hyper-parameter may well be called `batches`)
  static_assert(
      !requires { requires std::is_pointer_v<decltype(&P::labeled)>; },
      "[disentangle] `labeled` is not read; write `static constexpr bool labelled`");
  static_assert(
      !requires { requires std::is_pointer_v<decltype(&P::minibatch)>; } &&
          !requires { requires std::is_pointer_v<decltype(&P::n_minibatches)>; } &&
          !requires { requires std::is_pointer_v<decltype(&P::batches)>; },
      "[disentangle] `minibatch`, `n_minibatches` and `batches` are not read; write `static constexpr "
      "int minibatches`");
  static_assert(
      !requires { requires std::is_pointer_v<decltype(&P::view)>; } &&
          !requires { requires std::is_pointer_v<decltype(&P::n_views)>; },
      "[disentangle] `view` and `n_views` are not read; write `static constexpr int views`");
  static_assert(
      !requires { &P::measure_names; },
      "[disentangle] `measure_names` is not read; write `static std::vector<std::string> measures(int "
      "latent_size)`");

  /// True; asking instantiates the checks above.
  static constexpr bool checked = true;
};

}  // namespace disentangle
