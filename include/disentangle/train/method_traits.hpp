// SPDX-License-Identifier: Apache-2.0
// What a method is made of, worked out from its roles when it meets a backend and an image shape.
#pragma once

#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <disentangle/core/method.hpp>
#include <disentangle/nn/builder.hpp>
#include <disentangle/objective/step.hpp>
#include <disentangle/optim/adam.hpp>
#include <disentangle/prior/prior.hpp>
#include <disentangle/reconstruction/reconstruction.hpp>

namespace disentangle::detail {

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

/// A method that infers a posterior and decodes its sample.
template <class M>
inline constexpr bool is_variational =
    M::template has<Role::encoder> && M::template has<Role::prior> && M::template has<Role::reconstruction>;

template <class M>
constexpr int encoder_outputs() {
  if constexpr (is_variational<M> && requires { policy_of<M, Role::prior>::head_size(1); }) {
    return policy_of<M, Role::prior>::head_size(latent_size_of<M>());
  } else if constexpr (is_variational<M>) {
    return policy_of<M, Role::prior>::parameters_per_latent * latent_size_of<M>();
  } else {
    return latent_size_of<M>();
  }
}

/// The encoder as a network, or the policy's own `template <class Setting> struct Inference` where one head
/// is not enough.
template <class M, class Setting>
auto encoder_network() {
  using Policy = policy_of<M, Role::encoder>;
  if constexpr (std::is_same_v<Policy, Absent>) {
    return std::type_identity<Absent>{};
  } else if constexpr (requires { typename Policy::template Inference<Setting>; }) {
    return std::type_identity<typename Policy::template Inference<Setting>>{};
  } else {
    using Network = typename Policy::template network<encoder_outputs<M>()>;
    return std::type_identity<
        typename Network::template On<typename Setting::backend_type, typename Setting::image_shape>>{};
  }
}

/// Width of the decoder's input: the latents, unless the prior says that it draws longer codes.
template <class M, class Setting>
constexpr int decoder_inputs() {
  if constexpr (requires { policy_of<M, Role::prior>::code_size; }) {
    return policy_of<M, Role::prior>::code_size;
  } else {
    return latent_size_of<M>();
  }
}

template <class M, class Setting>
auto decoder_network() {
  using Policy = policy_of<M, Role::decoder>;
  if constexpr (std::is_same_v<Policy, Absent>) {
    return std::type_identity<Absent>{};
  } else {
    using Image = typename Setting::image_shape;
    using Network =
        typename Policy::template network<Image>::template On<typename Setting::backend_type,
                                                              FeatureShape<decoder_inputs<M, Setting>()>>;
    static_assert(std::is_same_v<typename Network::output_shape, Image>,
                  "[disentangle] the Decoder's output shape does not match the image shape of the data; use "
                  "another decoder, "
                  "or images whose sides its kernel chain divides");
    return std::type_identity<Network>{};
  }
}

template <class Policy, class Setting>
auto state_type() {
  if constexpr (requires { typename Policy::template State<Setting>; }) {
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

/// Names of what a policy measures for the log.
template <class Policy>
std::vector<std::string> measures_of(int latents) {
  if constexpr (requires { Policy::measures(latents); }) {
    return Policy::measures(latents);
  } else {
    return {};
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

/// Whether a policy takes a labelled minibatch.
template <class... Slots>
constexpr bool takes_labels(std::type_identity<Method<Slots...>>) {
  return (takes_labels_of<typename Slots::policy>() || ...);
}

template <class P>
concept has_before_epoch = requires { &P::surveys; };

/// Whether a policy looks at the data set between epochs.
template <class... Slots>
constexpr bool surveys_epochs(std::type_identity<Method<Slots...>>) {
  return (has_before_epoch<typename Slots::policy> || ...);
}

/// Minibatches that a step of the method draws from all images, independently.
template <class... Slots>
constexpr int draws_per_step(std::type_identity<Method<Slots...>>) {
  return std::max({1, minibatches_of<typename Slots::policy>()...});
}

/// Views that a step of the method takes of its main minibatch.
template <class... Slots>
constexpr int views_per_step(std::type_identity<Method<Slots...>>) {
  return std::max({1, views_of<typename Slots::policy>()...});
}

}  // namespace disentangle::detail
