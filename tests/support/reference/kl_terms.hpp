// SPDX-License-Identifier: Apache-2.0
// Slow, plain statements of the terms of variational methods, in double, one loop per sum.
#pragma once

#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

namespace disentangle::test::reference {

/// Row-major matrices (batch, latent).
struct Codes {
  std::size_t batch, latent;
  std::vector<double> mean, log_variance, sample;
  double at(std::vector<double> const& m, std::size_t i, std::size_t d) const { return m[i * latent + d]; }
};

inline double log_normal(double x, double mean, double log_variance) {
  return -0.5 *
         (std::log(2 * std::numbers::pi) + log_variance + (x - mean) * (x - mean) / std::exp(log_variance));
}

/// KL(N(mean, exp(log_variance)) || N(0, 1))
inline double kl(double mean, double log_variance) {
  return 0.5 * (mean * mean + std::exp(log_variance) - 1 - log_variance);
}

/// mean over the batch of the sum over latents
inline double mean_kl(Codes const& c) {
  double total = 0;
  for (std::size_t k = 0; k < c.mean.size(); ++k) total += kl(c.mean[k], c.log_variance[k]);
  return total / static_cast<double>(c.batch);
}

/// The weight of q(.|x_j) in the estimate of q(z_i) for a data set of n images.
inline double weight(bool stratified, std::size_t i, std::size_t j, std::size_t batch, double n) {
  auto const b = static_cast<double>(batch), m = b - 1;
  if (!stratified) return 1 / (n * b);
  if (i == j) return 1 / n;
  return j == (i + 1) % batch ? (n - m) / (n * m) : 1 / m;
}

struct Parts {
  double mutual_information = 0, total_correlation = 0, dimension_wise_kl = 0;
};

/// beta-TCVAE's decomposition, estimated by minibatch weighting or stratified sampling.
inline Parts decompose(Codes const& c, bool stratified, double n) {
  Parts p;
  for (std::size_t i = 0; i < c.batch; ++i) {
    double own = 0, prior = 0, joint = 0, factors = 0;
    for (std::size_t d = 0; d < c.latent; ++d) {
      double const z = c.at(c.sample, i, d);
      own += log_normal(z, c.at(c.mean, i, d), c.at(c.log_variance, i, d));
      prior += log_normal(z, 0, 0);
      double marginal = 0;
      for (std::size_t j = 0; j < c.batch; ++j) {
        marginal += weight(stratified, i, j, c.batch, n) *
                    std::exp(log_normal(z, c.at(c.mean, j, d), c.at(c.log_variance, j, d)));
      }
      factors += std::log(marginal);
    }
    for (std::size_t j = 0; j < c.batch; ++j) {
      double log_q = 0;
      for (std::size_t d = 0; d < c.latent; ++d) {
        log_q += log_normal(c.at(c.sample, i, d), c.at(c.mean, j, d), c.at(c.log_variance, j, d));
      }
      joint += weight(stratified, i, j, c.batch, n) * std::exp(log_q);
    }
    joint = std::log(joint);
    auto const b = static_cast<double>(c.batch);
    p.mutual_information += (own - joint) / b;
    p.total_correlation += (joint - factors) / b;
    p.dimension_wise_kl += (factors - prior) / b;
  }
  return p;
}

}  // namespace disentangle::test::reference
