// SPDX-License-Identifier: Apache-2.0
// The call operator that all metrics of single rows share. A metric says
//     template <class... Data>
//       requires detail::scores_from<Mig, Data...>
//     Score operator()(Data&&... data) const {
//       return detail::score_rows(*this, data...);
//     }
// and has, with detail::RowsAccess for a friend, one of the private members
//     Score score(detail::Rows const& rows) const;
//     Score score(detail::Rows const& train, detail::Rows const& test) const;
// Users then call it with
//     metric(codes, factors)             matrices, see metric/matrix_like.hpp: all rows; where some train and
//                                        others test, the first two thirds train, in the order given
//     metric(codes)                      where it looks at codes alone (label_free)
//     metric(codes, factors, train_rows) the first train_rows train, the others test
//     metric(train_codes, train_factors, test_codes, test_factors)
//     metric(source, seed or rng)        num_train (and num_test) rows drawn from a factor_source
// A base class would say the same, but g++ then warns (-Wextra) at every Mig{.bins = 10} of a user.
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/metric/detail/check.hpp>
#include <disentangle/metric/detail/sample.hpp>
#include <disentangle/metric/discretiser.hpp>
#include <disentangle/metric/factor_source.hpp>
#include <disentangle/metric/matrix.hpp>
#include <disentangle/metric/matrix_like.hpp>
#include <disentangle/metric/random.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric::detail {

/// Rows as metrics see them, whatever the user's number types.
struct Rows {
  Matrix<double> codes;    // (rows, latents)
  Matrix<double> factors;  // (rows, factors)
  bool single = false;     // codes came in single precision: edges of bins are rounded to it
  bool whole = true;       // factors came as integers

  std::size_t size() const { return codes.rows; }
  std::size_t latents() const { return codes.columns; }
  std::size_t factor_count() const { return factors.columns; }
};

template <matrix_like C, matrix_like F>
Rows rows_of(C const& codes, F const& factors) {
  return {copy_of<double>(codes), copy_of<double>(factors), std::is_same_v<value_of<C>, float>,
          std::is_integral_v<value_of<F>>};
}

/// n independent points of the source, labels as integers.
template <factor_source Source>
Rows draw_rows(Source const& source, std::size_t n, random_integers auto& rng) {
  Rows rows;
  rows.codes = Matrix<double>(n, source.latents());
  std::vector<std::size_t> points(n);
  source.draw(rng, points);
  Matrix<int> labels(n, source.factors().size());
  source.labels(points, labels.view());
  rows.factors = Matrix<double>(labels.rows, labels.columns);
  for (std::size_t i = 0; i < labels.values.size(); ++i) rows.factors.values[i] = labels.values[i];
  source.encode(points, rows.codes.view());
  return rows;
}

inline Rows part_of(Rows const& all, std::size_t first, std::size_t count) {
  auto const cut = [&](Matrix<double> const& m) {
    Matrix<double> part(count, m.columns);
    for (std::size_t i = 0; i < part.values.size(); ++i) part.values[i] = m.values[first * m.columns + i];
    return part;
  };
  return {cut(all.codes), cut(all.factors), all.single, all.whole};
}

/// Checks codes, factors and their numbers of rows: see check_codes and check_factors.
inline void check_rows(std::string_view metric, Rows const& rows, std::size_t minimum_rows) {
  check_codes<double>(metric, rows.codes.view());
  check_extents(metric, rows.size(), rows.factors.rows, rows.factors.columns, minimum_rows);
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t k = 0; k < rows.factor_count(); ++k) {
      double const value = rows.factors(i, k);
      if (rows.whole) {
        check_label(metric, static_cast<long>(value), i, k);
      } else if (!std::isfinite(value)) {
        throw ValueError(std::string(metric) + ": factor value " + std::to_string(value) + " in row " +
                         std::to_string(i) + ", factor " + std::to_string(k) +
                         ", expected a finite number (NaN means missing: leave such rows out)");
      }
    }
}

/// The factors as labels. Throws ValueError for a value that is no whole number from 0: definitions that
/// count the values of a factor need them.
inline Matrix<int> labels_of(std::string_view metric, Rows const& rows) {
  Matrix<int> labels(rows.factors.rows, rows.factors.columns);
  for (std::size_t i = 0; i < labels.values.size(); ++i) {
    double const value = rows.factors.values[i];
    if (!(value >= 0 && value <= 2147483647.0 && std::floor(value) == value))
      throw ValueError(std::string(metric) + ": factor value " + std::to_string(value) + " in row " +
                       std::to_string(i / labels.columns) + ", factor " + std::to_string(i % labels.columns) +
                       ", expected whole numbers from 0: this definition counts the values of a factor "
                       "(metric::discretise bins a continuous one)");
    labels.values[i] = static_cast<int>(value);
  }
  return labels;
}

/// The labels, each factor having at least two values.
inline Matrix<int> varied_labels_of(std::string_view metric, Rows const& rows) {
  Matrix<int> const labels = labels_of(metric, rows);
  for (std::size_t k = 0; k < labels.columns; ++k) (void)classes(metric, labels.view(), k);
  return labels;
}

/// Throws ValueError for a factor of a single value, whether or not factors are whole numbers.
inline void check_varied(std::string_view metric, Rows const& rows) {
  for (std::size_t k = 0; k < rows.factor_count(); ++k) {
    std::size_t i = 1;
    while (i < rows.size() && rows.factors(i, k) == rows.factors(0, k)) ++i;
    if (i == rows.size())
      throw ValueError(std::string(metric) + ": factor " + std::to_string(k) + " takes only the value " +
                       (rows.whole ? std::to_string(static_cast<long>(rows.factors(0, k)))
                                   : std::to_string(rows.factors(0, k))) +
                       " in " + std::to_string(rows.size()) +
                       " rows, expected at least 2 values (leave constant factors out)");
  }
}

/// A column of a matrix.
inline std::vector<double> column_of(Matrix<double> const& m, std::size_t j) {
  std::vector<double> column(m.rows);
  for (std::size_t i = 0; i < m.rows; ++i) column[i] = m(i, j);
  return column;
}

/// Equal-width bins per latent, with edges in the precision in which the codes came.
inline Matrix<int> binned_codes(Rows const& rows, int bins) {
  if (!rows.single) return discretise<double>(rows.codes.view(), bins);
  Matrix<float> const codes = copy_of<float>(rows.codes);
  return discretise<float>(codes.view(), bins);
}

struct RowsAccess {
  /// Whether the metric says that it looks at codes alone.
  template <class M>
  static constexpr bool label_free = requires {
    requires M::label_free;
  };
  template <class M>
  static constexpr bool splits = requires(M const& metric, Rows const& rows) {
    metric.score(rows, rows);
  };

  template <class M>
  static Score of_all(M const& metric, Rows const& rows) {
    if constexpr (label_free<M>) {
      check_codes<double>(M::name, rows.codes.view());
      check_extents(M::name, rows.size(), rows.size(), 1, 2);
    } else {
      check_rows(M::name, rows, 2);
    }
    return metric.score(rows);
  }
  template <class M>
  static Score of_split(M const& metric, Rows const& train, Rows const& test) {
    check_rows(M::name, train, 2);
    check_rows(M::name, test, 1);
    check_same_columns(M::name, train.latents(), train.factor_count(), test.latents(), test.factor_count());
    return metric.score(train, test);
  }
  template <class M>
  static Score of_first(M const& metric, Rows const& rows, std::size_t train_rows) {
    check_rows(M::name, rows, 3);
    std::size_t const train = check_split(M::name, rows.size(), train_rows);
    return of_split(metric, part_of(rows, 0, train), part_of(rows, train, rows.size() - train));
  }
};

template <class M>
concept splits_rows = RowsAccess::splits<M>;

template <class M, matrix_like C>
  requires RowsAccess::label_free<M> Score score_rows(M const& metric, C const& codes) {
    Rows rows;
    rows.codes = copy_of<double>(codes);
    rows.single = std::is_same_v<value_of<C>, float>;
    return RowsAccess::of_all(metric, rows);
  }

template <class M, matrix_like C, matrix_like F>
Score score_rows(M const& metric, C const& codes, F const& factors) {
  Rows const rows = rows_of(codes, factors);
  if constexpr (splits_rows<M>) {
    return RowsAccess::of_first(metric, rows, rows.size() * 2 / 3);
  } else {
    return RowsAccess::of_all(metric, rows);
  }
}

template <splits_rows M, matrix_like C, matrix_like F>
Score score_rows(M const& metric, C const& codes, F const& factors, std::size_t train_rows) {
  return RowsAccess::of_first(metric, rows_of(codes, factors), train_rows);
}

template <splits_rows M, matrix_like C, matrix_like F, matrix_like D, matrix_like G>
Score score_rows(M const& metric, C const& train_codes, F const& train_factors, D const& test_codes,
                 G const& test_factors) {
  return RowsAccess::of_split(metric, rows_of(train_codes, train_factors), rows_of(test_codes, test_factors));
}

template <class M, factor_source Source>
Score score_rows(M const& metric, Source const& source, random_integers auto& rng) {
  Score score = [&] {
    Rows const train = draw_rows(source, metric.num_train, rng);
    if constexpr (splits_rows<M>) {
      return RowsAccess::of_split(metric, train, draw_rows(source, metric.num_test, rng));
    } else {
      return RowsAccess::of_all(metric, train);
    }
  }();
  name_factors(score, source);
  return score;
}

template <class M, factor_source Source>
Score score_rows(M const& metric, Source const& source, Seed const& seed) {
  RandomIntegers rng(seed, "metric/" + std::string(M::name));
  return score_rows(metric, source, rng);
}

/// What a metric of rows can be called with.
template <class M, class... Data>
concept scores_from = requires(M const& metric, Data&... data) {
  score_rows(metric, data...);
};

}  // namespace disentangle::metric::detail
