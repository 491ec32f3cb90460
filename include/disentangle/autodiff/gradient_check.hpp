// SPDX-License-Identifier: Apache-2.0
// check_gradient(f, inputs...): compares the gradient that the library derives for a formula with central
// differences, in double, element by element. For the tests of formulas: yours and the library's own.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include <disentangle/autodiff/autodiff.hpp>
#include <disentangle/autodiff/host_array.hpp>
#include <disentangle/autodiff/value_and_gradient.hpp>
#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/core/philox.hpp>

namespace disentangle {

/// When the derived gradient counts as right: |derived - numerical| <= tolerance * max(1, |derived|,
/// |numerical|).
struct GradientTolerance {
  double tolerance = 1e-6;
  double step = 1e-5;  ///< of the central difference, times max(1, |x|)
};

/// What a comparison of gradients found.
struct GradientReport {
  bool ok = true;
  std::size_t checked = 0;  ///< elements compared
  std::string input;        ///< the input that holds the worst element
  std::size_t element = 0;  ///< its row-major index there
  double derived = 0;       ///< the worst element's gradient as the library derives it
  double numerical = 0;     ///< and by central differences
  double error = 0;         ///< |derived - numerical| / max(1, |derived|, |numerical|)
  std::string text;         ///< all of it in words
};

namespace detail {

using Leaf = LeafOn<backend::BasicCpu<double>>;

/// Compares the gradients of all leaves, as differentiate() finds them, with central differences. `run()`
/// builds the loss, a Variable of rank 0, on the tape, which is reset before. `begin()` runs before the
/// recorded pass, `end()` after it. New tensors are infinite, so that what is never written shows.
inline GradientReport compare_gradients(Tape<backend::BasicCpu<double>>& tape,
                                        std::vector<Leaf> const& leaves,
                                        std::function<Variable<backend::BasicCpu<double>, 0>()> const& run,
                                        std::function<void()> const& begin, std::function<void()> const& end,
                                        GradientTolerance const& tolerance) {
  using Backend = backend::BasicCpu<double>;
  tape.set_poisoned(true);
  auto const value_of = [&](Variable<Backend, 0> const& loss) {
    double value = 0;
    tape.backend().download(loss.value, &value, 1);
    return value;
  };

  auto const found = differentiate<Backend>(tape, leaves, run, begin, end, true);
  double const value = found.value;

  GradientReport report;
  RecordingOff<Backend> const guard(tape);
  auto const evaluate = [&] {
    tape.reset();
    return value_of(run());
  };
  report.error = -1;
  for (std::size_t l = 0; l < leaves.size(); ++l) {
    for (std::size_t i = 0; i < leaves[l].size; ++i) {
      double& x = leaves[l].value[i];
      double const at = x;
      double const h = tolerance.step * std::max(1.0, std::abs(at));
      x = at + h;
      double const above = x, high = evaluate();
      x = at - h;
      double const below = x, low = evaluate();
      x = at;
      double const numerical = (high - low) / (above - below);
      double const d = found.gradients[l].values[i];
      double error = std::abs(d - numerical) / std::max({1.0, std::abs(d), std::abs(numerical)});
      if (!std::isfinite(error)) error = std::numeric_limits<double>::infinity();
      ++report.checked;
      if (error > report.error) {
        report.error = error;
        report.input = leaves[l].name;
        report.element = i;
        report.derived = d;
        report.numerical = numerical;
      }
    }
  }
  double const again = evaluate();
  tape.set_poisoned(false);

  report.error = std::max(report.error, 0.0);
  report.ok = report.error <= tolerance.tolerance && again == value && std::isfinite(value);
  report.text = std::string(report.ok ? "gradients agree" : "gradients differ") + ": worst of " +
                std::to_string(report.checked) + " elements is " + report.input + "[" +
                std::to_string(report.element) + "]: derived " + number_text(report.derived) +
                ", numerical " + number_text(report.numerical) + ", relative error " +
                number_text(report.error);
  if (!std::isfinite(value)) report.text += "; the value itself is " + number_text(value);
  if (again != value) {
    report.text +=
        "; the value is " + number_text(value) + " with recording and " + number_text(again) + " without";
  }
  return report;
}

/// sum(e * weights) with seeded random weights: a number in which every element of e counts differently.
template <expression E>
Variable<typename E::backend_type, 0> contracted(E const& e) {
  auto const v = materialise(e);
  auto const weights = random_array(v.extents, 2, 0.5, 1.5);
  return sum(v * v.tape->constant(weights.extents, weights.values.data()));
}

}  // namespace detail

/// Checks the gradient of f(variables...) with respect to every element of every input, on the CPU in double.
///
///     auto const report = dis::check_gradient([](auto x, auto y) { return dis::sum(dis::exp(x) * y); },
///                                             dis::random_array(dis::Extents<2>{3, 4}, 1),
///                                             dis::random_array(dis::Extents<1>{4}, 2));
///     CHECK_MESSAGE(report.ok, report.text);
///
/// f takes one Variable<backend::BasicCpu<double>, rank> per input and returns an expression. If its rank is
/// not 0, what is checked is its sum with random weights. f is called twice for every element, so inputs of
/// tens of elements are enough; keep them away from kinks (|x| at 0). f must be a pure function of its
/// inputs.
template <class F, int... Ranks>
GradientReport check_gradient(GradientTolerance const& tolerance, F const& f,
                              HostArray<Ranks> const&... inputs) {
  using Backend = backend::BasicCpu<double>;
  Tape<Backend> tape(Backend(1));
  detail::Inputs<Backend> memory(tape);
  std::tuple<Variable<Backend, Ranks>...> const variables{memory.add(inputs)...};
  return detail::compare_gradients(
      tape, memory.leaves(),
      [&] {
        auto const y = std::apply(f, variables);
        if constexpr (decltype(y)::rank == 0) {
          return materialise(y);
        } else {
          return detail::contracted(y);
        }
      },
      [] {}, [] {}, tolerance);
}
template <class F, int... Ranks>
GradientReport check_gradient(F const& f, HostArray<Ranks> const&... inputs) {
  return check_gradient(GradientTolerance{}, f, inputs...);
}

}  // namespace disentangle
