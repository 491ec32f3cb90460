// SPDX-License-Identifier: Apache-2.0
// A posterior with chosen codes, on a tape that lives as long, and the same codes for the plain references.
#pragma once

#include <cmath>
#include <vector>

#include <disentangle/autodiff/gradient_check.hpp>
#include <disentangle/prior/standard_normal.hpp>

#include "tests/support/reference/kl_terms.hpp"

namespace disentangle::test {

/// Codes with seeded means in (-1.5, 1.5), log-variances in (-2, 0.5), and their samples z = mean + deviation
/// * noise.
inline reference::Codes random_codes(std::size_t batch, std::size_t latent, std::uint64_t seed) {
  Extents<2> const extents{static_cast<std::ptrdiff_t>(batch), static_cast<std::ptrdiff_t>(latent)};
  reference::Codes c{batch,
                     latent,
                     random_array(extents, seed, -1.5, 1.5).values,
                     random_array(extents, seed + 1, -2, 0.5).values,
                     {}};
  Philox const noise{seed, stream("noise"), 0};
  for (std::size_t k = 0; k < c.mean.size(); ++k) {
    c.sample.push_back(c.mean[k] + std::exp(c.log_variance[k] / 2) * static_cast<double>(noise.normal(k)));
  }
  return c;
}

/// Those codes as a Posterior in precision T; the KL and the prior's density by the formulas of the standard
/// normal.
template <class T = double>
struct GivenPosterior {
  using Backend = backend::BasicCpu<T>;
  Tape<Backend> tape{Backend(1)};
  Posterior<Backend> q;

  GivenPosterior(reference::Codes const& c, double data_size) {
    Extents<2> const extents{static_cast<std::ptrdiff_t>(c.batch), static_cast<std::ptrdiff_t>(c.latent)};
    q.mean = tape.constant(extents, c.mean.data());
    q.log_variance = tape.constant(extents, c.log_variance.data());
    q.sample = tape.constant(extents, c.sample.data());
    std::vector<double> kl, log_prior;
    for (std::size_t k = 0; k < c.mean.size(); ++k) {
      kl.push_back(reference::kl(c.mean[k], c.log_variance[k]));
      log_prior.push_back(reference::log_normal(c.sample[k], 0, 0));
    }
    q.kl = tape.constant(extents, kl.data());
    q.log_prior = tape.constant(extents, log_prior.data());
    q.data_size = data_size;
  }
  /// The value of an expression of rank 0.
  template <expression E>
  double operator()(E const& e) {
    double value = 0;
    tape.backend().download(materialise(e).value, &value, 1);
    return value;
  }
};

}  // namespace disentangle::test
