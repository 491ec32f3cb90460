// SPDX-License-Identifier: Apache-2.0
// Parts of a grid in which factors are not independent: combinations held out, and two factors correlated.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/factor.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/data/data_set.hpp>
#include <disentangle/data/labelled.hpp>
#include <disentangle/data/split.hpp>
#include <disentangle/data/subset.hpp>

namespace disentangle::data {

/// Puts the images whose labels fulfil `held_out` into `test` and the others into `train`, for tests of what
/// a model does with combinations that it never saw. `held_out` is given one value per factor, -1 where the
/// label is missing.
///
///     auto parts = dis::data::hold_out(dis::data::dsprites(),
///                                     [](std::span<int const> v) { return v[0] == 2 && v[3] > 15; });
///
/// Throws ValueError when a part would be empty.
template <data_set Data, std::predicate<std::span<int const>> Predicate>
[[nodiscard]] Split<Data> hold_out(Data data, Predicate const& held_out) {
  std::size_t const size = data.size(), width = data.factors().size(), chunk = 4096;
  std::vector<std::size_t> train, test, indices;
  std::vector<int> labels;
  for (std::size_t first = 0; first < size; first += chunk) {
    indices.clear();
    for (std::size_t i = first; i < std::min(first + chunk, size); ++i) indices.push_back(i);
    labels.resize(indices.size() * width);
    data.labels(indices, labels);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      std::span<int const> const row(labels.data() + i * width, width);
      (held_out(row) ? test : train).push_back(indices[i]);
    }
  }
  if (train.empty() || test.empty()) {
    throw ValueError("hold_out: " + std::to_string(test.size()) + " of the " + std::to_string(size) +
                     " images of " + std::string(data.name()) + " are held out, expected some and not all");
  }
  return {{data, std::move(train)}, {data, std::move(test)}};
}

/// n images of a grid, drawn with replacement, in which two factors are correlated (Traeuble et al., "On
/// disentangled representations learned from correlated data", ICML 2021):
///   p(a, b) proportional to exp(-(a' - b')^2 / (2 sigma^2)),   a' = a / (cardinality - 1), likewise b',
/// all other factors uniform and independent. A small sigma ties the factors closely (the paper's strongest
/// is 0.2), infinity leaves them independent. The same for the same seed. Throws ValueError for a factor that
/// there is not, twice the same, one of a single value, and unless sigma > 0.
template <factor_grid Data>
[[nodiscard]] Subset<Data> correlated(Data data, std::string_view first, std::string_view second,
                                      double sigma, std::size_t n, Seed seed) {
  std::vector<Factor> const& factors = data.factors();
  std::string const name = data.name();
  std::size_t const a = detail::factor_at(name, factors, first), b = detail::factor_at(name, factors, second);
  if (a == b || factors[a].cardinality < 2 || factors[b].cardinality < 2 || !(sigma > 0)) {
    throw ValueError("correlated " + name + ": found factors '" + factors[a].name + "' and '" +
                     factors[b].name + "' and sigma " + number_text(sigma) +
                     ", expected two factors of several values and sigma > 0");
  }
  auto const rows = static_cast<std::size_t>(factors[a].cardinality),
             columns = static_cast<std::size_t>(factors[b].cardinality);
  std::vector<double> cumulative;
  double sum = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) {
      double const apart = (static_cast<double>(i) / static_cast<double>(rows - 1) -
                            static_cast<double>(j) / static_cast<double>(columns - 1)) /
                           sigma;
      sum += std::exp(-apart * apart / 2);
      cumulative.push_back(sum);
    }
  }
  std::vector<int> values(factors.size());
  std::vector<std::size_t> indices(n);
  for (std::size_t i = 0; i < n; ++i) {
    sample_factors(Philox{seed.value, stream("correlated"), 2 * i}, factors, values);
    // Two numbers of 23 bits make one fine enough for large tables.
    Philox const random{seed.value, stream("correlated"), 2 * i + 1};
    double const u =
        static_cast<double>(random.uniform(0)) + (static_cast<double>(random.uniform(1)) - 0.5) * 0x1p-23;
    auto const cell = std::min<std::size_t>(
        cumulative.size() - 1,
        static_cast<std::size_t>(std::ranges::upper_bound(cumulative, u * sum) - cumulative.begin()));
    values[a] = static_cast<int>(cell / columns);
    values[b] = static_cast<int>(cell % columns);
    indices[i] = data.index(values);
  }
  return {std::move(data), std::move(indices)};
}

}  // namespace disentangle::data
