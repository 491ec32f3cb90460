// SPDX-License-Identifier: Apache-2.0
// The regularizer role: a scalar term on the posterior, stated as its forward formula only.
#pragma once

#include <concepts>

#include <disentangle/backend/archetype.hpp>
#include <disentangle/core/roles.hpp>
#include <disentangle/nn/setting.hpp>
#include <disentangle/prior/posterior.hpp>

namespace disentangle {

/// A term is called with a Posterior<B> (with a member `.state` if it declares `template <class Setting>
/// struct State`) and returns an expression of rank 0, which is added to what is minimised. Its gradient is
/// derived; none is written.
template <class P, class Setting>
concept term_on =
    std::semiregular<P> &&
    requires(
        P const& policy,
        term_input_t<P, posterior_needed_t<P, typename Setting::backend_type>, Setting> const& posterior) {
      { policy(posterior) } -> scalar_expression;
    };

/// Checked where the policy is named, on a backend that can do nothing but what is documented.
template <class P>
concept term_policy = term_on<P, nn::Setting<backend::Archetype, ImageShape<64, 64, 1>, 10>>;

/// The role of a term on the posterior; a method may have several.
template <term_policy P>
struct Regularizer {
  static constexpr Role kind = Role::regularizer;
  using policy = P;
};

}  // namespace disentangle
