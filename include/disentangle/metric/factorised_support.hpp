// SPDX-License-Identifier: Apache-2.0
// Hausdorff distance to a factorised support (Roth, Ibrahim, Akata, Vincent, Bouchacourt, "Disentanglement of
// correlated factors via Hausdorff factorized support", ICLR 2023), pairwise: how far a combination of values
// that two latents take is from those that they take together.
//   d(a, b) = max over (i, j) of min over n of || (z_ia, z_jb) - (z_na, z_nb) ||
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/philox.hpp>
#include <disentangle/metric/definition.hpp>
#include <disentangle/metric/detail/information_table.hpp>
#include <disentangle/metric/detail/parallel_for.hpp>
#include <disentangle/metric/detail/rows.hpp>
#include <disentangle/metric/detail/scaling.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric {

/// The mean of d over pairs of latents that vary, in standard deviations of the codes, lower is better; 0 of
/// a full grid and of fewer than two such latents. The part `sum` is the paper's sum over pairs. Asks only
/// which values occur together, not how often: correlated latents pass, a rotated code does not. No labels.
/// Among `points` different random rows; falls as they grow, so compare like with like. Cost O(latents^2
/// points^2) and up to points times that.
struct FactorisedSupport {
  static constexpr std::string_view name = "factorised_support";
  static constexpr Definition definitions[] = {definition::paper};
  static constexpr bool label_free = true;

  std::size_t points = 500;       ///< rows compared
  std::uint64_t seed = 0;         ///< of their choice
  std::size_t num_train = 10000;  ///< points drawn from a source, of which `points` are compared
  Definition definition = definitions[0];
  unsigned threads = 0;  ///< 0: all of the machine; the result does not depend on it

  /// metric(codes), metric(codes, factors) or metric(source, seed). Throws ShapeError for fewer than 2 rows,
  /// ValueError for a code that is not finite or whose square overflows, points < 2.
  template <class... Data>
    requires detail::scores_from<FactorisedSupport, Data...>
  [[nodiscard]] Score operator()(Data&&... data) const {
    return detail::score_rows(*this, data...);
  }

 private:
  friend detail::RowsAccess;

  Score score(detail::Rows const& rows) const {
    detail::check_definition(name, definitions, definition);
    detail::check_square<double>(name, rows.codes.view());
    detail::check_count(name, "points", points, 2);
    detail::Scaling const scaling = detail::Scaling::standard(rows.codes);
    Matrix<double> const codes = scaling(rows.codes);
    std::size_t const used = std::min(points, rows.size());
    Permutation const order(Philox{seed, stream("metric/factorised_support"), 0}, rows.size());
    std::vector<std::vector<double>> columns;
    std::vector<std::size_t> latent;
    for (std::size_t l = 0; l < codes.columns; ++l) {
      if (scaling.scale[l] == 0) continue;
      latent.push_back(l);
      columns.emplace_back(used);
      for (std::size_t i = 0; i < used; ++i) columns.back()[i] = codes(static_cast<std::size_t>(order(i)), l);
    }
    std::size_t const varied = columns.size();
    Matrix<double> distance(codes.columns, codes.columns);
    detail::parallel_for(varied * varied, threads, [&](std::size_t item, std::size_t) {
      std::size_t const a = item / varied;
      std::size_t const b = item % varied;
      if (a < b)
        distance(latent[a], latent[b]) = distance(latent[b], latent[a]) = farthest(columns[a], columns[b]);
    });
    double sum = 0;
    for (double d : distance.values) sum += d / 2;
    double const pairs = static_cast<double>(varied) * static_cast<double>(varied > 0 ? varied - 1 : 0) / 2;
    Score s = detail::begin_score(name, definition, rows, pairs > 0 ? sum / pairs : 0);
    s.lower_is_better = true;
    s.parts.insert(s.parts.end(), {{"sum", sum}, {"varied_latents", static_cast<double>(varied)}});
    s.settings.insert(s.settings.end(),
                      {{"points", static_cast<double>(used)}, {"points_seed", static_cast<double>(seed)}});
    s.choices = {{"codes", "standardised"}, {"pairs", "mean over pairs of latents"}};
    s.tables = {{"distance", "latent", "latent", std::move(distance)}};
    return s;
  }

  /// The largest distance of a pair (a_i, b_j) from the nearest point (a_n, b_n).
  [[nodiscard]] static double farthest(std::vector<double> const& a, std::vector<double> const& b) {
    double largest = 0;  // squared
    for (double x : a)
      for (double y : b) {
        double nearest = INFINITY;
        // A pair that is nearer than the farthest so far cannot be it.
        for (std::size_t n = 0; n < a.size() && nearest > largest; ++n)
          nearest = std::min(nearest, (x - a[n]) * (x - a[n]) + (y - b[n]) * (y - b[n]));
        largest = std::max(largest, nearest);
      }
    return std::sqrt(largest);
  }
};

}  // namespace disentangle::metric
