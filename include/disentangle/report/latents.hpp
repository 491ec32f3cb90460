// SPDX-License-Identifier: Apache-2.0
// What each latent of a model does on a data set: its mean KL and the factor that it tells most about.
#pragma once

#include <disentangle/core/error.hpp>
#include <disentangle/core/factor.hpp>
#include <disentangle/core/matrix_view.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/core/sample_indices.hpp>
#include <disentangle/data/encode_images.hpp>
#include <disentangle/metric/discretiser.hpp>
#include <disentangle/metric/mutual_information.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace disentangle::report {

/// One latent on a sample of a data set.
struct LatentSummary {
  std::size_t latent = 0;
  /// Mean over images of KL(N(mean, exp(log_variance)) || N(0, 1)) = (mean^2 + exp(lv) - 1 - lv) / 2, nats.
  double kl = 0;
  /// The factor of highest mutual information with the latent's mean; empty where the data have no factors or
  /// none is above chance.
  std::string factor;
  /// That mutual information in nats: means in 20 bins, less the plug-in estimator's bias (a - 1)(b - 1) / (2
  /// n).
  double mutual_information = 0;
};

namespace detail {

/// Mutual information of a column of bins with a factor, bias removed, over the images whose label is known.
inline double corrected_information(std::span<int const> bins, std::span<int const> labels) {
  std::vector<int> a, b;
  for (std::size_t i = 0; i < bins.size(); ++i) {
    if (labels[i] < 0) continue;
    a.push_back(bins[i]);
    b.push_back(labels[i]);
  }
  if (a.empty()) return 0;
  double const values_a = static_cast<double>(std::set<int>(a.begin(), a.end()).size());
  double const values_b = static_cast<double>(std::set<int>(b.begin(), b.end()).size());
  return metric::mutual_information(a, b) -
         (values_a - 1) * (values_b - 1) / (2 * static_cast<double>(a.size()));
}

}  // namespace detail

/// One entry per latent, in descending order of KL, from `images` images of the data set (drawn by `seed`).
/// Works with every model and data set of the library's concepts. Throws ValueError for an empty data set.
template <class Model, class Data>
std::vector<LatentSummary> summarise_latents(Model& model, Data const& data, std::size_t images = 5000,
                                             std::uint64_t seed = 0) {
  auto const indices = sample_indices(data.size(), images, seed, stream("report.latents"));
  if (indices.empty()) throw ValueError("summarise_latents: no images, expected at least 1");
  std::size_t const latents = model.latent_size, count = indices.size();
  auto const codes = data::encode_images(model, data, indices);
  std::vector<LatentSummary> summaries(latents);
  for (std::size_t l = 0; l < latents; ++l) {
    double sum = 0;
    for (std::size_t i = 0; i < count; ++i) {
      double const mean = codes.mean[i * latents + l], log_variance = codes.log_variance[i * latents + l];
      sum += 0.5 * (mean * mean + std::exp(log_variance) - 1 - log_variance);
    }
    summaries[l].latent = l;
    summaries[l].kl = sum / static_cast<double>(count);
  }
  std::vector<Factor> const& factors = data.factors();
  bool const finite =
      std::all_of(codes.mean.begin(), codes.mean.end(), [](float code) { return std::isfinite(code); });
  if (!factors.empty() && finite) {
    std::vector<int> labels(count * factors.size());
    data.labels(indices, labels);
    auto const bins = metric::discretise(MatrixView<float const>(codes.mean.data(), count, latents), 20);
    std::vector<int> latent_column(count), factor_column(count);
    for (std::size_t l = 0; l < latents; ++l) {
      for (std::size_t i = 0; i < count; ++i) latent_column[i] = bins(i, l);
      for (std::size_t k = 0; k < factors.size(); ++k) {
        for (std::size_t i = 0; i < count; ++i) factor_column[i] = labels[i * factors.size() + k];
        double const information = detail::corrected_information(latent_column, factor_column);
        // Under 0.02 nats the factor would be named by chance.
        if (information > std::max(0.02, summaries[l].mutual_information)) {
          summaries[l].factor = factors[k].name;
          summaries[l].mutual_information = information;
        }
      }
    }
  }
  std::vector<std::pair<double, std::size_t>> order;
  for (std::size_t l = 0; l < latents; ++l) {
    double const kl = summaries[l].kl;
    order.emplace_back(std::isnan(kl) ? -std::numeric_limits<double>::infinity() : -kl, l);
  }
  std::sort(order.begin(), order.end());
  std::vector<LatentSummary> sorted;
  for (auto const& [kl, l] : order) sorted.push_back(std::move(summaries[l]));
  return sorted;
}

}  // namespace disentangle::report
