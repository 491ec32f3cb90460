// SPDX-License-Identifier: Apache-2.0
// What a row of the matrix keeps of a run on one backend, and when two runs agree.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

namespace disentangle::test {

/// What numbers are, which decides how far a backend may be from the reference.
enum class Kind {
  values,     ///< of a formula
  gradients,  ///< of its inputs or of a layer's parameters
  steps,      ///< parameters, moments and losses after training steps
  rounded,    ///< a float rounded from the same number: two units in the last place
  exact       ///< the same number to the last bit: copies, indices, uniform random numbers
};

/// What a difference is measured against.
enum class Scale {
  tensor,  ///< the largest magnitude in the reference's tensor
  element  ///< each number's own magnitude: element-wise functions over many orders of magnitude
};

/// The largest relative error that a backend may have, by kind.
struct Tolerances {
  double values, gradients, steps;
  double of(Kind kind) const {
    switch (kind) {
      case Kind::values: return values;
      case Kind::gradients: return gradients;
      case Kind::steps: return steps;
      case Kind::rounded: return 2.4e-7;
      case Kind::exact: return 0;
    }
    return 0;
  }
};
/// Some hundred roundings of a float. Steps have more: updates of Adam divide by gradients that may be small.
inline constexpr Tolerances single_precision{1e-5, 2e-5, 2e-3};
inline constexpr Tolerances double_precision{1e-13, 2e-13, 1e-11};

/// One tensor that a row keeps.
struct Result {
  std::string name;
  Kind kind;
  Scale scale;
  double smallest_scale;  ///< errors are never measured against less
  std::vector<double> numbers;
};

/// One row on one backend.
struct Row {
  std::string name;
  std::vector<Result> results;
  std::string failure;  ///< what was thrown, if anything was
};

/// What the comparison of a row with the reference's found.
struct Agreement {
  bool agrees = true;
  double error = 0;  ///< the worst relative error of all results
  std::string text;  ///< what differs
};

/// The relative error between two numbers; infinite unless both are finite or both are the same.
inline double relative_error(double found, double expected, double scale) {
  if (found == expected) return 0;
  double const difference = std::abs(found - expected);
  return std::isfinite(difference) ? difference / scale : std::numeric_limits<double>::infinity();
}

inline std::string text_of(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.7g", x);
  return text;
}

/// Compares a row with the reference's. The reference must be finite: what was never written is not.
inline Agreement compare(Row const& found, Row const& expected, Tolerances const& tolerances) {
  Agreement agreement;
  auto const differ = [&](std::string const& text) {
    agreement.agrees = false;
    if (agreement.text.size() < 2000) agreement.text += (agreement.text.empty() ? "" : "; ") + text;
  };
  if (!expected.failure.empty()) differ("the reference threw: " + expected.failure);
  if (!found.failure.empty()) differ("threw: " + found.failure);
  if (!agreement.agrees) return agreement;
  if (found.name != expected.name) differ("found row " + found.name + ", expected " + expected.name);
  if (expected.results.empty()) differ("the row keeps nothing");
  if (found.results.size() != expected.results.size()) {
    differ("found " + std::to_string(found.results.size()) + " tensors, expected " +
           std::to_string(expected.results.size()));
    return agreement;
  }
  for (std::size_t r = 0; r < expected.results.size(); ++r) {
    Result const &a = found.results[r], &b = expected.results[r];
    if (a.name != b.name || a.numbers.size() != b.numbers.size()) {
      differ("found " + a.name + " of " + std::to_string(a.numbers.size()) + ", expected " + b.name + " of " +
             std::to_string(b.numbers.size()));
      continue;
    }
    double largest = b.smallest_scale;
    for (double x : b.numbers) largest = std::max(largest, std::abs(x));
    double worst = 0;
    std::size_t at = 0;
    for (std::size_t i = 0; i < b.numbers.size(); ++i) {
      double const scale =
          b.scale == Scale::tensor ? largest : std::max(b.smallest_scale, std::abs(b.numbers[i]));
      double const error = std::isfinite(b.numbers[i]) ? relative_error(a.numbers[i], b.numbers[i], scale)
                                                       : std::numeric_limits<double>::infinity();
      if (!(error <= worst)) {
        worst = error;
        at = i;
      }
    }
    if (!(worst <= tolerances.of(b.kind))) {
      differ(b.name + "[" + std::to_string(at) + "] is " + text_of(a.numbers[at]) + ", expected " +
             text_of(b.numbers[at]) + ", relative error " + text_of(worst) + ", tolerance " +
             text_of(tolerances.of(b.kind)));
    }
    agreement.error = std::max(agreement.error, worst);
  }
  return agreement;
}

}  // namespace disentangle::test
