// SPDX-License-Identifier: Apache-2.0
// The matrix of mutual informations of binned codes and factors, from which MIG and a dozen of its relatives
// are made, and how their scores begin and end.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/metric/definition.hpp>
#include <disentangle/metric/detail/rows.hpp>
#include <disentangle/metric/mutual_information.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric::detail {

struct InformationTable {
  int bins = 0;
  Matrix<int> codes;                   // (rows, latents) bins
  Matrix<int> factors;                 // (rows, factors) labels
  Matrix<double> information;          // (latents, factors), nats
  std::vector<double> latent_entropy;  // of the bins
  std::vector<double> factor_entropy;  // above 0: every factor varies
};

/// How far plug-in mutual informations of these tables are too large on average where nothing depends on
/// anything, (bins - 1)(values - 1) / (2 rows) with the bins and values that occur (Miller, Madow), nats.
inline Matrix<double> plug_in_bias(Matrix<int> const& codes, Matrix<int> const& factors) {
  auto const columns = [](Matrix<int> const& m) { return renumber_columns(m.view()); };
  auto const a = columns(codes);
  auto const b = columns(factors);
  Matrix<double> bias(a.size(), b.size());
  for (std::size_t l = 0; l < a.size(); ++l)
    for (std::size_t k = 0; k < b.size(); ++k)
      bias(l, k) = static_cast<double>(a[l].size - 1) * static_cast<double>(b[k].size - 1) /
                   (2 * static_cast<double>(codes.rows));
  return bias;
}

/// Bins the codes: scaled to 0 .. 1 first for ubisoft and dcf, and for dcf the factors too.
inline InformationTable information_table(std::string_view metric, Rows const& rows, int bins,
                                          Definition definition = definition::disentanglement_lib) {
  InformationTable t;
  t.bins = bins;
  if (definition == definition::dcf) {
    check_varied(metric, rows);
    t.factors = discretise_scaled(rows.factors.view(), bins);
  } else {
    t.factors = varied_labels_of(metric, rows);
  }
  t.codes = definition == definition::ubisoft || definition == definition::dcf
                ? discretise_scaled(rows.codes.view(), bins)
                : binned_codes(rows, bins);
  t.information = mutual_information_matrix(t.codes.view(), t.factors.view());
  t.latent_entropy = entropies(t.codes.view());
  t.factor_entropy = entropies(t.factors.view());
  return t;
}

/// A score of rows with its headline number; parts begin with it.
inline Score begin_score(std::string_view metric, Definition definition, Rows const& rows, double value) {
  Score s;
  s.metric = metric;
  s.definition = definition.name;
  s.value = value;
  s.parts = {{std::string(metric), value}};
  s.settings = {{"rows", static_cast<double>(rows.size())}};
  return s;
}

/// The same for a metric of the table, with what all of them say of it. per is "factor" or "latent", each
/// what the value averages.
inline Score begin_score(std::string_view metric, Definition definition, Rows const& rows,
                         InformationTable table, double value, std::string_view per,
                         std::vector<double> each) {
  Score s = begin_score(metric, definition, rows, value);
  s.settings.emplace_back("bins", static_cast<double>(table.bins));
  s.choices = {{"estimator", "equal-width histogram, plug-in, nats"},
               {"codes", rows.single ? "float32" : "float64"}};
  s.tables = {
      Table::vector(std::string(metric) + "_per_" + std::string(per), std::string(per), std::move(each)),
      Table::vector("factor_entropy", "factor", std::move(table.factor_entropy)),
      {"mutual_information", "latent", "factor", std::move(table.information)},
      {"plug_in_bias", "latent", "factor", plug_in_bias(table.codes, table.factors)}};
  return s;
}

/// The information divided by the entropy of its factor, (latents, factors).
inline Matrix<double> relative_information(InformationTable const& t) {
  Matrix<double> relative = t.information;
  for (std::size_t l = 0; l < relative.rows; ++l)
    for (std::size_t k = 0; k < relative.columns; ++k) relative(l, k) /= t.factor_entropy[k];
  return relative;
}

/// The information divided by the entropy of its binned code, 0 for a constant one, (latents, factors).
inline Matrix<double> information_by_code(InformationTable const& t) {
  Matrix<double> relative = t.information;
  for (std::size_t l = 0; l < relative.rows; ++l)
    for (double& i : relative.row(l)) i = t.latent_entropy[l] > 0 ? i / t.latent_entropy[l] : 0;
  return relative;
}

/// Rows and columns exchanged.
inline Matrix<double> transposed(Matrix<double> const& m) {
  Matrix<double> t(m.columns, m.rows);
  for (std::size_t i = 0; i < m.rows; ++i)
    for (std::size_t j = 0; j < m.columns; ++j) t(j, i) = m(i, j);
  return t;
}

/// The number of the largest entry of a column, the first of equals.
inline std::size_t best_row(Matrix<double> const& m, std::size_t column) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < m.rows; ++i)
    if (m(i, column) > m(best, column)) best = i;
  return best;
}

}  // namespace disentangle::metric::detail
