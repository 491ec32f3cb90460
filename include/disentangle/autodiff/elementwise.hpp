// SPDX-License-Identifier: Apache-2.0
// The element-wise vocabulary of formulas: functions and operators that build expressions. What each
// computes, and its adjoint, stands in backend/expression/operations.hpp.
#pragma once

#include <disentangle/autodiff/expression.hpp>
#include <disentangle/backend/expression/operations.hpp>

namespace disentangle {

namespace detail {

namespace op = backend::expression;

template <class Op, operand A>
constexpr auto unary(A const& a) {
  return Unary<Op, expression_of<A>>{as_expression(a)};
}
template <class Op, operand A, operand B>
constexpr auto binary(A const& a, B const& b) {
  return Binary<Op, expression_of<A>, expression_of<B>>{as_expression(a), as_expression(b)};
}

}  // namespace detail

// clang-format off
template <expression A>
[[nodiscard]] constexpr auto operator-(A const& a) { return detail::unary<detail::op::Negate>(a); }
template <operand A, operand B> requires(expression<A> || expression<B>)
constexpr auto operator+(A const& a, B const& b) { return detail::binary<detail::op::Add>(a, b); }
template <operand A, operand B> requires(expression<A> || expression<B>)
constexpr auto operator-(A const& a, B const& b) { return detail::binary<detail::op::Subtract>(a, b); }
template <operand A, operand B> requires(expression<A> || expression<B>)
constexpr auto operator*(A const& a, B const& b) { return detail::binary<detail::op::Multiply>(a, b); }
template <operand A, operand B> requires(expression<A> || expression<B>)
constexpr auto operator/(A const& a, B const& b) { return detail::binary<detail::op::Divide>(a, b); }
/// Comparisons give 1 where they hold and 0 elsewhere.
template <operand A, operand B> requires(expression<A> || expression<B>)
constexpr auto operator>(A const& a, B const& b) { return detail::binary<detail::op::Greater>(a, b); }
template <operand A, operand B> requires(expression<A> || expression<B>)
constexpr auto operator<(A const& a, B const& b) { return detail::binary<detail::op::Greater>(b, a); }
template <operand A, operand B> requires(expression<A> || expression<B>)
constexpr auto operator>=(A const& a, B const& b) { return detail::binary<detail::op::GreaterEqual>(a, b); }
template <operand A, operand B> requires(expression<A> || expression<B>)
constexpr auto operator<=(A const& a, B const& b) { return detail::binary<detail::op::GreaterEqual>(b, a); }
template <operand A, operand B> requires(expression<A> || expression<B>)
[[nodiscard]] constexpr auto equal(A const& a, B const& b) { return detail::binary<detail::op::Equal>(a, b); }

template <expression A>
[[nodiscard]] constexpr auto exp(A const& a) { return detail::unary<detail::op::Exp>(a); }
template <expression A>
[[nodiscard]] constexpr auto log(A const& a) { return detail::unary<detail::op::Log>(a); }
template <expression A>
[[nodiscard]] constexpr auto log1p(A const& a) { return detail::unary<detail::op::Log1p>(a); }
template <expression A>
[[nodiscard]] constexpr auto expm1(A const& a) { return detail::unary<detail::op::Expm1>(a); }
/// log(1 + exp(a)), exact for large |a|.
template <expression A>
[[nodiscard]] constexpr auto softplus(A const& a) { return detail::unary<detail::op::Softplus>(a); }
/// 1 / (1 + exp(-a))
template <expression A>
[[nodiscard]] constexpr auto sigmoid(A const& a) { return detail::unary<detail::op::Sigmoid>(a); }
template <expression A>
[[nodiscard]] constexpr auto tanh(A const& a) { return detail::unary<detail::op::Tanh>(a); }
template <expression A>
[[nodiscard]] constexpr auto sqrt(A const& a) { return detail::unary<detail::op::Sqrt>(a); }
template <expression A>
[[nodiscard]] constexpr auto square(A const& a) { return detail::unary<detail::op::Square>(a); }
/// |a|; the gradient at 0 is 0.
template <expression A>
[[nodiscard]] constexpr auto abs(A const& a) { return detail::unary<detail::op::Abs>(a); }
/// The larger of two; the gradient goes to the one taken, to the first where they are equal.
template <operand A, operand B> requires(expression<A> || expression<B>)
[[nodiscard]] constexpr auto max(A const& a, B const& b) { return detail::binary<detail::op::Maximum>(a, b); }
template <operand A, operand B> requires(expression<A> || expression<B>)
[[nodiscard]] constexpr auto min(A const& a, B const& b) { return detail::binary<detail::op::Minimum>(a, b); }
/// a limited to [low, high]; no gradient outside.
template <expression A, operand L, operand H>
[[nodiscard]] constexpr auto clamp(A const& a, L const& low, H const& high) { return max(low, min(high, a)); }
/// condition != 0 ? a : b; no gradient through the condition.
template <expression C, operand A, operand B>
[[nodiscard]] constexpr auto where(C const& condition, A const& a, B const& b) {
  return Choice<C, detail::expression_of<A>, detail::expression_of<B>>{
      condition, detail::as_expression(a), detail::as_expression(b)};
}
// clang-format on

}  // namespace disentangle
