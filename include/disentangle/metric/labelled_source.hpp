// SPDX-License-Identifier: Apache-2.0
// A table of labels, in which any combinations may be missing or repeated, and a function from rows to codes:
// a data set with labels followed by an encoder.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/factor.hpp>
#include <disentangle/core/matrix_view.hpp>
#include <disentangle/metric/detail/check.hpp>
#include <disentangle/metric/factor_source.hpp>
#include <disentangle/metric/mutual_information.hpp>

namespace disentangle::metric {

/// A factor_source over the rows of a table of labels. Encode is called as
/// encode(std::span<std::size_t const> rows, MatrixView<double> codes). Rows are drawn uniformly and with
/// replacement; a batch that shares a factor's value is drawn uniformly among the rows that have the value of
/// its first row, so the other factors follow the table, not a uniform grid. The labels are copied; a value's
/// number in 0 .. cardinality - 1 is its rank among the distinct values of the column. Memory: two integers
/// per label.
template <std::invocable<std::span<std::size_t const>, MatrixView<double>> Encode>
class LabelledSource {
 public:
  /// labels: (rows, factors), 0 or more. names may be empty ("factor 0", ...). Throws ShapeError for no rows
  /// or a wrong number of names, ValueError for a label below 0 (-1 is "missing": leave such rows out).
  LabelledSource(MatrixView<int const> labels, std::vector<std::string> names, std::size_t latents,
                 Encode encode)
      : rows_(labels.rows), latents_(latents), encode_(std::move(encode)) {
    detail::check_factors("LabelledSource", labels.rows, labels, 1);
    if (latents_ == 0) throw ShapeError("LabelledSource: found 0 latents, expected at least 1");
    if (!names.empty() && names.size() != labels.columns)
      throw ShapeError("LabelledSource: " + std::to_string(names.size()) + " names for " +
                       std::to_string(labels.columns) + " factors, expected one each");
    for (std::size_t k = 0; k < labels.columns; ++k) {
      std::vector<int> column(labels.rows);
      for (std::size_t i = 0; i < labels.rows; ++i) column[i] = labels(i, k);
      detail::Renumbered numbered = detail::renumber(column);
      factors_.push_back(
          {names.empty() ? "factor " + std::to_string(k) : names[k], static_cast<int>(numbered.size)});
      std::vector<std::vector<std::size_t>> having(numbered.size);
      for (std::size_t i = 0; i < labels.rows; ++i)
        having[static_cast<std::size_t>(numbered.label[i])].push_back(i);
      labels_.push_back(std::move(numbered.label));
      having_.push_back(std::move(having));
    }
  }

  std::size_t latents() const { return latents_; }
  std::span<Factor const> factors() const { return factors_; }

  void draw(random_integers auto& rng, std::span<std::size_t> points) const {
    for (std::size_t& p : points)
      p = static_cast<std::size_t>(rng.integer(static_cast<std::uint32_t>(rows_)));
  }

  void draw_sharing(std::size_t k, random_integers auto& rng, std::span<std::size_t> points) const {
    if (points.empty()) return;
    draw(rng, points.first(1));
    for (std::size_t& p : points.subspan(1)) p = one_of(having(k, points[0]), rng);
  }

  void draw_matching(std::size_t k, std::span<std::size_t const> like, random_integers auto& rng,
                     std::span<std::size_t> points) const {
    for (std::size_t i = 0; i < points.size(); ++i) points[i] = one_of(having(k, like[i]), rng);
  }

  void labels(std::span<std::size_t const> points, MatrixView<int> out) const {
    for (std::size_t i = 0; i < points.size(); ++i)
      for (std::size_t k = 0; k < labels_.size(); ++k) out(i, k) = labels_[k][points[i]];
  }

  void encode(std::span<std::size_t const> points, MatrixView<double> codes) const { encode_(points, codes); }

 private:
  std::vector<std::size_t> const& having(std::size_t k, std::size_t like) const {
    return having_[k][static_cast<std::size_t>(labels_[k][like])];
  }
  static std::size_t one_of(std::vector<std::size_t> const& rows, random_integers auto& rng) {
    return rows[static_cast<std::size_t>(rng.integer(static_cast<std::uint32_t>(rows.size())))];
  }

  std::size_t rows_;
  std::size_t latents_;
  Encode encode_;
  std::vector<Factor> factors_;
  std::vector<std::vector<int>> labels_;                       // [factor][row]
  std::vector<std::vector<std::vector<std::size_t>>> having_;  // [factor][value] -> rows
};

}  // namespace disentangle::metric
