// SPDX-License-Identifier: Apache-2.0
// Changing one dimension of a code: what the terms on pairs of generated images have in common.
#pragma once

#include <algorithm>
#include <cstddef>

#include <disentangle/autodiff/autodiff.hpp>
#include <disentangle/contrast/contrast.hpp>
#include <disentangle/core/error.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/core/philox.hpp>

namespace disentangle::contrast {

/// Where the changed number of a code comes from.
enum class PerturbationLaw {
  /// drawn anew from the prior on condition that the change is large enough: stays in the prior's support
  redraw,
  /// c + e, e ~ N(0, spread^2) moved away from 0 to the smallest change; turned round, or else to the farther
  /// end of the support, where it would leave it
  additive
};

/// How one dimension of a code is changed. A RECONSTRUCTION of DiD's "perturbation sampling"
/// (docs/methods/did.md, R4).
/// @param minimum smallest change, in the code's units; default 0.5, on U(-1, 1) a quarter of its width
///        (DisCo's floor, BibTeX: ren2022learning). Without one, many pairs of images are the same
/// @param spread of an additive change, in the code's units; default 1
struct Perturbation {
  PerturbationLaw law = PerturbationLaw::redraw;
  double minimum = 0.5;
  double spread = 1;
  friend bool operator==(Perturbation const&, Perturbation const&) = default;
};

namespace detail {

/// For each row of codes one dimension i, and another one j, as rows of 0 and a single 1, (n, latent).
template <class B>
struct ChosenDimensions {
  Variable<B, 2> first, second;
};

/// i and j uniform without replacement, from random numbers alone.
template <class B>
ChosenDimensions<B> choose_dimensions(Tape<B>& tape, std::ptrdiff_t n, std::ptrdiff_t latent,
                                      Philox const& random) {
  if (latent < 2) {
    throw ShapeError("perturbed dimensions: found codes of " + std::to_string(latent) +
                     " latent, expected two or more");
  }
  auto const size = static_cast<std::size_t>(n * latent);
  float* const first = tape.template host<float>(size);
  float* const second = tape.template host<float>(size);
  std::fill_n(first, size, 0.0f);
  std::fill_n(second, size, 0.0f);
  auto const others = static_cast<std::uint32_t>(latent - 1);
  for (std::ptrdiff_t row = 0; row < n; ++row) {
    auto const number = 2 * static_cast<std::uint64_t>(row);
    auto const i = static_cast<std::ptrdiff_t>(random.integer(number, others + 1));
    auto const j = (i + 1 + static_cast<std::ptrdiff_t>(random.integer(number + 1, others))) % latent;
    first[row * latent + i] = 1;
    second[row * latent + j] = 1;
  }
  Extents<2> const extents{n, latent};
  return {tape.constant(extents, first), tape.constant(extents, second)};
}

/// c + e with |e| >= minimum, within [-support, support]. Where c + e leaves it, c - e; where that does too,
/// the end that is farther from c.
template <class B>
Variable<B, 2> shifted(Variable<B, 2> const& codes, Perturbation const& how, double support,
                       Philox const& random) {
  auto& tape = *codes.tape;
  auto const noise = tape.variable(codes.extents, false);
  tape.backend().normal(random, noise.value, static_cast<std::size_t>(noise.size()));
  auto const e = materialise(
      where(noise >= 0.0, max(how.spread * noise, how.minimum), min(how.spread * noise, -how.minimum)));
  auto const inside = [&](auto const& x) { return abs(x) <= support; };
  return materialise(where(inside(codes + e), codes + e,
                           where(inside(codes - e), codes - e, where(codes >= 0.0, -support, support))));
}

/// The codes with the chosen number of each row changed and all others as they are, to the bit.
template <class Step, class B>
Variable<B, 2> perturbed(Step& step, Variable<B, 2> const& codes, Variable<B, 2> const& chosen,
                         Perturbation const& how, std::string_view stream) {
  if (how.law == PerturbationLaw::redraw) {
    return materialise(where(chosen, step.redraw(codes, how.minimum, stream), codes));
  }
  if (!(how.minimum >= 0 && how.minimum < step.support())) {
    throw ValueError("perturbation: found a smallest change of " + number_text(how.minimum) +
                     ", expected 0 .. " + number_text(step.support()) +
                     ", half the width of the prior's support");
  }
  return materialise(where(chosen, shifted(codes, how, step.support(), step.random(stream)), codes));
}

}  // namespace detail

}  // namespace disentangle::contrast
