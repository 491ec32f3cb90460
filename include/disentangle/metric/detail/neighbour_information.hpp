// SPDX-License-Identifier: Apache-2.0
// Mutual information of a number and a label from nearest neighbours (Ross, "Mutual information between
// discrete and continuous data sets", PLoS ONE 2014), as scikit-learn's mutual_info_classif computes it for
// one feature: the number is divided by its standard deviation and a tiny noise is added, so that equal
// values have distances.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include <disentangle/core/philox.hpp>
#include <disentangle/metric/detail/check.hpp>

namespace disentangle::metric::detail {

/// Derivative of ln Gamma for x > 0: recurrence to 10, then the asymptotic series, to 1e-13.
inline double digamma(double x) {
  double shift = 0;
  for (; x < 10; x += 1) shift -= 1 / x;
  double const y = 1 / (x * x);
  return shift + std::log(x) - 0.5 / x -
         y * (1.0 / 12 - y * (1.0 / 120 - y * (1.0 / 252 - y * (1.0 / 240 - y * (1.0 / 132)))));
}

/// I(x; label) in nats, at least 0. Noise from `random`, a number a row. Values that occur once are left out.
/// Cost O(rows log rows + rows neighbours).
inline double neighbour_information(std::vector<double> x, Classes const& labels, std::size_t neighbours,
                                    Philox random) {
  double const n = static_cast<double>(x.size());
  double mean = 0;
  for (double v : x) mean += (v - x[0]) / n;
  double variance = 0;
  for (double v : x) variance += (v - x[0] - mean) * (v - x[0] - mean) / n;
  double const scale = variance > 0 ? std::sqrt(variance) : 1;
  double size = 0;
  for (double& v : x) size += std::abs(v /= scale) / n;
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] += 1e-10 * std::max(1.0, size) * static_cast<double>(random.normal(i));

  std::vector<std::vector<double>> groups(labels.values.size());
  std::vector<double> all;
  for (std::size_t i = 0; i < x.size(); ++i) {
    std::size_t const v = static_cast<std::size_t>(labels.label[i]);
    if (labels.count[v] < 2) continue;
    groups[v].push_back(x[i]);
    all.push_back(x[i]);
  }
  if (all.empty()) return 0;
  std::sort(all.begin(), all.end());
  double of_neighbours = 0;
  double of_counts = 0;
  double of_all = 0;
  for (std::vector<double>& group : groups) {
    if (group.empty()) continue;
    std::sort(group.begin(), group.end());
    std::size_t const k = std::min(neighbours, group.size() - 1);
    for (std::size_t i = 0; i < group.size(); ++i) {
      // The k nearest of a sorted list are a window around it: widen to the nearer side k times.
      std::size_t low = i;
      std::size_t high = i;
      double radius = 0;
      for (std::size_t step = 0; step < k; ++step) {
        double const below = low > 0 ? group[i] - group[low - 1] : INFINITY;
        double const above = high + 1 < group.size() ? group[high + 1] - group[i] : INFINITY;
        radius = std::min(below, above);
        below <= above ? --low : ++high;
      }
      // Those closer than the k-th, by their distance: x - radius, rounded, may be the k-th itself.
      double const at = group[i];
      auto const first =
          std::partition_point(all.begin(), all.end(), [&](double v) { return at - v >= radius; });
      auto const last = std::partition_point(first, all.end(), [&](double v) { return v - at < radius; });
      of_all += digamma(static_cast<double>(std::max<std::ptrdiff_t>(last - first, 1)));
      of_neighbours += digamma(static_cast<double>(k));
      of_counts += digamma(static_cast<double>(group.size()));
    }
  }
  double const kept = static_cast<double>(all.size());
  return std::max(0.0, digamma(kept) + (of_neighbours - of_counts - of_all) / kept);
}

}  // namespace disentangle::metric::detail
