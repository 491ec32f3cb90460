// SPDX-License-Identifier: Apache-2.0
// Codes and factors for the laws that metrics must obey, and transformations of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <disentangle/core/philox.hpp>
#include <disentangle/metric/matrix.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::test {

struct Labelled {
  metric::Matrix<double> codes;
  metric::Matrix<int> factors;
};

/// Factors of 3, 4 and 5 values, drawn at random; codes: one latent per factor plus `noise` times a normal
/// number, and one latent of noise alone.
inline Labelled axis_aligned(std::size_t rows, double noise, std::uint64_t seed) {
  Labelled s{metric::Matrix<double>(rows, 4), metric::Matrix<int>(rows, 3)};
  Philox const values{seed, 1, 0};
  Philox const normal{seed, 2, 0};
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t k = 0; k < 3; ++k) {
      s.factors(i, k) = static_cast<int>(values.integer(3 * i + k, static_cast<std::uint32_t>(3 + k)));
      s.codes(i, k) = s.factors(i, k) + noise * static_cast<double>(normal.normal(4 * i + k));
    }
    s.codes(i, 3) = static_cast<double>(normal.normal(4 * i + 3));
  }
  return s;
}

/// Codes that know nothing of the factors.
inline Labelled unrelated(std::size_t rows, std::uint64_t seed) {
  Labelled s = axis_aligned(rows, 0, seed);
  Philox const normal{seed, 3, 0};
  for (std::size_t i = 0; i < s.codes.values.size(); ++i)
    s.codes.values[i] = static_cast<double>(normal.normal(i));
  return s;
}

/// The columns in another order.
template <class T>
metric::Matrix<T> columns(metric::Matrix<T> const& m, std::vector<std::size_t> const& order) {
  metric::Matrix<T> result(m.rows, order.size());
  for (std::size_t i = 0; i < m.rows; ++i)
    for (std::size_t j = 0; j < order.size(); ++j) result(i, j) = m(i, order[j]);
  return result;
}

inline metric::Matrix<double> times(metric::Matrix<double> m, double factor) {
  for (double& v : m.values) v *= factor;
  return m;
}

/// With one more column that never changes.
inline metric::Matrix<double> with_constant(metric::Matrix<double> const& m, double value) {
  metric::Matrix<double> result(m.rows, m.columns + 1, value);
  for (std::size_t i = 0; i < m.rows; ++i)
    for (std::size_t j = 0; j < m.columns; ++j) result(i, j) = m(i, j);
  return result;
}

/// Whether every number of the score is finite and the value lies in [0, 1].
inline bool in_range(metric::Score const& s) {
  auto const finite = [](double v) { return v - v == 0; };
  bool fine = s.value >= 0 && s.value <= 1 && !s.metric.empty() && !s.definition.empty();
  for (auto const& [name, v] : s.parts) fine = fine && finite(v);
  for (auto const& [name, v] : s.settings) fine = fine && finite(v);
  for (auto const& table : s.tables)
    for (double v : table.values.values) fine = fine && finite(v);
  return fine;
}

/// The message of the exception of type E that the call throws; empty where it throws none.
template <class E, class F>
std::string message_of(F&& call) {
  try {
    call();
  } catch (E const& error) {
    return error.what();
  }
  return {};
}

inline bool contains(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace disentangle::test
