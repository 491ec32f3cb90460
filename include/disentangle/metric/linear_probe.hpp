// SPDX-License-Identifier: Apache-2.0
// The linear probe: test accuracy of a linear classifier trained on fixed features, as the code of SimCLR's
// descendants, DCL, HCL and IP-IRM trains it.
//   minimise mean over a batch of -log softmax(W x + b)[y]   by Adam, weight decay added to the gradient
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
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
#include <disentangle/core/philox.hpp>
#include <disentangle/core/thread_pool.hpp>
#include <disentangle/metric/definition.hpp>
#include <disentangle/metric/detail/feature_accuracy.hpp>
#include <disentangle/metric/detail/rows.hpp>
#include <disentangle/metric/detail/sample.hpp>
#include <disentangle/metric/gap.hpp>
#include <disentangle/metric/matrix.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric {

namespace detail::inline DISENTANGLE_INSTRUCTION_SET {

/// A linear softmax classifier in float, and Adam's moments of its parameters.
class LinearSoftmax {
 public:
  /// Every parameter uniform in +-1 / sqrt(features), as PyTorch's Linear begins.
  LinearSoftmax(std::size_t features, std::size_t classes, Philox const& start)
      : features_(features), classes_(classes), parameters_((features + 1) * classes) {
    float const bound = 1 / std::sqrt(static_cast<float>(features));
    for (std::size_t i = 0; i < parameters_.size(); ++i) parameters_[i] = bound * (2 * start.uniform(i) - 1);
    gradient_.resize(parameters_.size());
    first_moment_.resize(parameters_.size());
    second_moment_.resize(parameters_.size());
  }

  /// Scores of rows of x, (rows, classes).
  void scores(ThreadPool& pool, float const* x, std::size_t rows, float* out) const {
    backend::cpu::gemm(pool, rows, classes_, features_, backend::cpu::row_major(x, features_),
                       backend::cpu::row_major(parameters_.data(), classes_), out, classes_, false,
                       parameters_.data() + features_ * classes_);
  }

  /// The gradient of the mean cross entropy, taken from the scores, which become probabilities less targets.
  void backward(ThreadPool& pool, float const* x, std::size_t rows, float* scores,
                std::span<int const> labels) {
    float* const bias = gradient_.data() + features_ * classes_;
    std::fill_n(bias, classes_, 0.0f);
    for (std::size_t i = 0; i < rows; ++i) {
      float* const row = scores + i * classes_;
      float const largest = *std::max_element(row, row + classes_);
      float sum = 0;
      for (std::size_t c = 0; c < classes_; ++c) sum += row[c] = std::exp(row[c] - largest);
      for (std::size_t c = 0; c < classes_; ++c) {
        row[c] = (row[c] / sum - (static_cast<std::size_t>(labels[i]) == c)) / static_cast<float>(rows);
        bias[c] += row[c];
      }
    }
    backend::cpu::gemm(pool, features_, classes_, rows, backend::cpu::row_major(x, features_).transposed(),
                       backend::cpu::row_major(static_cast<float const*>(scores), classes_), gradient_.data(),
                       classes_);
  }

  /// One step of Adam (betas 0.9 and 0.999, epsilon 1e-8) with the decay in the gradient, biases included.
  void update(double rate, double weight_decay) {
    constexpr float beta1 = 0.9f, beta2 = 0.999f;
    ++steps_;
    double const correction1 = 1 - std::pow(0.9, static_cast<double>(steps_)),
                 correction2 = 1 - std::pow(0.999, static_cast<double>(steps_));
    auto const step = static_cast<float>(rate / correction1), decay = static_cast<float>(weight_decay),
               scale = static_cast<float>(1 / std::sqrt(correction2));
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      float const g = gradient_[i] + decay * parameters_[i];
      first_moment_[i] = beta1 * first_moment_[i] + (1 - beta1) * g;
      second_moment_[i] = beta2 * second_moment_[i] + (1 - beta2) * g * g;
      parameters_[i] -= step * first_moment_[i] / (std::sqrt(second_moment_[i]) * scale + 1e-8f);
    }
  }

 private:
  std::size_t features_, classes_;
  std::vector<float> parameters_, gradient_, first_moment_, second_moment_;  // W (features, classes), then b
  std::uint64_t steps_ = 0;
};

}  // namespace detail::inline DISENTANGLE_INSTRUCTION_SET

inline namespace DISENTANGLE_INSTRUCTION_SET {  // the code of matrix products depends on the processor flags

/// The share of test rows that a linear classifier of fixed features gets right after its last epoch, in [0,
/// 1], higher is better; the mean over factors where there are several. Parts: `top_5`, the right class is
/// among five; `best_epoch_top_1` and `best_epoch_top_5`, of the epoch whose top-1 on the *test* rows is
/// highest (table `epoch_top_1` has all), which is optimistic and never the value.
/// The released code trains on augmented images that go through the network in every epoch, and in training
/// mode, so that the running means of BatchNorm drift under the frozen weights. Here features are computed
/// once, by the network as it is scored, without augmentation; values differ from theirs by what these two
/// are worth. Features are taken as they come, not of unit length; `standardise` gives every column mean 0
/// and deviation 1 by the training rows. A label that no training row has counts as wrong. Cost O(epochs rows
/// d classes), in float; memory a batch of features.
struct LinearProbe {
  static constexpr std::string_view name = "linear_probe";
  static constexpr bool factor_by_factor = true;  ///< takes rows in which labels are missing
  static constexpr Definition definitions[] = {definition::paper};

  std::size_t epochs = 100;       ///< passes over the training rows, each in its own order
  std::size_t batch = 512;        ///< rows of a step; the last of an epoch has what is left
  double rate = 1e-3;             ///< Adam's
  double weight_decay = 1e-6;     ///< added to the gradient as weight_decay * parameter
  bool standardise = false;       ///< columns first, for codes of very different scales
  std::uint64_t seed = 0;         ///< of the start and of the order of rows
  std::size_t num_train = 10000;  ///< points drawn from a source to train on
  std::size_t num_test = 5000;    ///< and to test on
  Definition definition = definitions[0];
  unsigned threads = 0;  ///< 0: all of the machine; the result does not depend on it

  /// As Dci: metric(codes, factors), metric(codes, factors, train_rows), metric(train_codes, train_factors,
  /// test_codes, test_factors), metric(source, seed). Throws ShapeError for rows or columns that do not fit;
  /// ValueError for a feature that is not finite in float, a label below -1 (below 0 in spans of labels), a
  /// factor of one value among the training rows, epochs or batch of 0, a rate that is not above 0 and a
  /// weight decay below 0; NumericalError where training diverges.
  template <class... Data>
    requires detail::scores_from<LinearProbe, Data...>
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

  /// A column less its shift, times its scale, in float.
  struct Columns {
    std::vector<double> shift, scale;

    template <class T>
    void gather(MatrixView<T const> x, std::size_t row, float* out) const {
      for (std::size_t j = 0; j < x.columns; ++j)
        out[j] = static_cast<float>((static_cast<double>(x(row, j)) - shift[j]) * scale[j]);
    }
  };

  template <class T>
  Columns columns_of(MatrixView<T const> x) const {
    Columns c{std::vector<double>(x.columns, 0.0), std::vector<double>(x.columns, 1.0)};
    if (!standardise) return c;
    auto const n = static_cast<double>(x.rows);
    std::vector<double> squares(x.columns, 0.0);
    for (std::size_t i = 0; i < x.rows; ++i)
      for (std::size_t j = 0; j < x.columns; ++j) c.shift[j] += static_cast<double>(x(i, j)) / n;
    for (std::size_t i = 0; i < x.rows; ++i)
      for (std::size_t j = 0; j < x.columns; ++j) {
        double const off = static_cast<double>(x(i, j)) - c.shift[j];
        squares[j] += off * off / n;
      }
    for (std::size_t j = 0; j < x.columns; ++j) {
      bool const constant = std::sqrt(squares[j]) <= 1e-9 * std::abs(c.shift[j]);
      c.scale[j] = constant ? 1 : 1 / std::sqrt(squares[j]);
    }
    return c;
  }

  void check_settings() const {
    detail::check_definition(name, definitions, definition);
    detail::check_count(name, "epochs", epochs, 1);
    detail::check_count(name, "batch", batch, 1);
    if (!(rate > 0))
      throw ValueError(std::string(name) + ": rate is " + number_text(rate) + ", expected above 0");
    if (!(weight_decay >= 0))
      throw ValueError(std::string(name) + ": weight_decay is " + number_text(weight_decay) +
                       ", expected 0 or more");
  }

  template <class T>
  Score score_features(detail::LabelledFeatures<T> const& data) const {
    check_settings();
    data.check(name);
    detail::check_float_range<T>(name, data.train);
    detail::check_float_range<T>(name, data.test);
    std::size_t const factors = data.train_labels.columns;
    Columns const columns = columns_of<T>(data.train);
    ThreadPool pool(threads);
    Matrix<double> top_1(epochs, factors), top_5(epochs, factors);
    std::vector<double> last_1(factors), last_5(factors), best_1(factors), best_5(factors);
    for (std::size_t f = 0; f < factors; ++f) {
      train_one(data, columns, detail::FeatureClasses(name, data, f), f, pool, top_1, top_5);
      std::size_t best = 0;
      for (std::size_t e = 1; e < epochs; ++e)
        if (top_1(e, f) > top_1(best, f)) best = e;
      last_1[f] = top_1(epochs - 1, f);
      last_5[f] = top_5(epochs - 1, f);
      best_1[f] = top_1(best, f);
      best_5[f] = top_5(best, f);
    }
    Score s;
    s.metric = name;
    s.definition = definition.name;
    s.value = mean(last_1);
    s.parts = {{std::string(name), s.value},
               {"top_1", s.value},
               {"top_5", mean(last_5)},
               {"best_epoch_top_1", mean(best_1)},
               {"best_epoch_top_5", mean(best_5)}};
    s.chance = detail::majority_accuracy(data.train_labels, data.test_labels);
    s.settings = {{"train_rows", static_cast<double>(data.train.rows)},
                  {"test_rows", static_cast<double>(data.test.rows)},
                  {"epochs", static_cast<double>(epochs)},
                  {"batch", static_cast<double>(batch)},
                  {"rate", rate},
                  {"weight_decay", weight_decay},
                  {"classifier_seed", static_cast<double>(seed)}};
    s.choices = {{"classifier", "linear softmax, Adam, fixed features"},
                 {"value", "last epoch"},
                 {"codes", standardise ? "standardised" : "as they come"}};
    s.tables = {Table::vector("top_1_per_factor", "factor", std::move(last_1)),
                Table::vector("top_5_per_factor", "factor", std::move(last_5)),
                {"epoch_top_1", "epoch", "factor", std::move(top_1)},
                {"epoch_top_5", "epoch", "factor", std::move(top_5)}};
    return s;
  }

  /// Trains for one factor and writes its column of accuracies after every epoch.
  template <class T>
  void train_one(detail::LabelledFeatures<T> const& data, Columns const& columns,
                 detail::FeatureClasses const& classes, std::size_t factor, ThreadPool& pool,
                 Matrix<double>& top_1, Matrix<double>& top_5) const {
    std::size_t const d = data.train.columns, n = data.train.rows, count = classes.train.values.size();
    std::size_t const step = std::min(batch, n), piece = std::max<std::size_t>(step, 512);
    detail::LinearSoftmax classifier(d, count,
                                     Philox{seed, stream("linear_probe/start"), std::uint64_t{factor}});
    std::vector<float> x(piece * d), scores(piece * count);
    std::vector<int> labels(step);
    for (std::size_t epoch = 0; epoch < epochs; ++epoch) {
      Permutation const order(Philox{seed, stream("linear_probe/order"), std::uint64_t{factor} << 32 | epoch},
                              n);
      for (std::size_t first = 0; first < n; first += step) {
        std::size_t const rows = std::min(step, n - first);
        pool.for_each(rows, [&](std::size_t i) {
          auto const row = static_cast<std::size_t>(order(first + i));
          columns.gather(data.train, row, x.data() + i * d);
          labels[i] = classes.train.label[row];
        });
        classifier.scores(pool, x.data(), rows, scores.data());
        classifier.backward(pool, x.data(), rows, scores.data(), std::span<int const>(labels).first(rows));
        classifier.update(rate, weight_decay);
      }
      detail::TopCounts counts;
      for (std::size_t first = 0; first < data.test.rows; first += piece) {
        std::size_t const rows = std::min(piece, data.test.rows - first);
        pool.for_each(rows, [&](std::size_t i) { columns.gather(data.test, first + i, x.data() + i * d); });
        classifier.scores(pool, x.data(), rows, scores.data());
        for (std::size_t i = 0; i < rows; ++i) {
          std::span<float const> const row(scores.data() + i * count, count);
          if (!std::all_of(row.begin(), row.end(), [](float s) { return std::isfinite(s); }))
            throw NumericalError(std::string(name) + ": scores are not finite after epoch " +
                                 std::to_string(epoch + 1) + ", expected a lower rate or standardise = true");
          counts.add(row, classes.test[first + i]);
        }
      }
      top_1(epoch, factor) = static_cast<double>(counts.first) / static_cast<double>(data.test.rows);
      top_5(epoch, factor) = static_cast<double>(counts.first_five) / static_cast<double>(data.test.rows);
    }
  }
};

}  // namespace DISENTANGLE_INSTRUCTION_SET

}  // namespace disentangle::metric
