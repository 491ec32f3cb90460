// SPDX-License-Identifier: Apache-2.0
// The standard normal prior with a diagonal Gaussian posterior.
#pragma once

#include <cmath>
#include <numbers>

#include <disentangle/prior/prior.hpp>

namespace disentangle::prior {

/// p(z) = N(0, I), q(z|x) = N(mean, diag exp(log_variance)); the encoder's head is (mean, log_variance), mean
/// first.
///     z = mean + exp(log_variance / 2) * noise
///     KL_j = (mean_j^2 + exp(log_variance_j) - 1 - log_variance_j) / 2
/// The log-variance is clamped to [log_variance_min, log_variance_max] (no gradient outside): a collapsing or
/// exploding variance then cannot become infinite. The default is wide enough never to act in a healthy run.
/// Kingma, Welling, "Auto-encoding variational Bayes", ICLR 2014, appendix B (BibTeX: kingma2014auto).
struct StandardNormal {
  double log_variance_min = -30;
  double log_variance_max = 20;

  static constexpr int parameters_per_latent = 2;

  template <class B>
  Posterior<B> posterior(Variable<B, 2> const& head, Philox const& random) const {
    std::ptrdiff_t const latent = head.extents[1] / 2;
    Posterior<B> q;
    q.mean = slice(head, axis<1>, 0, latent);
    q.log_variance =
        materialise(clamp(slice(head, axis<1>, latent, 2 * latent), log_variance_min, log_variance_max));
    auto const noise = codes(*head.tape, head.extents[0], latent, random);
    q.sample = materialise(q.mean + exp(0.5 * q.log_variance) * noise);
    q.kl = materialise(0.5 * (square(q.mean) + exp(q.log_variance) - 1.0 - q.log_variance));
    q.log_prior = materialise(-0.5 * (square(q.sample) + std::log(2 * std::numbers::pi)));
    return q;
  }

  /// n codes from the prior, (n, latent).
  template <class B>
  Variable<B, 2> codes(Tape<B>& tape, std::ptrdiff_t n, std::ptrdiff_t latent, Philox const& random) const {
    auto const z = tape.variable(Extents<2>{n, latent}, false);
    tape.backend().normal(random, z.value, static_cast<std::size_t>(z.size()));
    return z;
  }

  friend bool operator==(StandardNormal const&, StandardNormal const&) = default;
};

}  // namespace disentangle::prior
