// SPDX-License-Identifier: Apache-2.0
// Codes uniform on an interval: the prior of generators that are not variational.
#pragma once

#include <string>

#include <disentangle/core/error.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/prior/prior.hpp>

namespace disentangle::prior {

/// c ~ U(-limit, limit)^latent. Has no posterior, so a method with it is generative: its decoder is a
/// generator of codes that are drawn, not inferred.
/// @param limit half the width of the interval; default 1, as in InfoGAN-CR (BibTeX: lin2020infogan). For DiD
///        a RECONSTRUCTION: the sources say nothing of its prior (docs/methods/did.md, R1)
struct UniformCode {
  double limit = 1;

  /// n codes, (n, latent), without gradient.
  template <class B>
  Variable<B, 2> codes(Tape<B>& tape, std::ptrdiff_t n, std::ptrdiff_t latent, Philox const& random) const {
    auto const u = uniform(tape, Extents<2>{n, latent}, random);
    return materialise((2 * limit) * u - limit);
  }

  /// Every number of codes (n, latent) drawn anew from the prior on condition that it is at least `minimum`
  /// away: uniform on what the gap leaves of the interval, from one random number each. @throws ValueError
  /// for a gap that may leave nothing.
  template <class B>
  Variable<B, 2> redraw(Variable<B, 2> const& codes, double minimum, Philox const& random) const {
    if (!(minimum >= 0 && minimum < limit)) {
      throw ValueError("UniformCode: found a smallest change of " + number_text(minimum) +
                       ", expected 0 .. " + number_text(limit) +
                       ", half the width of its interval, which a change can always have");
    }
    auto const u = uniform(*codes.tape, codes.extents, random);
    auto const below = max(codes + (limit - minimum), 0.0);  // lengths of what is left on each side
    auto const above = max((limit - minimum) - codes, 0.0);
    auto const place = materialise(u * (below + above));
    return materialise(where(place < below, place - limit, codes + minimum + (place - below)));
  }

  double support() const { return limit; }

  friend bool operator==(UniformCode const&, UniformCode const&) = default;

 private:
  template <class B>
  static Variable<B, 2> uniform(Tape<B>& tape, Extents<2> const& extents, Philox const& random) {
    auto const u = tape.variable(extents, false);
    tape.backend().uniform(random, u.value, static_cast<std::size_t>(u.size()));
    return u;
  }
};

}  // namespace disentangle::prior
