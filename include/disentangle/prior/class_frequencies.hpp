// SPDX-License-Identifier: Apache-2.0
// The fixed law p(c) of discrete latents, as a hyper-parameter that is printed and set like any other.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/number_text.hpp>

namespace disentangle::prior {

/// p(c_i = k) for every value of every class variable, one variable behind the other; empty: uniform within
/// each variable. As text, numbers separated by blanks: --set "ClassMixture.frequencies=0.33 0.33 0.34". They
/// need not sum to 1: the authors of PartedVAE have a variable whose frequencies sum to 0.99.
class ClassFrequencies {
 public:
  ClassFrequencies() = default;
  ClassFrequencies(std::initializer_list<double> values) : values_(values) { check(); }
  /// @throws ValueError for what is not a list of numbers of [0, 1].
  template <std::same_as<std::string> Text>
  ClassFrequencies& operator=(Text const& text) {
    std::vector<double> values;
    std::size_t end = 0;
    for (std::size_t at = 0; (at = text.find_first_not_of(' ', end)) != text.npos;) {
      end = std::min(text.find(' ', at), text.size());
      double value = 0;
      if (!read_number(std::string_view(text).substr(at, end - at), value)) {
        throw ValueError("class frequencies: found '" + text + "', expected numbers separated by blanks");
      }
      values.push_back(value);
    }
    values_ = std::move(values);
    check();
    return *this;
  }
  operator std::string() const {
    std::string text;
    for (double const value : values_) text.append(text.empty() ? "" : " ").append(number_text(value));
    return text.empty() ? "uniform" : text;
  }

  bool uniform() const { return values_.empty(); }
  std::vector<double> const& values() const { return values_; }
  friend bool operator==(ClassFrequencies const&, ClassFrequencies const&) = default;

 private:
  void check() const {
    for (double const value : values_) {
      if (!(value >= 0 && value <= 1)) {
        throw ValueError("class frequencies: found " + number_text(value) + ", expected numbers of [0, 1]");
      }
    }
  }
  std::vector<double> values_;
};

}  // namespace disentangle::prior
