// SPDX-License-Identifier: Apache-2.0
// ClassCodes: the codes that the classes of a prior stand for, as plain numbers.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/philox.hpp>

namespace disentangle {

/// How the codes of classes look: `independent` latents z ~ N(0, 1) first, then for each class variable as
/// many columns as its `widths` says, which for class k are N(mean, deviation^2). class_codes(model) makes
/// it.
struct ClassCodes {
  std::size_t independent = 0;
  std::vector<std::size_t> sizes;   ///< values of each class variable
  std::vector<std::size_t> widths;  ///< columns of each class variable in a code
  std::vector<double> frequencies;  ///< p(c_i = k), one variable behind the other
  /// Of the columns of each class value: one row (width) behind the other, the variables behind each other.
  std::vector<float> means, deviations;

  std::size_t variables() const { return sizes.size(); }
  std::size_t size() const {
    std::size_t n = independent;
    for (std::size_t const width : widths) n += width;
    return n;
  }
  /// The first column of a variable in a code.
  std::size_t column(std::size_t variable) const {
    std::size_t at = independent;
    for (std::size_t i = 0; i < variable; ++i) at += widths[i];
    return at;
  }
  std::span<float const> mean(std::size_t variable, std::size_t value) const {
    return row(means, variable, value);
  }
  std::span<float const> deviation(std::size_t variable, std::size_t value) const {
    return row(deviations, variable, value);
  }
  /// @throws ValueError for a class that there is not.
  void expect(std::size_t variable, std::size_t value) const {
    if (variable >= sizes.size() || value >= sizes[variable]) {
      throw ValueError("class " + std::to_string(value) + " of class variable " + std::to_string(variable) +
                       ": expected one of " + std::to_string(variable < sizes.size() ? sizes[variable] : 0) +
                       " values of one of " + std::to_string(sizes.size()) + " variables");
    }
  }

  /// A code of classes, one value for each variable: z = 0 and the middle of each class's component.
  std::vector<float> middle(std::span<std::size_t const> values) const {
    std::vector<float> code(size(), 0.0f);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      expect(i, values[i]);
      auto const m = mean(i, values[i]);
      std::copy(m.begin(), m.end(), code.begin() + static_cast<std::ptrdiff_t>(column(i)));
    }
    return code;
  }
  /// A draw from the prior for classes, one value for each variable: number `number` of a seed. z depends on
  /// seed and number alone, so that classes can be compared.
  std::vector<float> draw(std::span<std::size_t const> values, std::uint64_t seed,
                          std::uint64_t number) const {
    std::vector<float> code = middle(values);
    Philox const random{seed, stream("report.class_codes"), number};
    for (std::size_t d = 0; d < independent; ++d) code[d] = random.normal(d);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      auto const s = deviation(i, values[i]);
      for (std::size_t j = 0; j < s.size(); ++j) code[column(i) + j] += s[j] * random.normal(column(i) + j);
    }
    return code;
  }
  /// Values of all variables drawn from p(c): number `number` of a seed.
  std::vector<std::size_t> draw_classes(std::uint64_t seed, std::uint64_t number) const {
    Philox const random{seed, stream("report.class_values"), number};
    std::vector<std::size_t> values(sizes.size());
    for (std::size_t i = 0, first = 0; i < sizes.size(); first += sizes[i++]) {
      double sum = 0;
      for (std::size_t k = 0; k < sizes[i]; ++k) sum += frequencies[first + k];
      double left = sum * static_cast<double>(random.uniform(i));
      while (values[i] + 1 < sizes[i] && (left -= frequencies[first + values[i]]) >= 0) ++values[i];
    }
    return values;
  }

 private:
  std::span<float const> row(std::vector<float> const& table, std::size_t variable, std::size_t value) const {
    std::size_t first = 0;
    for (std::size_t i = 0; i < variable; ++i) first += sizes[i] * widths[i];
    return std::span(table).subspan(first + value * widths[variable], widths[variable]);
  }
};

}  // namespace disentangle
