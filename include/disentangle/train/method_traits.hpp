// SPDX-License-Identifier: Apache-2.0
// method_traits<M>: what a method is made of, worked out from its roles and its policies' traits; and what it
// becomes where it meets a backend and an image shape.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <disentangle/core/config.hpp>
#include <disentangle/core/method.hpp>
#include <disentangle/core/reflection.hpp>
#include <disentangle/nn/setting.hpp>
#include <disentangle/objective/policy_traits.hpp>
#include <disentangle/optim/adam.hpp>

namespace disentangle {

namespace detail {

/// Stands where a method has no policy of a role.
struct Absent {};

template <class M, Role Kind>
auto policy_or_absent() {
  if constexpr (M::template has<Kind>) {
    return std::remove_cvref_t<decltype(std::declval<M&>().template get<Kind>())>{};
  } else {
    return Absent{};
  }
}
template <class M, Role Kind>
using policy_of = decltype(policy_or_absent<M, Kind>());

template <class M>
constexpr int latent_size_of() {
  if constexpr (M::template has<Role::encoder>) {
    return policy_of<M, Role::encoder>::latent_size;
  } else {
    static_assert(
        requires { policy_of<M, Role::decoder>::latent_size; },
        "[disentangle] a method without an Encoder<...> needs a Decoder<...> that states its latent_size");
    return policy_of<M, Role::decoder>::latent_size;
  }
}

/// Values of the class variables of the method's prior together; 0 where it has none.
template <class M>
constexpr int class_values_of() {
  if constexpr (requires { policy_of<M, Role::prior>::classes::total; }) {
    return policy_of<M, Role::prior>::classes::total;
  } else {
    return 0;
  }
}

/// Width of the encoder's output: what the prior reads of a head, or the latents themselves.
template <class M, bool Variational>
constexpr int encoder_outputs() {
  if constexpr (Variational && requires { policy_of<M, Role::prior>::head_size(1); }) {
    return policy_of<M, Role::prior>::head_size(latent_size_of<M>());
  } else if constexpr (Variational) {
    return policy_of<M, Role::prior>::parameters_per_latent * latent_size_of<M>();
  } else {
    return latent_size_of<M>();
  }
}

/// Width of the decoder's input: the latents, unless the prior says that it draws longer codes.
template <class M>
constexpr int decoder_inputs() {
  if constexpr (requires { policy_of<M, Role::prior>::code_size; }) {
    return policy_of<M, Role::prior>::code_size;
  } else {
    return latent_size_of<M>();
  }
}

template <class M, class Setting, bool Variational>
auto encoder_network() {
  using Policy = policy_of<M, Role::encoder>;
  if constexpr (std::is_same_v<Policy, Absent>) {
    return std::type_identity<Absent>{};
  } else if constexpr (requires { typename Policy::template Inference<Setting>; }) {
    return std::type_identity<typename Policy::template Inference<Setting>>{};
  } else {
    using Network = typename Policy::template network<encoder_outputs<M, Variational>()>;
    return std::type_identity<
        typename Network::template On<typename Setting::backend_type, typename Setting::image_shape>>{};
  }
}

template <class M, class Setting>
auto decoder_network() {
  using Policy = policy_of<M, Role::decoder>;
  if constexpr (std::is_same_v<Policy, Absent>) {
    return std::type_identity<Absent>{};
  } else {
    using Image = typename Setting::image_shape;
    using Network = typename Policy::template network<Image>::template On<typename Setting::backend_type,
                                                                          FeatureShape<decoder_inputs<M>()>>;
    static_assert(std::is_same_v<typename Network::output_shape, Image>,
                  "[disentangle] the Decoder's output shape does not match the image shape of the data; use "
                  "another decoder, or images whose sides its kernel chain divides");
    return std::type_identity<Network>{};
  }
}

template <class Policy, class Setting>
auto state_type() {
  if constexpr (policy_traits<Policy>::template has_state<Setting>) {
    return std::type_identity<typename Policy::template State<Setting>>{};
  } else {
    return std::type_identity<Absent>{};
  }
}
template <class Policy, class Setting>
using state_of = typename decltype(state_type<Policy, Setting>())::type;

template <class M>
auto optimizer_of(M const& method) {
  if constexpr (M::template has<Role::optimizer>) {
    return method.template get<Role::optimizer>();
  } else {
    return optim::Adam{};
  }
}

/// Whether the policies of a role have a part in the loss.
constexpr bool is_part(Role role) {
  return role != Role::encoder && role != Role::decoder && role != Role::prior && role != Role::optimizer;
}

}  // namespace detail

template <class M>
struct method_traits;

/// What a method is made of.
template <class... Slots>
struct method_traits<Method<Slots...>> {
  using method_type = Method<Slots...>;

  static constexpr std::size_t slots = sizeof...(Slots);
  template <std::size_t I>
  using slot = std::tuple_element_t<I, std::tuple<Slots...>>;
  template <std::size_t I>
  using policy = typename slot<I>::policy;

  /// Number of latents of a code.
  static constexpr int latent_size = detail::latent_size_of<method_type>();
  /// Values of the class variables together, for methods with discrete latents; else 0.
  static constexpr int class_values = detail::class_values_of<method_type>();
  /// Whether it infers a posterior and decodes its sample.
  static constexpr bool variational = method_type::template has<Role::encoder> &&
                                      method_type::template has<Role::prior> &&
                                      method_type::template has<Role::reconstruction>;
  /// Number of terms of the loss.
  static constexpr std::size_t parts = (std::size_t{detail::is_part(Slots::kind)} + ... + std::size_t{0});
  /// Whether the last of the minibatches must have labels.
  static constexpr bool takes_labels = (policy_traits<typename Slots::policy>::labelled || ...);
  /// Whether a policy looks at the data set between epochs.
  static constexpr bool surveys_epochs = (policy_traits<typename Slots::policy>::surveys || ...);
  /// Minibatches that a step draws from all images, independently of each other; the first is the main one.
  static constexpr int draws = std::max({1, policy_traits<typename Slots::policy>::minibatches...});
  /// Views that a step takes of its main minibatch: the same images, each view augmented otherwise.
  static constexpr int views = std::max({1, policy_traits<typename Slots::policy>::views...});
  /// Minibatches that a step takes: those drawn, further views of the main one, and the labelled one.
  static constexpr int minibatches = draws + (views - 1) + (takes_labels ? 1 : 0);

  template <class Backend, class Image>
  using setting = nn::Setting<Backend, Image, latent_size>;
  /// The encoder as a network, or the policy's own `template <class Setting> struct Inference` where one head
  /// is not enough; Absent where the method has none.
  template <class Setting>
  using encoder = typename decltype(detail::encoder_network<method_type, Setting, variational>())::type;
  template <class Setting>
  using decoder = typename decltype(detail::decoder_network<method_type, Setting>())::type;
  /// Where each policy's state is; null where it has none.
  template <class Setting>
  using states = std::tuple<std::unique_ptr<detail::state_of<typename Slots::policy, Setting>>...>;

  /// Names of the loss parts: the policies' names, in the order of the method's slots.
  [[nodiscard]] DISENTANGLE_COLD static std::vector<std::string> part_names() {
    std::vector<std::string> names;
    each_slot([&](auto index) {
      if constexpr (detail::is_part(slot<index>::kind)) names.emplace_back(type_name<policy<index>>());
    });
    return names;
  }
  /// How many numbers each policy measures, and their names, in the order of the slots.
  [[nodiscard]] DISENTANGLE_COLD static std::vector<std::vector<std::string>> measure_names() {
    return {policy_traits<typename Slots::policy>::measures(latent_size)...};
  }

  /// Calls visit(index) for every slot, index an integral constant.
  template <class Visitor>
  static void each_slot(Visitor&& visit) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (visit(std::integral_constant<std::size_t, I>{}), ...);
    }(std::make_index_sequence<slots>{});
  }
};

}  // namespace disentangle
