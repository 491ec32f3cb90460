// SPDX-License-Identifier: Apache-2.0
// Features of samples with a colour, a digit and a code of their own, as the set-up of spec/ip_irm.md T5 has
// them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <disentangle/core/matrix_view.hpp>
#include <disentangle/core/philox.hpp>

namespace disentangle::test {

/// n random rows of length 1.
inline std::vector<double> unit_rows(std::size_t n, std::size_t d, std::uint64_t seed) {
  std::vector<double> x(n * d);
  for (std::size_t b = 0; 4 * b < x.size(); ++b) {
    auto const z = Philox{seed, 1, 0}.normals(b);
    for (std::size_t i = 0; i < 4 && 4 * b + i < x.size(); ++i) x[4 * b + i] = static_cast<double>(z[i]);
  }
  for (std::size_t r = 0; r < n; ++r) {
    double length = 0;
    for (std::size_t j = 0; j < d; ++j) length += x[r * d + j] * x[r * d + j];
    for (std::size_t j = 0; j < d; ++j) x[r * d + j] /= std::sqrt(length);
  }
  return x;
}

template <class T>
MatrixView<T const> view(std::vector<T> const& x, std::size_t columns) {
  return {x.data(), x.size() / columns, columns};
}

/// 256 samples of a colour (energy alpha), one of 10 digits and an instance code, two noisy views: T5's
/// set-up.
struct Coloured {
  std::vector<double> first, second;
  std::vector<int> colour, digit;

  Coloured(double alpha, std::uint64_t seed) {
    constexpr std::size_t n = 256, d = 28;
    Philox const random{seed, 7, 0};
    auto const instances = unit_rows(n, 16, seed + 100), noise = unit_rows(2 * n, d, seed + 200);
    std::vector<double>* views[] = {&first, &second};
    for (std::size_t i = 0; i < n; ++i) {
      colour.push_back(static_cast<int>(random.integer(2 * i, 2)));
      digit.push_back(static_cast<int>(random.integer(2 * i + 1, 10)));
    }
    for (std::size_t v = 0; v < 2; ++v) {
      for (std::size_t i = 0; i < n; ++i) {
        double row[d] = {};
        row[colour[i]] = std::sqrt(alpha);
        row[2 + digit[i]] = std::sqrt((1 - alpha) / 2);
        for (std::size_t j = 0; j < 16; ++j) row[12 + j] = std::sqrt((1 - alpha) / 2) * instances[i * 16 + j];
        double length = 0;
        for (std::size_t j = 0; j < d; ++j) {
          row[j] += 0.1 * noise[(v * n + i) * d + j];  // a row of length 0.1: 0.1 N(0, 1) / sqrt(28) nearly
          length += row[j] * row[j];
        }
        for (double const x : row) views[v]->push_back(x / std::sqrt(length));
      }
    }
  }
};

/// The share of samples in which two partitions agree, whichever subset is called 0.
inline double agreement(std::vector<int> const& a, std::vector<int> const& b) {
  double same = 0;
  for (std::size_t i = 0; i < a.size(); ++i) same += a[i] == b[i];
  return std::max(same, static_cast<double>(a.size()) - same) / static_cast<double>(a.size());
}

}  // namespace disentangle::test
