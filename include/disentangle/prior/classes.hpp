// SPDX-License-Identifier: Apache-2.0
// Discrete latents: the class variables of a code, and what terms see of q(c|x).
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/autodiff/autodiff.hpp>
#include <disentangle/core/error.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/prior/class_frequencies.hpp>
#include <disentangle/prior/posterior.hpp>

namespace disentangle::prior {

/// Class variables c_1 .. c_C with so many values each: Classes<10> is a digit, Classes<4, 3> two variables.
/// In matrices their values stand side by side, `total` columns.
template <int... Values>
struct Classes {
  static_assert(sizeof...(Values) > 0, "[disentangle] Classes: expected at least one class variable");
  static_assert(((Values > 1) && ...), "[disentangle] Classes: a class variable needs at least two values");
  static constexpr int variables = sizeof...(Values);
  static constexpr int total = (Values + ...);
  static constexpr std::array<int, sizeof...(Values)> sizes{Values...};

  /// The first column of variable i.
  [[nodiscard]] static constexpr int offset(int i) {
    int first = 0;
    for (int j = 0; j < i; ++j) first += sizes[static_cast<std::size_t>(j)];
    return first;
  }
};

/// What the terms see of the class variables of a minibatch.
template <class Backend>
struct ClassPosterior {
  Variable<Backend, 2> log_probability;  ///< log q(c_i = k | x), (batch, total)
  Variable<Backend, 2> sample;           ///< relaxed one-hot codes, (batch, total)
  Variable<Backend, 1> log_prior;        ///< log(p(c_i = k) + 1e-12), (total), a constant
  std::span<int const> sizes;            ///< values of each variable
  double batch_size() const { return static_cast<double>(log_probability.extents[0]); }
};

/// The posterior of a method with continuous and discrete latents. The members of Posterior are those of the
/// whole code (z first); `z` and `c` are its parts.
template <class Backend>
struct JointPosterior : Posterior<Backend> {
  Posterior<Backend> z;
  ClassPosterior<Backend> c;
};

/// softmax((logits + G) / temperature) along axis 1 with Gumbel noise G = -log(-log(U + 1e-12) + 1e-12) from
/// uniform numbers U of (0, 1): a relaxed draw of a class. Jang, Gu, Poole, "Categorical reparameterization
/// with Gumbel-Softmax", ICLR 2017 (BibTeX: jang2017categorical); the constants are those of JointVAE's code.
template <matrix_expression L, matrix_expression U>
[[nodiscard]] auto gumbel_softmax(L const& logits, U const& uniform, double temperature) {
  return softmax((logits - log(1e-12 - log(uniform + 1e-12))) * (1 / temperature), axis<1>);
}

/// The frequencies p(c_i = k) of the values of all class variables C, one variable behind the other: those
/// given, or the same for all values of a variable. @throws ValueError for another number of them.
template <class C>
std::array<double, static_cast<std::size_t>(C::total)>
class_probabilities(ClassFrequencies const& frequencies) {
  std::array<double, static_cast<std::size_t>(C::total)> p;
  if (!frequencies.uniform() && frequencies.values().size() != p.size()) {
    throw ValueError("class frequencies: found " + std::to_string(frequencies.values().size()) +
                     ", expected one for each of the " + std::to_string(p.size()) + " class values, or none");
  }
  std::size_t at = 0;
  for (int const size : C::sizes) {
    for (int k = 0; k < size; ++k, ++at)
      p[at] = frequencies.uniform() ? 1.0 / size : frequencies.values()[at];
  }
  return p;
}

namespace detail {

/// f of the columns of every class variable, the results side by side.
template <class C, matrix_expression E, class F>
auto by_variable(E const& e, F const& f) {
  if constexpr (C::variables == 1) {
    return materialise(f(materialise(e)));
  } else {
    auto const x = materialise(e);
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return concatenate(axis<1>, f(slice(x, axis<1>, C::offset(static_cast<int>(I)),
                                          C::offset(static_cast<int>(I) + 1)))...);
    }(std::make_index_sequence<static_cast<std::size_t>(C::variables)>{});
  }
}

/// q(c|x) from logits (batch, total), without a sample.
template <class C, class B>
ClassPosterior<B> class_posterior(Variable<B, 2> const& logits, ClassFrequencies const& frequencies) {
  if (logits.extent(1) != C::total) {
    throw ShapeError("class logits: found " + extents_text(logits.extents) + ", expected (batch, " +
                     std::to_string(C::total) + ")");
  }
  auto p = class_probabilities<C>(frequencies);
  for (double& value : p) value = std::log(value + 1e-12);
  ClassPosterior<B> q;
  q.sizes = C::sizes;
  q.log_prior = logits.tape->constant(Extents<1>{C::total}, p.data());
  q.log_probability =
      by_variable<C>(logits, [](auto const& x) { return materialise(log_softmax(x, axis<1>)); });
  return q;
}

/// Relaxed draws of all variables.
template <class C, class B>
Variable<B, 2> relaxed_classes(Variable<B, 2> const& logits, Philox const& random, double temperature) {
  auto const uniform = logits.tape->variable(logits.extents, false);
  logits.tape->backend().uniform(random, uniform.value, static_cast<std::size_t>(uniform.size()));
  if constexpr (C::variables == 1) {
    return materialise(gumbel_softmax(logits, uniform, temperature));
  } else {
    auto const noisy = materialise((logits - log(1e-12 - log(uniform + 1e-12))) * (1 / temperature));
    return by_variable<C>(noisy, [](auto const& x) { return materialise(softmax(x, axis<1>)); });
  }
}

/// One-hot codes of the likeliest values, without gradient; where two are equally likely, half of each.
template <class C, class B>
Variable<B, 2> likeliest_classes(Variable<B, 2> const& log_probability) {
  return by_variable<C>(stop_gradient(log_probability), [](auto const& x) {
    auto const attained = materialise(equal(x, insert_axis(max(x, axis<1>), axis<1>)));
    return materialise(attained / insert_axis(sum(attained, axis<1>), axis<1>));
  });
}

/// One draw of every variable for n codes from p(c): values[i * variables + v].
template <class C, class Tape>
int* drawn_classes(Tape& tape, std::ptrdiff_t n, ClassFrequencies const& frequencies, Philox const& random) {
  auto const p = class_probabilities<C>(frequencies);
  int* const values = tape.template host<int>(static_cast<std::size_t>(n * C::variables));
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    for (int v = 0; v < C::variables; ++v) {
      auto const first = static_cast<std::size_t>(C::offset(v));
      auto const size = static_cast<std::size_t>(C::sizes[static_cast<std::size_t>(v)]);
      double sum = 0;
      for (std::size_t k = 0; k < size; ++k) sum += p[first + k];
      double left =
          sum * static_cast<double>(random.uniform(static_cast<std::uint64_t>(i * C::variables + v)));
      std::size_t k = 0;
      while (k + 1 < size && (left -= p[first + k]) >= 0) ++k;
      values[i * C::variables + v] = static_cast<int>(k);
    }
  }
  return values;
}

/// class_usage_0, class_usage_1, ...; of several variables class_usage_0_0, ...
template <class C>
std::vector<std::string> usage_names() {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < C::sizes.size(); ++i) {
    std::string const variable = C::variables == 1 ? "" : std::to_string(i) + "_";
    for (int k = 0; k < C::sizes[i]; ++k) names.push_back("class_usage_" + variable + std::to_string(k));
  }
  return names;
}

/// Random numbers beside those of a stream.
inline Philox beside(Philox random, std::string_view name) {
  random.stream ^= stream(name);
  return random;
}

}  // namespace detail

}  // namespace disentangle::prior
