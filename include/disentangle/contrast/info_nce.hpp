// SPDX-License-Identifier: Apache-2.0
// The contrastive loss of two views with its three denominators (SimCLR, DCL, HCL), and the penalty that
// IP-IRM puts on it: as formulas, on features of length 1.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

#include <disentangle/autodiff/autodiff.hpp>
#include <disentangle/core/error.hpp>

namespace disentangle::contrast {

namespace detail {

/// A backend that puts similarities in order itself.
template <class Backend>
concept orders_similarities = requires(Backend backend, typename Backend::scalar* p) {
  backend.partner_first(std::ptrdiff_t{}, p, p);
  backend.partner_first_adjoint(std::ptrdiff_t{}, p, p, p);
};

/// x x^T without its diagonal, partners first, of features x (n, d).
template <class Backend>
Variable<Backend, 2> ordered_similarities(Variable<Backend, 2> const& x) {
  auto& tape = *x.tape;
  std::ptrdiff_t const n = x.extent(0), d = x.extent(1);
  auto const square = static_cast<std::size_t>(n * n);
  auto const out = tape.variable(Extents<2>{n, n - 1}, x.gradient != nullptr);
  {
    ScratchScope<Backend> const scope(tape);
    auto* const similarity = tape.scratch(square);
    tape.backend().multiply(n, n, d, x.value, x.strides, x.value, {x.strides[1], x.strides[0]}, similarity,
                            {n, 1}, false);
    tape.backend().partner_first(n, similarity, out.value);
  }
  if (out.gradient != nullptr) {
    tape.record([&tape, x, out, n, d, square] {
      auto *const place = tape.scratch(square), *const sum = tape.scratch(square);
      tape.backend().partner_first_adjoint(n, out.gradient, place, sum);
      tape.backend().multiply(n, d, n, sum, {n, 1}, x.value, x.strides, x.gradient, x.strides, true);
    });
  }
  return out;
}

}  // namespace detail

/// The similarities of the 2n features of two views, each (n, d): row i has its partner, the other view of
/// the same sample, in column 0 and the other 2n - 2 in the order of their index: (2n, 2n - 1).
template <matrix_expression E, matrix_expression F>
[[nodiscard]] Variable<typename E::backend_type, 2> partner_first(E const& first, F const& second) {
  auto const a = materialise(first), b = materialise(second);
  if (a.extents != b.extents || a.extent(0) < 2) {
    throw ShapeError("partner_first: found views of " + std::to_string(a.extent(0)) + " x " +
                     std::to_string(a.extent(1)) + " and " + std::to_string(b.extent(0)) + " x " +
                     std::to_string(b.extent(1)) + ", expected two of one shape with at least 2 rows");
  }
  std::ptrdiff_t const half = a.extent(0), n = 2 * half;
  auto const x = concatenate(axis<0>, a, b);
  if constexpr (detail::orders_similarities<typename E::backend_type>) {
    return detail::ordered_similarities(x);
  } else {
    auto const flat = reshape(matmul(x, transpose(x)), Extents<2>{n * n, 1});
    auto const count = static_cast<std::size_t>(n * (n - 1));
    int* const places = flat.tape->template host<int>(count);
    int* next = places;
    for (std::ptrdiff_t i = 0; i < n; ++i) {
      std::ptrdiff_t const partner = (i + half) % n;
      *next++ = static_cast<int>(i * n + partner);
      for (std::ptrdiff_t j = 0; j < n; ++j) {
        if (j != i && j != partner) *next++ = static_cast<int>(i * n + j);
      }
    }
    return reshape(gather(flat, std::span<int const>(places, count)), Extents<2>{n, n - 1});
  }
}

/// Where a contrastive loss takes its negatives from. Each is called with logits whose column 0 is the
/// positive, (rows, columns), and the temperature they were divided by, and returns the mean over rows.
///
/// mean_i (log sum_j exp z_ij - z_i0): SimCLR. Chen, Kornblith, Norouzi, Hinton, ICML 2020 (BibTeX:
/// chen2020simple).
struct Biased {
  auto operator()(matrix_expression auto const& logits, double) const {
    auto const z = materialise(logits);
    return mean(logsumexp(z, axis<1>) - reshape(slice(z, axis<1>, 0, 1), Extents<1>{z.extent(0)}));
  }
  friend bool operator==(Biased const&, Biased const&) = default;
};

namespace detail {

/// mean_i log(1 + N_i exp(-z_i0)) with N_i = max((negatives_i - prior * count * exp z_i0) / (1 - prior),
/// count * exp(-1 / temperature)).
template <class B>
auto debiased(Variable<B, 2> const& z, auto const& negatives, double prior, double temperature) {
  std::ptrdiff_t const rows = z.extent(0);
  double const count = static_cast<double>(z.extent(1) - 1);
  auto const positive = materialise(reshape(slice(z, axis<1>, 0, 1), Extents<1>{rows}));
  auto const others =
      max((negatives - (prior * count) * exp(positive)) / (1 - prior), count * std::exp(-1 / temperature));
  return mean(log1p(others * exp(-positive)));
}

}  // namespace detail

/// DCL: negatives corrected for those of the sample's own class. Chuang et al., NeurIPS 2020 (BibTeX:
/// chuang2020debiased).
/// @param prior tau+, how likely a negative is of the same class; default 0.1
struct Debiased {
  double prior = 0.1;
  auto operator()(matrix_expression auto const& logits, double temperature) const {
    auto const z = materialise(logits);
    auto const negatives = materialise(sum(exp(slice(z, axis<1>, 1, z.extent(1))), axis<1>));
    return detail::debiased(z, negatives, prior, temperature);
  }
  friend bool operator==(Debiased const&, Debiased const&) = default;
};

/// HCL: Debiased with negatives weighed by their similarity to the power of beta. Robinson et al., ICLR 2021
/// (BibTeX: robinson2021contrastive). @param prior tau+, default 0.1  @param beta default 1
struct HardNegatives {
  double prior = 0.1;
  double beta = 1;
  auto operator()(matrix_expression auto const& logits, double temperature) const {
    auto const z = materialise(logits);
    auto const others = materialise(slice(z, axis<1>, 1, z.extent(1)));
    auto const importance = materialise(exp(beta * others));
    auto const mean_importance = materialise(mean(importance, axis<1>));
    auto const negatives = materialise(sum(importance * exp(others), axis<1>) / mean_importance);
    return detail::debiased(z, negatives, prior, temperature);
  }
  friend bool operator==(HardNegatives const&, HardNegatives const&) = default;
};

/// Of what the invariance penalty takes the derivative.
enum class Dummy {
  vector,  ///< one scale for each column of logits: the authors' code
  scalar   ///< one scale for all, IRMv1: as the paper's equation reads
};

/// |d/ds InfoNCE(s z)|^2 at s = 1, s a scale of the logits. Written as its formula, g_j = mean_i
/// (softmax(z)_ij - [j = 0]) z_ij, so that its own gradient is derived like any other. Wang et al., NeurIPS
/// 2021 (BibTeX: wang2021self), equation 2.
/// @param logits with the positive in column 0, divided by the penalty's temperature
template <matrix_expression E>
[[nodiscard]] Variable<typename E::backend_type, 0> invariance_penalty(E const& logits,
                                                                       Dummy dummy = Dummy::vector) {
  auto const z = materialise(logits);
  auto const along = materialise(softmax(z, axis<1>) * z);
  auto const positive = mean(slice(z, axis<1>, 0, 1));
  if (dummy == Dummy::scalar) {
    return materialise(square(static_cast<double>(z.extent(1)) * mean(along) - positive));
  }
  auto const g = materialise(mean(along, axis<0>));
  auto const first = sum(slice(g, axis<0>, 0, 1));
  return materialise(square(first - positive) + sum(square(slice(g, axis<0>, 1, g.extent(0)))));
}

}  // namespace disentangle::contrast
