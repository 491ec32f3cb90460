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
// A metric that says `factor_by_factor = true` takes rows in which labels are missing (-1, or NaN among real
// factors): each factor is then scored alone, on the rows that have it. One that does not may say why in
// `needs_all_labels`, which the error repeats. A base class would say the same, but g++ then warns (-Wextra)
// at every Mig{.bins = 10} of a user.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/metric/detail/by_factor.hpp>
#include <disentangle/metric/detail/check.hpp>
#include <disentangle/metric/detail/row_table.hpp>
#include <disentangle/metric/detail/sample.hpp>
#include <disentangle/metric/detail/score_warnings.hpp>
#include <disentangle/metric/factor_source.hpp>
#include <disentangle/metric/matrix.hpp>
#include <disentangle/metric/matrix_like.hpp>
#include <disentangle/metric/random.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric::detail {

struct RowsAccess {
  /// Whether the metric says that it looks at codes alone.
  template <class M>
  static constexpr bool label_free = requires { requires M::label_free; };
  template <class M>
  static constexpr bool splits = requires(M const& metric, Rows const& rows) { metric.score(rows, rows); };

  /// Whether the metric says that it looks at factors one by one, so that a missing label concerns its own
  /// factor alone; and why not, where it says so.
  template <class M>
  static constexpr MissingLabels missing_labels() {
    if constexpr (requires { M::factor_by_factor; }) return {M::factor_by_factor, {}};
    else if constexpr (requires { M::needs_all_labels; }) return {false, M::needs_all_labels};
    else return {};
  }

  template <class M>
  static Score of_all(M const& metric, Rows const& rows) {
    Score score = all_rows(metric, rows);
    warn_of_rows<M>(score, rows);
    return score;
  }
  template <class M>
  static Score all_rows(M const& metric, Rows const& rows) {
    if constexpr (label_free<M>) {
      check_codes<double>(M::name, rows.codes.view());
      check_extents(M::name, rows.size(), rows.size(), 1, 2);
    } else {
      check_rows(M::name, rows, 2, missing_labels<M>());
      if constexpr (missing_labels<M>().accepted) {
        if (has_missing(rows)) {
          auto const each = scores_of_factors(rows.factor_count(), [&](std::size_t k) {
            return metric.score(known_rows(M::name, rows, k, 2));
          });
          Score joined = join(metric, each);
          name_known_rows(joined, "rows", rows);
          return joined;
        }
      }
    }
    return metric.score(rows);
  }
  template <class M>
  static Score of_split(M const& metric, Rows const& train, Rows const& test) {
    Score score = split_rows(metric, train, test);
    warn_of_rows<M>(score, train, test.size());
    return score;
  }
  template <class M>
  static Score split_rows(M const& metric, Rows const& train, Rows const& test) {
    check_rows(M::name, train, 2, missing_labels<M>());
    check_rows(M::name, test, 1, missing_labels<M>());
    check_same_columns(M::name, train.latents(), train.factor_count(), test.latents(), test.factor_count());
    if constexpr (missing_labels<M>().accepted) {
      if (has_missing(train) || has_missing(test)) {
        auto const each = scores_of_factors(train.factor_count(), [&](std::size_t k) {
          return metric.score(known_rows(M::name, train, k, 2), known_rows(M::name, test, k, 1));
        });
        Score joined = join(metric, each);
        name_known_rows(joined, "train_rows", train);
        name_known_rows(joined, "test_rows", test);
        return joined;
      }
    }
    return metric.score(train, test);
  }
  /// Scores of single factors as one. What a metric says across factors it writes by summarise(score), from
  /// the tables.
  template <class M>
  static Score join(M const& metric, std::vector<Score> const& each) {
    Score joined = joined_over_factors(each);
    if constexpr (requires { metric.summarise(joined); }) metric.summarise(joined);
    return joined;
  }

  template <class M>
  static Score of_first(M const& metric, Rows const& rows, std::size_t train_rows) {
    check_rows(M::name, rows, 3, missing_labels<M>());
    std::size_t const train = check_split(M::name, rows.size(), train_rows);
    return of_split(metric, part_of(rows, 0, train), part_of(rows, train, rows.size() - train));
  }
};

template <class M>
concept splits_rows = RowsAccess::splits<M>;

template <class M, matrix_like C>
  requires RowsAccess::label_free<M>
Score score_rows(M const& metric, C const& codes) {
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
concept scores_from = requires(M const& metric, Data&... data) { score_rows(metric, data...); };

}  // namespace disentangle::metric::detail
