// SPDX-License-Identifier: Apache-2.0
// An optimiser whose rate has another name: schedules could not lower it.
// expected-error 1 gcc: template constraint failure for .*struct disentangle::Optimizer.*optimizer_policy
// expected-error 1 gcc: has no member named .learning_rate.|policy.learning_rate.* is invalid|policy->learning_rate.* is invalid
// expected-error 1 clang: constraints not satisfied for class template 'Optimizer'
// expected-error 1 clang: no member named 'learning_rate'
#include <cstddef>

#include <disentangle/core/fixed_array.hpp>
#include <disentangle/optim/optimizer.hpp>

struct Descent {
#ifndef MISTAKE
  double learning_rate = 1e-3;
#else
  double rate = 1e-3;
#endif
  double clip_norm = 0;
  static constexpr std::size_t moments = 0;
  struct Kernel {
    template <class P>
    void operator()(P& w, P g, disentangle::FixedArray<P, 0>&) const {
      w = w - g;
    }
  };
  Kernel update(long, double) const { return {}; }
};

disentangle::Optimizer<Descent> slot;
