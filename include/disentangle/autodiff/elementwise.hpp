// SPDX-License-Identifier: Apache-2.0
// The element-wise vocabulary of formulas. Each operation is a value and its adjoint, stated once for any
// number type P:
// a scalar (device code) or a SIMD pack (host code). An adjoint receives the adjoint g of the result, the
// result y and the arguments, and returns what each argument receives; the fused loops add it.
#pragma once

#include <cmath>

#include <disentangle/autodiff/expression.hpp>
#include <disentangle/core/config.hpp>
#include <disentangle/core/math.hpp>

namespace disentangle {

namespace detail {

template <class P>
struct Adjoints {
  P a;
  P b;
};

// Unqualified calls below find the SIMD versions by argument-dependent lookup and the scalar ones by
// using-declarations.

// clang-format off
struct Negate {
  template <class P>
  DISENTANGLE_HD static P value(P a) { return -a; }
  template <class P>
  DISENTANGLE_HD static P adjoint(P g, P, P) { return -g; }
};
struct Exp {
  template <class P>
  DISENTANGLE_HD static P value(P a) { using std::exp; return exp(a); }
  template <class P>
  DISENTANGLE_HD static P adjoint(P g, P y, P) { return g * y; }
};
struct Log {
  template <class P>
  DISENTANGLE_HD static P value(P a) { using std::log; return log(a); }
  template <class P>
  DISENTANGLE_HD static P adjoint(P g, P, P a) { return g / a; }
};
struct Log1p {
  template <class P>
  DISENTANGLE_HD static P value(P a) { using std::log1p; return log1p(a); }
  template <class P>
  DISENTANGLE_HD static P adjoint(P g, P, P a) { return g / (P(1) + a); }
};
struct Expm1 {
  template <class P>
  DISENTANGLE_HD static P value(P a) { using std::expm1; return expm1(a); }
  template <class P>
  DISENTANGLE_HD static P adjoint(P g, P y, P) { return g * (y + P(1)); }
};
struct Softplus {
  template <class P>
  DISENTANGLE_HD static P value(P a) { using math::softplus; return softplus(a); }
  template <class P>
  DISENTANGLE_HD static P adjoint(P g, P, P a) { using math::sigmoid; return g * sigmoid(a); }
};
struct Sigmoid {
  template <class P>
  DISENTANGLE_HD static P value(P a) { using math::sigmoid; return sigmoid(a); }
  template <class P>
  DISENTANGLE_HD static P adjoint(P g, P y, P) { return g * y * (P(1) - y); }
};
struct Tanh {
  template <class P>
  DISENTANGLE_HD static P value(P a) { using std::tanh; return tanh(a); }
  template <class P>
  DISENTANGLE_HD static P adjoint(P g, P y, P) { return g * (P(1) - y * y); }
};
struct Sqrt {
  template <class P>
  DISENTANGLE_HD static P value(P a) { using std::sqrt; return sqrt(a); }
  template <class P>
  DISENTANGLE_HD static P adjoint(P g, P y, P) { return g / (y + y); }
};
struct Square {
  template <class P>
  DISENTANGLE_HD static P value(P a) { return a * a; }
  template <class P>
  DISENTANGLE_HD static P adjoint(P g, P, P a) { return g * (a + a); }
};
struct Abs {
  template <class P>
  DISENTANGLE_HD static P value(P a) { using std::abs; return abs(a); }
  template <class P>
  DISENTANGLE_HD static P adjoint(P g, P, P a) { using math::select; return select(a > P(0), g, select(a < P(0), -g, P(0))); }
};

struct Add {
  template <class P>
  DISENTANGLE_HD static P value(P a, P b) { return a + b; }
  template <class P>
  DISENTANGLE_HD static Adjoints<P> adjoint(P g, P, P, P) { return {g, g}; }
};
struct Subtract {
  template <class P>
  DISENTANGLE_HD static P value(P a, P b) { return a - b; }
  template <class P>
  DISENTANGLE_HD static Adjoints<P> adjoint(P g, P, P, P) { return {g, -g}; }
};
struct Multiply {
  template <class P>
  DISENTANGLE_HD static P value(P a, P b) { return a * b; }
  template <class P>
  DISENTANGLE_HD static Adjoints<P> adjoint(P g, P, P a, P b) { return {g * b, g * a}; }
};
struct Divide {
  template <class P>
  DISENTANGLE_HD static P value(P a, P b) { return a / b; }
  template <class P>
  DISENTANGLE_HD static Adjoints<P> adjoint(P g, P y, P, P b) { return {g / b, -g * y / b}; }
};
// max and min send the whole gradient to the argument that was taken, to the first where both are equal.
struct Maximum {
  template <class P>
  DISENTANGLE_HD static P value(P a, P b) { using math::select; return select(a >= b, a, b); }
  template <class P>
  DISENTANGLE_HD static Adjoints<P> adjoint(P g, P, P a, P b) {
    using math::select;
    return {select(a >= b, g, P(0)), select(a >= b, P(0), g)};
  }
};
struct Minimum {
  template <class P>
  DISENTANGLE_HD static P value(P a, P b) { using math::select; return select(a <= b, a, b); }
  template <class P>
  DISENTANGLE_HD static Adjoints<P> adjoint(P g, P, P a, P b) {
    using math::select;
    return {select(a <= b, g, P(0)), select(a <= b, P(0), g)};
  }
};
// comparisons give 1 or 0 and have no gradient
struct Greater {
  template <class P>
  DISENTANGLE_HD static P value(P a, P b) { using math::select; return select(a > b, P(1), P(0)); }
  template <class P>
  DISENTANGLE_HD static Adjoints<P> adjoint(P, P, P, P) { return {P(0), P(0)}; }
};
struct GreaterEqual {
  template <class P>
  DISENTANGLE_HD static P value(P a, P b) { using math::select; return select(a >= b, P(1), P(0)); }
  template <class P>
  DISENTANGLE_HD static Adjoints<P> adjoint(P, P, P, P) { return {P(0), P(0)}; }
};
struct Equal {
  template <class P>
  DISENTANGLE_HD static P value(P a, P b) { using math::select; return select(a == b, P(1), P(0)); }
  template <class P>
  DISENTANGLE_HD static Adjoints<P> adjoint(P, P, P, P) { return {P(0), P(0)}; }
};

// clang-format on

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
template <expression A> constexpr auto operator-(A const& a) { return detail::unary<detail::Negate>(a); }
template <operand A, operand B> requires(expression<A> || expression<B>)
constexpr auto operator+(A const& a, B const& b) { return detail::binary<detail::Add>(a, b); }
template <operand A, operand B> requires(expression<A> || expression<B>)
constexpr auto operator-(A const& a, B const& b) { return detail::binary<detail::Subtract>(a, b); }
template <operand A, operand B> requires(expression<A> || expression<B>)
constexpr auto operator*(A const& a, B const& b) { return detail::binary<detail::Multiply>(a, b); }
template <operand A, operand B> requires(expression<A> || expression<B>)
constexpr auto operator/(A const& a, B const& b) { return detail::binary<detail::Divide>(a, b); }
/// Comparisons give 1 where they hold and 0 elsewhere.
template <operand A, operand B> requires(expression<A> || expression<B>)
constexpr auto operator>(A const& a, B const& b) { return detail::binary<detail::Greater>(a, b); }
template <operand A, operand B> requires(expression<A> || expression<B>)
constexpr auto operator<(A const& a, B const& b) { return detail::binary<detail::Greater>(b, a); }
template <operand A, operand B> requires(expression<A> || expression<B>)
constexpr auto operator>=(A const& a, B const& b) { return detail::binary<detail::GreaterEqual>(a, b); }
template <operand A, operand B> requires(expression<A> || expression<B>)
constexpr auto operator<=(A const& a, B const& b) { return detail::binary<detail::GreaterEqual>(b, a); }
template <operand A, operand B> requires(expression<A> || expression<B>)
constexpr auto equal(A const& a, B const& b) { return detail::binary<detail::Equal>(a, b); }

template <expression A> constexpr auto exp(A const& a) { return detail::unary<detail::Exp>(a); }
template <expression A> constexpr auto log(A const& a) { return detail::unary<detail::Log>(a); }
template <expression A> constexpr auto log1p(A const& a) { return detail::unary<detail::Log1p>(a); }
template <expression A> constexpr auto expm1(A const& a) { return detail::unary<detail::Expm1>(a); }
/// log(1 + exp(a)), exact for large |a|.
template <expression A> constexpr auto softplus(A const& a) { return detail::unary<detail::Softplus>(a); }
/// 1 / (1 + exp(-a))
template <expression A> constexpr auto sigmoid(A const& a) { return detail::unary<detail::Sigmoid>(a); }
template <expression A> constexpr auto tanh(A const& a) { return detail::unary<detail::Tanh>(a); }
template <expression A> constexpr auto sqrt(A const& a) { return detail::unary<detail::Sqrt>(a); }
template <expression A> constexpr auto square(A const& a) { return detail::unary<detail::Square>(a); }
/// |a|; the gradient at 0 is 0.
template <expression A> constexpr auto abs(A const& a) { return detail::unary<detail::Abs>(a); }
/// The larger of two; the gradient goes to the one taken, to the first where they are equal.
template <operand A, operand B> requires(expression<A> || expression<B>)
constexpr auto max(A const& a, B const& b) { return detail::binary<detail::Maximum>(a, b); }
template <operand A, operand B> requires(expression<A> || expression<B>)
constexpr auto min(A const& a, B const& b) { return detail::binary<detail::Minimum>(a, b); }
/// a limited to [low, high]; no gradient outside.
template <expression A, operand L, operand H>
constexpr auto clamp(A const& a, L const& low, H const& high) { return max(low, min(high, a)); }
/// condition != 0 ? a : b; no gradient through the condition.
template <expression C, operand A, operand B>
constexpr auto where(C const& condition, A const& a, B const& b) {
  return Choice<C, detail::expression_of<A>, detail::expression_of<B>>{condition, detail::as_expression(a), detail::as_expression(b)};
}
// clang-format on

}  // namespace disentangle
