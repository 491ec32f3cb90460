// SPDX-License-Identifier: Apache-2.0
// Weighted k-nearest-neighbour accuracy (Wu, Xiong, Yu, Lin, "Unsupervised feature learning via
// non-parametric instance discrimination", CVPR 2018), as the code of SimCLR's descendants, DCL, HCL and
// IP-IRM measures it while they train.
//   class of x = argmax_c sum over its k nearest training rows n of class c of exp(cos(x, n) / temperature)
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/backend/cpu/gemm.hpp>
#include <disentangle/backend/cpu/instruction_set.hpp>
#include <disentangle/core/error.hpp>
#include <disentangle/core/matrix_view.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/core/thread_pool.hpp>
#include <disentangle/metric/definition.hpp>
#include <disentangle/metric/detail/feature_accuracy.hpp>
#include <disentangle/metric/detail/parallel_for.hpp>
#include <disentangle/metric/detail/rows.hpp>
#include <disentangle/metric/detail/sample.hpp>
#include <disentangle/metric/gap.hpp>
#include <disentangle/metric/matrix.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric {

namespace detail::inline DISENTANGLE_INSTRUCTION_SET {

/// A training row and its similarity to a test row.
struct Neighbour {
  float similarity;
  std::size_t row;
  /// Nearer ones first, of equals the earlier row: an order without ties, so that the k nearest are the same
  /// in whatever order they are found.
  friend bool operator<(Neighbour const& a, Neighbour const& b) {
    return a.similarity != b.similarity ? a.similarity > b.similarity : a.row < b.row;
  }
};

/// Rows first .. first + count - 1 divided by their lengths; a row of zeros stays one.
template <class T>
void normalised_rows(MatrixView<T const> x, std::size_t first, std::size_t count, float* out) {
  for (std::size_t i = first; i < first + count; ++i, out += x.columns) {
    double largest = 0, squares = 0;
    for (T const v : x.row(i)) largest = std::max(largest, std::abs(static_cast<double>(v)));
    if (largest == 0) {
      std::fill_n(out, x.columns, 0.0f);
      continue;
    }
    for (T const v : x.row(i)) {
      double const scaled = static_cast<double>(v) / largest;
      squares += scaled * scaled;
    }
    double const length = std::sqrt(squares);
    for (std::size_t j = 0; j < x.columns; ++j)
      out[j] = static_cast<float>(static_cast<double>(x(i, j)) / largest / length);
  }
}

/// The k training rows of largest cosine to each test row, (test rows, k), nearest first; k at most the
/// training rows. Holds the test rows in float, the k best of each, and blocks of similarities.
template <class T>
std::vector<Neighbour> nearest_rows(MatrixView<T const> train, MatrixView<T const> test, std::size_t k,
                                    unsigned threads) {
  constexpr std::size_t train_block = 2048, test_block = 128;
  std::size_t const d = test.columns, tasks = (test.rows + test_block - 1) / test_block;
  std::vector<Neighbour> nearest(test.rows * k);
  std::vector<float> test_rows(test.rows * d), train_rows(std::min(train_block, train.rows) * d);
  normalised_rows(test, 0, test.rows, test_rows.data());
  std::vector<std::vector<float>> similarities(std::min<std::size_t>(thread_count(threads), tasks));
  ThreadPool alone(1);  // a product belongs to the thread of its block of test rows
  for (std::size_t first = 0; first < train.rows; first += train_block) {
    std::size_t const n = std::min(train_block, train.rows - first);
    normalised_rows(train, first, n, train_rows.data());
    parallel_for(tasks, threads, [&](std::size_t task, std::size_t worker) {
      std::size_t const begin = task * test_block, m = std::min(test_block, test.rows - begin);
      std::vector<float>& block = similarities[worker];
      block.resize(test_block * train_block);
      backend::cpu::gemm(alone, m, n, d, backend::cpu::row_major(test_rows.data() + begin * d, d),
                         backend::cpu::row_major(train_rows.data(), d).transposed(), block.data(),
                         train_block);
      for (std::size_t i = 0; i < m; ++i) {
        float const* const row = block.data() + i * train_block;
        Neighbour* const heap = nearest.data() + (begin + i) * k;  // the farthest of the best at its front
        std::size_t j = 0;
        for (; first + j < k && j < n; ++j) {
          heap[first + j] = {row[j], first + j};
          if (first + j + 1 == k) std::make_heap(heap, heap + k);
        }
        for (; j < n; ++j) {
          if (row[j] <= heap->similarity) continue;  // of equals the earlier row, which is there
          std::pop_heap(heap, heap + k);
          heap[k - 1] = {row[j], first + j};
          std::push_heap(heap, heap + k);
        }
      }
    });
  }
  parallel_for(tasks, threads, [&](std::size_t task, std::size_t) {
    std::size_t const begin = task * test_block, end = std::min(test.rows, begin + test_block);
    for (std::size_t i = begin; i < end; ++i)
      std::sort(nearest.begin() + static_cast<std::ptrdiff_t>(i * k),
                nearest.begin() + static_cast<std::ptrdiff_t>((i + 1) * k));
  });
  return nearest;
}

}  // namespace detail::inline DISENTANGLE_INSTRUCTION_SET

inline namespace DISENTANGLE_INSTRUCTION_SET {  // the code of matrix products depends on the processor flags

/// The share of test rows whose class the weighted vote of their k nearest training rows names, in [0, 1],
/// higher is better; chance is the share of the largest class. Features are divided by their lengths inside,
/// so that the value does not depend on their scale; a row of zeros has similarity 0 to everything. Of
/// equally near rows the earlier ones are the neighbours, and of classes with the same weight the smallest
/// wins. Of several factors the value is the mean. A label that no training row has counts as wrong.
/// Part `top_5`: the right class is among the five of largest weight, which is 1 where there are at most
/// five. Cost O(train test d), in float; memory a copy of the test features in float, k neighbours for each,
/// and blocks: never train x test.
struct NearestNeighbours {
  static constexpr std::string_view name = "nearest_neighbours";
  static constexpr bool factor_by_factor = true;  ///< takes rows in which labels are missing
  static constexpr Definition definitions[] = {definition::paper};

  std::size_t k = 200;            ///< neighbours that vote, at most the training rows
  double temperature = 0.5;       ///< above 0; the released codes take that of training: 0.5, with MixUp 0.2
  std::size_t num_train = 10000;  ///< points drawn from a source to be neighbours
  std::size_t num_test = 5000;    ///< and to be classified
  Definition definition = definitions[0];
  unsigned threads = 0;  ///< 0: all of the machine; the result does not depend on it

  /// As Dci: metric(codes, factors), metric(codes, factors, train_rows), metric(train_codes, train_factors,
  /// test_codes, test_factors), metric(source, seed). Throws ShapeError for rows or columns that do not fit;
  /// ValueError for a feature that is not finite, a label below -1 (below 0 in spans of labels), a factor of
  /// one value among the training rows, k = 0 and a temperature that is not above 0.
  template <class... Data>
    requires detail::scores_from<NearestNeighbours, Data...>
  [[nodiscard]] Score operator()(Data&&... data) const {
    return detail::score_rows(*this, data...);
  }

  /// Features of networks, (rows, d), with one label each; nothing is copied to double.
  [[nodiscard]] Score operator()(MatrixView<float const> train, std::span<int const> train_labels,
                                 MatrixView<float const> test, std::span<int const> test_labels) const {
    return score_features<float>(
        {train, detail::label_column(train_labels), test, detail::label_column(test_labels)});
  }
  [[nodiscard]] Score operator()(MatrixView<double const> train, std::span<int const> train_labels,
                                 MatrixView<double const> test, std::span<int const> test_labels) const {
    return score_features<double>(
        {train, detail::label_column(train_labels), test, detail::label_column(test_labels)});
  }

 private:
  friend detail::RowsAccess;

  Score score(detail::Rows const& train, detail::Rows const& test) const {
    Matrix<int> const train_labels = detail::labels_of(name, train);
    Matrix<int> const test_labels = detail::labels_of(name, test);
    return score_features<double>(
        {train.codes.view(), train_labels.view(), test.codes.view(), test_labels.view()});
  }

  template <class T>
  Score score_features(detail::LabelledFeatures<T> const& data) const {
    detail::check_definition(name, definitions, definition);
    data.check(name);
    detail::check_count(name, "k", k, 1);
    if (!(temperature > 0))
      throw ValueError(std::string(name) + ": temperature is " + number_text(temperature) +
                       ", expected above 0");
    std::size_t const used = std::min(k, data.train.rows), factors = data.train_labels.columns;
    std::vector<detail::FeatureClasses> classes;
    for (std::size_t f = 0; f < factors; ++f) classes.emplace_back(name, data, f);
    auto const nearest = detail::nearest_rows<T>(data.train, data.test, used, threads);
    std::vector<double> first(factors), first_five(factors);
    for (std::size_t f = 0; f < factors; ++f) {
      detail::TopCounts counts;
      std::vector<double> votes(classes[f].train.values.size());
      for (std::size_t i = 0; i < data.test.rows; ++i) {
        std::fill(votes.begin(), votes.end(), 0.0);
        std::span const row = std::span(nearest).subspan(i * used, used);
        for (detail::Neighbour const& n : row) {
          // Relative to the nearest: no temperature overflows, and the order is the same.
          double const weight = std::exp(
              (static_cast<double>(n.similarity) - static_cast<double>(row[0].similarity)) / temperature);
          votes[static_cast<std::size_t>(classes[f].train.label[n.row])] += weight;
        }
        counts.add(std::span<double const>(votes), classes[f].test[i]);
      }
      first[f] = static_cast<double>(counts.first) / static_cast<double>(data.test.rows);
      first_five[f] = static_cast<double>(counts.first_five) / static_cast<double>(data.test.rows);
    }
    Score s;
    s.metric = name;
    s.definition = definition.name;
    s.value = mean(first);
    s.parts = {{std::string(name), s.value}, {"top_1", s.value}, {"top_5", mean(first_five)}};
    s.chance = detail::majority_accuracy(data.train_labels, data.test_labels);
    s.settings = {{"train_rows", static_cast<double>(data.train.rows)},
                  {"test_rows", static_cast<double>(data.test.rows)},
                  {"k", static_cast<double>(used)},
                  {"temperature", temperature}};
    s.choices = {{"classifier", "k nearest neighbours by cosine, weights exp(cosine / temperature)"}};
    s.tables = {Table::vector("top_1_per_factor", "factor", std::move(first)),
                Table::vector("top_5_per_factor", "factor", std::move(first_five))};
    return s;
  }
};

}  // namespace DISENTANGLE_INSTRUCTION_SET

}  // namespace disentangle::metric
