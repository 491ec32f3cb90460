// SPDX-License-Identifier: Apache-2.0
// A table of labels, in which any combinations may be missing or repeated, and a function from rows to codes:
// a data set with labels followed by an encoder.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/factor.hpp>
#include <disentangle/core/matrix_view.hpp>
#include <disentangle/metric/detail/check.hpp>
#include <disentangle/metric/factor_source.hpp>
#include <disentangle/metric/mutual_information.hpp>

namespace disentangle::metric {

namespace detail {
inline constexpr std::string_view why_sources_need_labels =
    "batches that share or vary one factor are drawn by the labels of all";
}

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
    detail::check_factors("LabelledSource", labels.rows, labels, 1, detail::why_sources_need_labels);
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
    slices_.resize(labels.columns);
  }

  std::size_t latents() const { return latents_; }
  std::span<Factor const> factors() const { return factors_; }
  /// Different points.
  std::size_t rows() const { return rows_; }

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

  std::vector<std::size_t> distinct(random_integers auto& rng, std::size_t most) const {
    std::vector<std::size_t> rows(rows_);
    for (std::size_t i = 0; i < rows_; ++i) rows[i] = i;
    return distinct_of(std::move(rows), rng, most);
  }

  std::vector<std::size_t> distinct_sharing(std::size_t k, random_integers auto& rng,
                                            std::size_t most) const {
    auto const& values = having_[k];
    return distinct_of(
        values[static_cast<std::size_t>(rng.integer(static_cast<std::uint32_t>(values.size())))], rng, most);
  }

  /// Throws ValueError where no two rows differ in factor k alone.
  std::vector<std::size_t> distinct_varying(std::size_t k, random_integers auto& rng,
                                            std::size_t most) const {
    Slices const& slices = slices_of(k);
    if (slices.first.size() < 2)
      throw ValueError("LabelledSource: no two of " + std::to_string(rows_) + " rows differ in factor " +
                       factors_[k].name + " alone, expected some that do");
    std::size_t const s =
        static_cast<std::size_t>(rng.integer(static_cast<std::uint32_t>(slices.first.size() - 1)));
    return distinct_of({slices.rows.begin() + static_cast<std::ptrdiff_t>(slices.first[s]),
                        slices.rows.begin() + static_cast<std::ptrdiff_t>(slices.first[s + 1])},
                       rng, most);
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
  /// Up to `most` of the rows, in a random order; all where there are no more.
  static std::vector<std::size_t> distinct_of(std::vector<std::size_t> rows, random_integers auto& rng,
                                              std::size_t most) {
    if (rows.size() <= most) return rows;
    for (std::size_t i = 0; i < most; ++i)
      std::swap(rows[i],
                rows[i + static_cast<std::size_t>(rng.integer(static_cast<std::uint32_t>(rows.size() - i)))]);
    rows.resize(most);
    return rows;
  }

  /// Rows in groups that agree in all factors but one, in which they take at least two values.
  struct Slices {
    std::vector<std::size_t> rows;   // group after group
    std::vector<std::size_t> first;  // of each group in rows, and the end
  };
  Slices const& slices_of(std::size_t k) const {
    if (!slices_[k].first.empty()) return slices_[k];
    auto const compare = [&](std::size_t a, std::size_t b) {
      for (std::size_t j = 0; j < labels_.size(); ++j)
        if (j != k && labels_[j][a] != labels_[j][b]) return labels_[j][a] < labels_[j][b] ? -1 : 1;
      return 0;
    };
    std::vector<std::size_t> order(rows_);
    for (std::size_t i = 0; i < rows_; ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      int const c = compare(a, b);
      return c != 0 ? c < 0 : a < b;
    });
    Slices& slices = slices_[k];
    slices.first.push_back(0);
    for (std::size_t i = 0, end = 0; i < rows_; i = end) {
      bool varies = false;
      for (end = i; end < rows_ && compare(order[i], order[end]) == 0; ++end)
        varies = varies || labels_[k][order[end]] != labels_[k][order[i]];
      if (!varies) continue;
      for (std::size_t j = i; j < end; ++j) slices.rows.push_back(order[j]);
      slices.first.push_back(slices.rows.size());
    }
    return slices;
  }

  std::size_t rows_;
  std::size_t latents_;
  Encode encode_;
  std::vector<Factor> factors_;
  std::vector<std::vector<int>> labels_;                       // [factor][row]
  std::vector<std::vector<std::vector<std::size_t>>> having_;  // [factor][value] -> rows
  mutable std::vector<Slices> slices_;                         // [factor], made when first asked for
};

}  // namespace disentangle::metric
