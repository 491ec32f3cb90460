// SPDX-License-Identifier: Apache-2.0
// Drawing a code anew, at least so far from what it was: perturbations for any prior.
#pragma once

#include <cstddef>

#include <disentangle/autodiff/autodiff.hpp>

namespace disentangle::prior {

/// Codes that redraw_among() is given for each one.
inline constexpr std::ptrdiff_t redraw_tries = 8;

/// For every number of `codes` (n, latent) the first of its candidates (tries n, latent), draws from the
/// prior, that is at least `minimum` away. Where none is, the last one, moved on to that distance: for N(0,
/// 1), a minimum of 0.5 and the eight draws of redraw_tries a share of 5e-4 at most. So the law is the
/// prior's outside of the gap but for that share, the change is never smaller than the minimum (to rounding),
/// and nothing depends on data: it runs on every backend.
template <class B>
[[nodiscard]] Variable<B, 2> redraw_among(Variable<B, 2> const& codes, Variable<B, 2> const& candidates,
                                          double minimum) {
  std::ptrdiff_t const n = codes.extent(0), tries = candidates.extent(0) / n;
  auto const candidate = [&](std::ptrdiff_t i) { return slice(candidates, axis<0>, i * n, (i + 1) * n); };
  auto const last = candidate(tries - 1);
  auto chosen =
      materialise(codes + where(last >= codes, max(last - codes, minimum), min(last - codes, -minimum)));
  for (std::ptrdiff_t i = tries - 2; i >= 0; --i) {
    auto const draw = candidate(i);
    chosen = materialise(where(abs(draw - codes) >= minimum, draw, chosen));
  }
  return chosen;
}

}  // namespace disentangle::prior
