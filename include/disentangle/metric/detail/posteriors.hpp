// SPDX-License-Identifier: Apache-2.0
// Rows whose codes are Gaussians N(mean, deviation^2) per latent, not points, and samples of them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <string>
#include <string_view>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/metric/detail/check.hpp>
#include <disentangle/metric/matrix.hpp>
#include <disentangle/metric/matrix_like.hpp>

namespace disentangle::metric::detail {

/// q(z_l | x) of every row.
struct Posteriors {
  Matrix<double> mean;       // (rows, latents)
  Matrix<double> deviation;  // (rows, latents), at least 1e-8

  std::size_t rows() const { return mean.rows; }
  std::size_t latents() const { return mean.columns; }

  double log_density(std::size_t row, std::size_t latent, double z) const {
    double const s = deviation(row, latent);
    double const d = (z - mean(row, latent)) / s;
    return -0.5 * d * d - std::log(s) - 0.5 * std::log(2 * std::numbers::pi);
  }
};

/// Checks extents and values, and raises deviations below 1e-8 to it.
template <matrix_like M, matrix_like D>
Posteriors posteriors_of(std::string_view metric, M const& means, D const& deviations) {
  Posteriors q{copy_of<double>(means), copy_of<double>(deviations)};
  std::string const who = std::string(metric) + ": ";
  check_codes<double>(metric, q.mean.view());
  check_square<double>(metric, q.mean.view());
  if (q.mean.rows < 2) throw ShapeError(who + "found 1 rows, expected at least 2");
  if (q.deviation.rows != q.mean.rows || q.deviation.columns != q.mean.columns)
    throw ShapeError(who + "deviations are " + extents(q.deviation.rows, q.deviation.columns) +
                     ", expected the " + extents(q.mean.rows, q.mean.columns) + " of the means");
  for (std::size_t i = 0; i < q.deviation.values.size(); ++i) {
    double& s = q.deviation.values[i];
    if (!(s >= 0) || !std::isfinite(s))
      throw ValueError(who + "standard deviation " + number_text(s) + " in row " +
                       std::to_string(i / q.mean.columns) + ", latent " + std::to_string(i % q.mean.columns) +
                       ", expected a finite number, 0 or more (not a log variance)");
    s = std::max(s, 1e-8);
  }
  return q;
}

/// Samples z ~ q(z | x) of rows x drawn with replacement.
struct PosteriorSamples {
  std::vector<std::size_t> row;
  Matrix<double> z;  // (samples, latents)
};

inline PosteriorSamples draw_samples(Posteriors const& q, std::size_t count, Seed seed,
                                     std::string_view use) {
  Philox const rows{seed.value, stream(use), 0};
  Philox const normals{seed.value, stream(use), 1};
  PosteriorSamples samples{std::vector<std::size_t>(count), Matrix<double>(count, q.latents())};
  for (std::size_t s = 0; s < count; ++s) {
    std::size_t const row = rows.integer(s, static_cast<std::uint32_t>(q.rows()));
    samples.row[s] = row;
    for (std::size_t l = 0; l < q.latents(); ++l)
      samples.z(s, l) =
          q.mean(row, l) + q.deviation(row, l) * static_cast<double>(normals.normal(s * q.latents() + l));
  }
  return samples;
}

/// Checks samples that a user gives: each of a row that exists.
inline void check_samples(std::string_view metric, Posteriors const& q, PosteriorSamples const& samples) {
  if (samples.row.empty() || samples.row.size() != samples.z.rows || samples.z.columns != q.latents())
    throw ShapeError(std::string(metric) + ": samples are " + extents(samples.z.rows, samples.z.columns) +
                     " of " + std::to_string(samples.row.size()) + " rows, expected at least one sample of " +
                     std::to_string(q.latents()) + " latents for each row number");
  for (std::size_t row : samples.row)
    if (row >= q.rows())
      throw ValueError(std::string(metric) + ": sample of row " + std::to_string(row) + ", expected one of " +
                       std::to_string(q.rows()) + " rows");
}

}  // namespace disentangle::metric::detail
