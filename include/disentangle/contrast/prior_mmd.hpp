// SPDX-License-Identifier: Apache-2.0
// The maximum mean discrepancy of InfoVAE between codes and draws from the prior.
#pragma once

#include <disentangle/contrast/contrast.hpp>

namespace disentangle::contrast {

/// weight * MMD^2(q(z), p(z)) with the Gaussian kernel k(a, b) = exp(-|a - b|^2 / (2 width^2 latent)), the
/// unbiased estimator's diagonal left out: mean_{i != j} k(z_i, z_j) + mean_{i != j} k(p_i, p_j) - 2 mean_{i,
/// j} k(z_i, p_j). Zhao, Song, Ermon, "InfoVAE", AAAI 2019 (BibTeX: zhao2019infovae), section 3.3.
/// @param weight the paper's alpha + lambda - 1; default 1000 (the paper's lambda with alpha = 0)
/// @param width in units of sqrt(latent); default 1
/// Draws as many codes from the prior as the minibatch has. Cost O(batch^2 latent).
struct PriorMmd {
  double weight = 1000;
  double width = 1;

  auto operator()(auto& step) const {
    auto const z = step.posterior().sample;
    auto const p = step.codes(z.extent(0), "mmd");
    double const n = static_cast<double>(z.extent(0)), d = static_cast<double>(z.extent(1));
    auto const kernel_sum = [&](auto const& a, auto const& b) {
      return sum(exp(sum(square(pairwise_differences(a, b)), axis<2>) * (-0.5 / (width * width * d))));
    };
    double const pairs = n * (n - 1);
    // each sum over all pairs counts its diagonal, which is 1 n times
    return weight *
           ((kernel_sum(z, z) - n + (kernel_sum(p, p) - n)) * (1 / pairs) - kernel_sum(z, p) * (2 / (n * n)));
  }
  friend bool operator==(PriorMmd const&, PriorMmd const&) = default;
};

}  // namespace disentangle::contrast
