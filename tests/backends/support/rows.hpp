// SPDX-License-Identifier: Apache-2.0
// Rows<Backend>: runs the rows of a topic on one backend and keeps their results on the host. Memory of the
// backend is reached by its own upload, download and fill alone.
#pragma once

#include <cmath>
#include <exception>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <disentangle/autodiff/autodiff.hpp>

#include "tests/backends/support/numbers.hpp"
#include "tests/backends/support/registry.hpp"

namespace disentangle::test {

/// One row while it runs: a tape whose new tensors are infinite, inputs whose gradients start as noise, and
/// what is kept.
template <class Backend>
class RunningRow {
 public:
  using scalar = typename Backend::scalar;

  RunningRow(Tape<Backend>& tape, Row& row) : tape_(tape), row_(row) {}

  Tape<Backend>& tape() { return tape_; }
  Backend& backend() { return tape_.backend(); }

  /// A tensor whose gradient, kept by `pull`, starts as noise: an operation must add to it.
  template <int Rank>
  Variable<Backend, Rank> input(Numbers<Rank> const& host) {
    auto const v = tape_.variable(host.extents, true);
    backend().upload(host.values.data(), v.value, host.values.size());
    if (v.gradient != nullptr) {
      inputs_.push_back({v.gradient, noise(host.values.size(), inputs_.size())});
      backend().upload(inputs_.back().noise.data(), v.gradient, host.values.size());
    }
    return v;
  }
  template <int Rank>
  Variable<Backend, Rank> constant(Numbers<Rank> const& host) {
    return tape_.constant(host.extents, host.values.data());
  }

  /// Keeps n scalars of the backend's memory.
  void keep(std::string name, scalar const* p, std::size_t n, Kind kind = Kind::values,
            Scale scale = Scale::tensor) {
    std::vector<double> host(n);
    backend().download(p, host.data(), n);
    keep(std::move(name), std::move(host), kind, scale);
  }
  /// Keeps numbers of the host.
  void keep(std::string name, std::vector<double> numbers, Kind kind, Scale scale = Scale::tensor) {
    row_.results.push_back({std::move(name), kind, scale, 1e-30, std::move(numbers)});
  }
  /// Keeps the values of an expression.
  template <expression E>
  void keep(std::string name, E const& e, Kind kind = Kind::values, Scale scale = Scale::tensor) {
    auto const v = materialise(e);
    auto const whole = v.contiguous() ? v : reshape(v, v.extents);
    keep(std::move(name), whole.value, static_cast<std::size_t>(whole.size()), kind, scale);
  }

  /// Keeps which numbers of an expression are NaN, infinite, negative and zero.
  template <expression E>
  void keep_classes(std::string name, E const& e) {
    auto const v = materialise(e);
    std::vector<double> host(static_cast<std::size_t>(v.size()));
    backend().download(v.value, host.data(), host.size());
    for (double& x : host) {
      x = std::isnan(x) ? 10 : std::isinf(x) ? (x > 0 ? 20 : -20) : x == 0 ? 0 : x > 0 ? 1 : -1;
    }
    keep(std::move(name), std::move(host), Kind::exact);
  }

  /// Gives y's gradient the seeds, runs the tape back and keeps the gradients of the inputs without their
  /// noise. y must have memory of its own, not be a view.
  template <int Rank>
  void pull(Variable<Backend, Rank> const& y) {
    if (y.gradient == nullptr) return;
    std::vector<double> const seed = seeds(static_cast<std::size_t>(y.size()));
    backend().upload(seed.data(), y.gradient, seed.size());
    tape_.backward();
    keep_gradients();
  }
  void keep_gradients() {
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      Input const& input = inputs_[i];
      std::vector<double> gradient(input.noise.size());
      backend().download(input.gradient, gradient.data(), gradient.size());
      for (std::size_t k = 0; k < gradient.size(); ++k) gradient[k] -= input.noise[k];
      row_.results.push_back({"gradient of input " + std::to_string(i), Kind::gradients, Scale::tensor,
                              smallest_noise, std::move(gradient)});
    }
  }

  /// Numbers of 0.5 .. 1.5 that a float holds, another one for every element.
  static std::vector<double> seeds(std::size_t n) {
    std::vector<double> result(n);
    for (std::size_t i = 0; i < n; ++i) result[i] = 0.5 + static_cast<double>(i * 37 % 65) / 64;
    return result;
  }

 private:
  static constexpr double smallest_noise =
      1.0 / 1024;  // below most gradients, far above what tolerances allow
  struct Input {
    scalar* gradient;
    std::vector<double> noise;
  };
  static std::vector<double> noise(std::size_t n, std::size_t number) {
    std::vector<double> result(n);
    for (std::size_t i = 0; i < n; ++i)
      result[i] = smallest_noise * (1 + static_cast<double>((i * 29 + number * 7) % 64) / 64);
    return result;
  }

  Tape<Backend>& tape_;
  Row& row_;
  std::vector<Input> inputs_;
};

/// The inputs of a formula.
template <int... Ranks>
using Inputs = std::tuple<Numbers<Ranks> const&...>;
template <int... Ranks>
Inputs<Ranks...> of(Numbers<Ranks> const&... inputs) {
  return {inputs...};
}

/// What a topic's body gets: it states its rows by `row` and `formula`.
template <class Backend>
class Rows {
 public:
  Rows(Backend backend, RowBegin begin, RowSink sink)
      : tape_(std::move(backend)), begin_(std::move(begin)), sink_(std::move(sink)) {
    tape_.set_poisoned(true);
  }

  /// body(RunningRow<Backend>&); what it throws becomes the row's failure.
  template <class Body>
  void row(std::string name, Body const& body) {
    begin_(name);
    Row row{std::move(name), {}, {}};
    try {
      tape_.reset();
      RunningRow<Backend> running(tape_, row);
      body(running);
    } catch (std::exception const& e) {
      row.failure = e.what();
    }
    sink_(std::move(row));
  }

  /// Values and gradients of f(variables...), measured against the largest magnitude of each tensor.
  template <class F, int... Ranks>
  void formula(std::string name, Inputs<Ranks...> const& inputs, F const& f) {
    run(std::move(name), inputs, f, Scale::tensor);
  }
  /// The same with each value measured against its own magnitude.
  template <class F, int... Ranks>
  void function(std::string name, Inputs<Ranks...> const& inputs, F const& f) {
    run(std::move(name), inputs, f, Scale::element);
  }

 private:
  template <class F, int... Ranks>
  void run(std::string name, Inputs<Ranks...> const& inputs, F const& f, Scale scale) {
    row(std::move(name), [&](RunningRow<Backend>& r) {
      auto const y = std::apply([&](auto const&... host) { return f(r.input(host)...); }, inputs);
      if constexpr (is_variable<std::remove_const_t<decltype(y)>>) {
        finish(r, materialise(1.0 * y), scale);  // a view has no memory of its own
      } else {
        finish(r, materialise(y), scale);
      }
    });
  }
  template <int Rank>
  static void finish(RunningRow<Backend>& r, Variable<Backend, Rank> const& y, Scale scale) {
    r.keep("value", y, Kind::values, scale);
    r.pull(y);
  }

  Tape<Backend> tape_;
  RowBegin begin_;
  RowSink sink_;
};

}  // namespace disentangle::test
