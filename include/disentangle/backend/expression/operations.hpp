// SPDX-License-Identifier: Apache-2.0
// The element-wise operations of formulas, each a value and its adjoint, stated once for any number type P: a
// scalar (device code) or a SIMD pack (host code). An adjoint receives the adjoint g of the result, the
// result y and the arguments, and returns what each argument receives; the loops add it.
#pragma once

#include <cmath>

#include <disentangle/core/config.hpp>
#include <disentangle/core/math.hpp>

namespace disentangle::backend::expression {

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
  DISENTANGLE_HD static P adjoint(P g, P, P a) {
    using math::select;
    return select(a > P(0), g, select(a < P(0), -g, P(0)));
  }
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

}  // namespace disentangle::backend::expression
