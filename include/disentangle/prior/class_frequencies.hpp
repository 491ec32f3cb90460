// SPDX-License-Identifier: Apache-2.0
// The fixed law p(c) of discrete latents, as a hyper-parameter that is printed and set like any other.
#pragma once

#include <charconv>
#include <concepts>
#include <initializer_list>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>

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
    char const* at = text.data();
    char const* const end = at + text.size();
    while (at != end) {
      if (*at == ' ') {
        ++at;
        continue;
      }
      double value = 0;
      auto const [next, error] = std::from_chars(at, end, value);
      if (error != std::errc{}) {
        throw ValueError("class frequencies: found '" + text + "', expected numbers separated by blanks");
      }
      values.push_back(value);
      at = next;
    }
    values_ = std::move(values);
    check();
    return *this;
  }
  operator std::string() const {
    std::string text;
    for (double const value : values_) {
      char buffer[32];
      text.append(text.empty() ? "" : " ")
          .append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
    }
    return text.empty() ? "uniform" : text;
  }

  bool uniform() const { return values_.empty(); }
  std::vector<double> const& values() const { return values_; }
  friend bool operator==(ClassFrequencies const&, ClassFrequencies const&) = default;

 private:
  void check() const {
    for (double const value : values_) {
      if (!(value >= 0 && value <= 1)) {
        throw ValueError("class frequencies: found " + std::to_string(value) +
                         ", expected numbers of [0, 1]");
      }
    }
  }
  std::vector<double> values_;
};

}  // namespace disentangle::prior
