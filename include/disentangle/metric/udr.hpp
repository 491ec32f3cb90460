// SPDX-License-Identifier: Apache-2.0
// Unsupervised disentanglement ranking (Duan, Matthey, Saraiva, Watters, Burgess, Lerchner, Higgins,
// "Unsupervised model selection for variational disentangled representation learning", ICLR 2020): runs that
// disentangle find the same latents, up to order and sign.
//   R(a, b) = how much latent a of run i says about latent b of run j, for the same images
//   score(i, j) = 1/2 [ mean over b of max_a R^2 / sum_a R + mean over a of max_b R^2 / sum_b R ]
//   UDR_j = median over i of score(i, j)
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/metric/definition.hpp>
#include <disentangle/metric/detail/check.hpp>
#include <disentangle/metric/detail/lasso.hpp>
#include <disentangle/metric/detail/rows.hpp>
#include <disentangle/metric/detail/scaling.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric {

/// A run as UDR sees it: its codes of images that are the same for all runs, and how much each latent is
/// used.
struct UdrRun {
  Matrix<double> codes;    ///< (images, latents)
  std::vector<double> kl;  ///< mean divergence of each latent from the prior, nats; empty: all are used
};

/// The mean divergence of N(mean, deviation^2) from N(0, 1) of every latent, for UdrRun::kl.
template <matrix_like M, matrix_like D>
[[nodiscard]] std::vector<double> mean_kl(M const& means, D const& deviations) {
  Matrix<double> const m = detail::copy_of<double>(means);
  Matrix<double> const d = detail::copy_of<double>(deviations);
  if (m.rows != d.rows || m.columns != d.columns || m.rows == 0)
    throw ShapeError("mean_kl: means are " + detail::extents(m.rows, m.columns) + " and deviations " +
                     detail::extents(d.rows, d.columns) + ", expected equal extents and at least 1 row");
  std::vector<double> kl(m.columns);
  for (double deviation : d.values)
    if (!(deviation > 0))
      throw ValueError("mean_kl: standard deviation " + number_text(deviation) + ", expected above 0");
  for (std::size_t i = 0; i < m.rows; ++i)
    for (std::size_t l = 0; l < m.columns; ++l)
      kl[l] += 0.5 * (m(i, l) * m(i, l) + d(i, l) * d(i, l) - 1 - 2 * std::log(d(i, l))) /
               static_cast<double>(m.rows);
  return kl;
}

/// Ranks runs of a method without labels. The score's table udr_per_run has UDR of every run, in [0, 1],
/// higher is better; the value is the best one, and part `best_run` its number. Latents with a mean
/// divergence of at most `kl_threshold` are left out; a run without any other scores 0. Good runs of a method
/// are alike while bad ones differ each in their way: says nothing where all runs fail alike.
struct Udr {
  static constexpr std::string_view name = "udr";
  static constexpr Definition definitions[] = {definition::disentanglement_lib};

  bool spearman = false;       ///< R is the absolute rank correlation; else the absolute weight of a Lasso
  double alpha = 0.1;          ///< of the Lasso
  double kl_threshold = 0.01;  ///< nats
  Definition definition = definitions[0];

  /// Throws ShapeError for fewer than 2 runs, unequal numbers of images, fewer than 2 images or a kl of the
  /// wrong length; ValueError for a code that is not finite or whose square overflows.
  [[nodiscard]] Score operator()(std::span<UdrRun const> runs) const {
    detail::check_definition(name, definitions, definition);
    if (runs.size() < 2)
      throw ShapeError("udr: found " + std::to_string(runs.size()) + " runs, expected at least 2");
    std::vector<Matrix<double>> codes;
    for (UdrRun const& run : runs) {
      detail::check_codes<double>(name, run.codes.view());
      detail::check_square<double>(name, run.codes.view());
      if (run.codes.rows != runs[0].codes.rows || run.codes.rows < 2)
        throw ShapeError("udr: a run has codes of " + std::to_string(run.codes.rows) +
                         " images, expected the " + std::to_string(runs[0].codes.rows) +
                         " of the first, at least 2");
      if (!run.kl.empty() && run.kl.size() != run.codes.columns)
        throw ShapeError("udr: a run has " + std::to_string(run.kl.size()) + " divergences for " +
                         std::to_string(run.codes.columns) + " latents, expected one each");
      Matrix<double> z = run.codes;
      if (spearman) replace_by_ranks(z);
      codes.push_back(used_latents(detail::Scaling::standard(z)(std::move(z)), run.kl));
    }
    Matrix<double> pair(runs.size(), runs.size());
    for (std::size_t i = 0; i < runs.size(); ++i)
      for (std::size_t j = 0; j < runs.size(); ++j)
        if (i != j) pair(i, j) = pair_score(relation(codes[i], codes[j]));
    std::vector<double> each(runs.size());
    for (std::size_t j = 0; j < runs.size(); ++j) {
      std::vector<double> scores;
      for (std::size_t i = 0; i < runs.size(); ++i)
        if (i != j) scores.push_back(pair(i, j));
      std::sort(scores.begin(), scores.end());
      std::size_t const half = scores.size() / 2;
      each[j] = scores.size() % 2 == 1 ? scores[half] : (scores[half - 1] + scores[half]) / 2;
    }
    auto const best = std::max_element(each.begin(), each.end());

    Score s;
    s.metric = name;
    s.definition = definition.name;
    s.value = *best;
    s.parts = {{"udr", s.value}, {"best_run", static_cast<double>(best - each.begin())}};
    s.settings = {{"rows", static_cast<double>(runs[0].codes.rows)},
                  {"runs", static_cast<double>(runs.size())},
                  {"kl_threshold", kl_threshold}};
    if (!spearman) s.settings.emplace_back("alpha", alpha);
    s.choices = {{"relation", spearman ? "absolute rank correlation" : "absolute weight of a Lasso"}};
    s.tables = {Table::vector("udr_per_run", "run", std::move(each)),
                {"pair", "run", "run", std::move(pair)}};
    return s;
  }

 private:
  /// Ranks from 0, those of ties averaged.
  static void replace_by_ranks(Matrix<double>& z) {
    std::vector<std::pair<double, std::size_t>> order(z.rows);
    for (std::size_t l = 0; l < z.columns; ++l) {
      for (std::size_t i = 0; i < z.rows; ++i) order[i] = {z(i, l), i};
      std::sort(order.begin(), order.end());
      for (std::size_t i = 0, end = 0; i < z.rows; i = end) {
        for (end = i; end < z.rows && order[end].first == order[i].first;) ++end;
        for (std::size_t j = i; j < end; ++j) z(order[j].second, l) = static_cast<double>(i + end - 1) / 2;
      }
    }
  }

  Matrix<double> used_latents(Matrix<double> const& z, std::vector<double> const& kl) const {
    std::vector<std::size_t> kept;
    for (std::size_t l = 0; l < z.columns; ++l)
      if (kl.empty() || kl[l] > kl_threshold) kept.push_back(l);
    Matrix<double> used(z.rows, kept.size());
    for (std::size_t i = 0; i < z.rows; ++i)
      for (std::size_t j = 0; j < kept.size(); ++j) used(i, j) = z(i, kept[j]);
    return used;
  }

  /// R of standardised codes, (latents of a, latents of b).
  Matrix<double> relation(Matrix<double> const& a, Matrix<double> const& b) const {
    Matrix<double> r(a.columns, b.columns);
    if (r.values.empty()) return r;
    double const n = static_cast<double>(a.rows);
    detail::Lasso const lasso(a.view());
    for (std::size_t t = 0; t < b.columns; ++t) {
      std::vector<double> const target = detail::column_of(b, t);
      if (spearman) {
        for (std::size_t i = 0; i < a.rows; ++i)
          for (std::size_t s = 0; s < a.columns; ++s) r(s, t) += a(i, s) * target[i] / n;
      } else {
        std::vector<double> const weights = lasso.fit(target, alpha).weights;
        for (std::size_t s = 0; s < a.columns; ++s) r(s, t) = weights[s];
      }
    }
    for (double& v : r.values) v = std::abs(v);
    return r;
  }

  [[nodiscard]] static double pair_score(Matrix<double> const& r) {
    if (r.values.empty()) return 0;
    auto const alike = [](auto const& entry, std::size_t n) {
      double largest = 0;
      double sum = 0;
      for (std::size_t i = 0; i < n; ++i) {
        largest = std::max(largest, entry(i));
        sum += entry(i);
      }
      return sum > 0 ? largest * largest / sum : 0;
    };
    double rows = 0;
    double columns = 0;
    for (std::size_t s = 0; s < r.rows; ++s)
      rows += alike([&](std::size_t t) { return r(s, t); }, r.columns) / static_cast<double>(r.rows);
    for (std::size_t t = 0; t < r.columns; ++t)
      columns += alike([&](std::size_t s) { return r(s, t); }, r.rows) / static_cast<double>(r.columns);
    return (rows + columns) / 2;
  }
};

}  // namespace disentangle::metric
