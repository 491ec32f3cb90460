// SPDX-License-Identifier: Apache-2.0
// Reductions of an expression, over everything or along one axis: sum, mean, max, logsumexp, softmax. The
// expression is evaluated inside the reduction; sums never store it.
#pragma once

#include <limits>

#include <disentangle/autodiff/views.hpp>
#include <disentangle/backend/reduction.hpp>
#include <disentangle/core/config.hpp>

namespace disentangle {

namespace detail {

/// out = reduction of e along axis A, without a record.
template <class B, expression E, int A>
DISENTANGLE_COLD void reduce_into(Variable<B, E::rank - 1> const& out, E const& e, Axis<A> a,
                                  backend::Reduction kind) {
  using T = typename B::scalar;
  auto const extents = extents_of(e);
  if (product(extents) == 0) {  // nothing to loop over: every result, if there is any, is the empty reduction
    out.tape->backend().fill(out.value, static_cast<std::size_t>(out.size()),
                             kind == backend::Reduction::sum ? T(0) : -std::numeric_limits<T>::infinity());
    return;
  }
  Loop loop = backend::expression::loop_over<E::rank>(extents);
  auto to = bind_destination<T>(insert_axis(out, a), loop);
  auto from = bind<T>(e, loop);
  backend::expression::merge_axes_of(loop, to, from);
  out.tape->backend().reduce(loop, kind, to, from);
}

template <std::size_t Rank, int A>
std::array<std::ptrdiff_t, Rank - 1> without_axis(std::array<std::ptrdiff_t, Rank> const& extents, Axis<A>) {
  std::array<std::ptrdiff_t, Rank - 1> result{};
  for (std::size_t i = 0, to = 0; i < Rank; ++i) {
    if (i != static_cast<std::size_t>(A)) result[to++] = extents[i];
  }
  return result;
}

}  // namespace detail

/// The sum of all elements.
template <expression E>
[[nodiscard]] DISENTANGLE_COLD Variable<typename E::backend_type, 0> sum(E const& e) {
  using T = typename E::backend_type::scalar;
  auto& tape = *detail::tape_of(e);
  auto const out = tape.variable(Extents<0>{}, detail::needs_gradient(e));
  backend::expression::Loop loop = backend::expression::loop_over<E::rank>(extents_of(e));
  auto from = detail::bind<T>(e, loop);
  backend::expression::merge_axes_of(loop, from);
  tape.backend().sum(loop, from, out.value, [&tape](std::size_t n) { return tape.scratch(n); });
  if (out.gradient != nullptr) {
    tape.record([e, out] { pull_back(e, detail::gradient_of(out)); });
  }
  return out;
}

/// The sum along one axis, which disappears.
template <expression E, int A>
[[nodiscard]] DISENTANGLE_COLD Variable<typename E::backend_type, E::rank - 1> sum(E const& e, Axis<A> a) {
  static_assert(A < E::rank, "[disentangle] sum: the axis is beyond the rank of the expression");
  auto& tape = *detail::tape_of(e);
  auto const out = tape.variable(detail::without_axis(extents_of(e), a), detail::needs_gradient(e));
  detail::reduce_into<typename E::backend_type>(out, e, a, backend::Reduction::sum);
  if (out.gradient != nullptr) {
    tape.record([e, out, a] { pull_back(e, insert_axis(detail::gradient_of(out), a)); });
  }
  return out;
}

/// The mean of all elements.
template <expression E>
[[nodiscard]] auto mean(E const& e) {
  return sum(e) * (1.0 / static_cast<double>(product(extents_of(e))));
}

/// The mean along one axis, which disappears.
template <expression E, int A>
[[nodiscard]] auto mean(E const& e, Axis<A> a) {
  return sum(e, a) * (1.0 / static_cast<double>(extents_of(e)[static_cast<std::size_t>(A)]));
}

/// The maximum along one axis, which disappears; the gradient is shared equally by all places that attain it.
template <expression E, int A>
[[nodiscard]] DISENTANGLE_COLD Variable<typename E::backend_type, E::rank - 1> max(E const& e, Axis<A> a) {
  static_assert(A < E::rank, "[disentangle] max: the axis is beyond the rank of the expression");
  auto const v = materialise(e);
  auto& tape = *v.tape;
  auto const out = tape.variable(detail::without_axis(v.extents, a), v.gradient != nullptr);
  detail::reduce_into<typename E::backend_type>(out, v, a, backend::Reduction::max);
  if (out.gradient != nullptr) {
    auto const attained = equal(stop_gradient(v), insert_axis(stop_gradient(out), a));
    auto const places = tape.variable(out.extents, false);
    detail::reduce_into<typename E::backend_type>(places, attained, a, backend::Reduction::sum);
    tape.record([v, out, attained, places, a] {
      pull_back(v, insert_axis(detail::gradient_of(out), a) * attained / insert_axis(places, a));
    });
  }
  return out;
}

/// The maximum of all elements.
template <expression E>
  requires(E::rank > 0)
[[nodiscard]] Variable<typename E::backend_type, 0> max(E const& e) {
  auto const v = materialise(e);
  return max(reshape(v, Extents<1>{v.size()}), axis<0>);
}

/// log(sum(exp(e))) along one axis, which disappears; exact for any finite values (the maximum is taken out
/// first).
template <expression E, int A>
[[nodiscard]] DISENTANGLE_COLD Variable<typename E::backend_type, E::rank - 1> logsumexp(E const& e,
                                                                                         Axis<A> a) {
  auto const v = materialise(e);
  auto const shift = stop_gradient(max(stop_gradient(v), a));
  return materialise(shift + log(sum(exp(v - insert_axis(shift, a)), a)));
}

/// log(sum(exp(e))) of all elements.
template <expression E>
  requires(E::rank > 0)
[[nodiscard]] Variable<typename E::backend_type, 0> logsumexp(E const& e) {
  auto const v = materialise(e);
  return logsumexp(reshape(v, Extents<1>{v.size()}), axis<0>);
}

/// exp(e) / sum(exp(e)) along one axis, which stays. The maximum is taken out first, so that large numbers
/// lose nothing.
template <expression E, int A>
[[nodiscard]] auto softmax(E const& e, Axis<A> a) {
  auto const v = materialise(e);
  auto const shift = stop_gradient(max(stop_gradient(v), a));
  auto const powers = materialise(exp(v - insert_axis(shift, a)));
  return powers / insert_axis(sum(powers, a), a);
}

/// log(softmax(e)) along one axis, which stays.
template <expression E, int A>
[[nodiscard]] auto log_softmax(E const& e, Axis<A> a) {
  auto const v = materialise(e);
  auto const shift = stop_gradient(max(stop_gradient(v), a));
  auto const lowered = materialise(v - insert_axis(shift, a));
  return lowered - insert_axis(log(sum(exp(lowered), a)), a);
}

}  // namespace disentangle
