// SPDX-License-Identifier: Apache-2.0
// Any term on one part of a code: OnZ<Term>, OnU<Term>.
#pragma once

#include <disentangle/prior/parted_code.hpp>
#include <disentangle/regularizer/regularizer.hpp>

namespace disentangle::regularizer {

namespace detail {

/// A part of a posterior, told what only the whole knows.
auto part_of(auto const& whole, auto part) {
  part.data_size = whole.data_size;
  part.step = whole.step;
  return part;
}

}  // namespace detail

/// A term on the continuous latents z alone, where a code has further parts (classes, class-related latents
/// u):
///     Regularizer<OnZ<Capacity>>, Regularizer<OnZ<TotalCorrelation>>
/// Its members are set with "OnZ.term.gamma", or "OnZ<Capacity>.term.gamma" where a method has several.
template <term_policy Term>
struct OnZ {
  Term term{};

  template <class B>
  using posterior_type = prior::JointPosterior<B>;

  auto operator()(auto const& posterior) const {
    static_assert(
        requires { posterior.z; }, "[disentangle] OnZ<Term> needs a Prior whose codes have parts: "
                                   "prior::GumbelSoftmax or prior::ClassMixture; "
                                   "elsewhere name the term itself; see docs/methods.md");
    return term(detail::part_of(posterior, posterior.z));
  }
  friend bool operator==(OnZ const&, OnZ const&) = default;
};

/// A term on the class-related latents u alone: Regularizer<OnU<Capacity>> holds the expected KL to the
/// class's component of the prior at a capacity.
template <term_policy Term>
struct OnU {
  Term term{};

  template <class B>
  using posterior_type = prior::PartedPosterior<B>;

  auto operator()(auto const& posterior) const {
    static_assert(
        requires { posterior.u; },
        "[disentangle] OnU<Term> needs a Prior with class-related latents u: prior::ClassMixture or "
        "prior::ClassNormal; see docs/methods/parted_vae.md");
    return term(detail::part_of(posterior, posterior.u));
  }
  friend bool operator==(OnU const&, OnU const&) = default;
};

}  // namespace disentangle::regularizer
