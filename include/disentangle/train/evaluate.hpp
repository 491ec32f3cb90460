// SPDX-License-Identifier: Apache-2.0
// evaluate<metric::Mig, ...>(model, data): the scores of a model's representation, its posterior means, on a
// data set with known factors; the same with metrics given as values. Metrics are included by who names them;
// evaluate_by_name.hpp knows all of them.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/factor.hpp>
#include <disentangle/core/matrix.hpp>
#include <disentangle/core/matrix_view.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/data/data_set.hpp>
#include <disentangle/metric/score.hpp>
#include <disentangle/train/encoded_data.hpp>

namespace disentangle {

/// How evaluate() draws its samples. Which images a metric sees:
///   - Metrics of single images (MIG, DCI, SAP) draw from the whole grid of factors, as disentanglement_lib
///     does; in a data set that is no grid they take different images at random, the test rows apart from the
///     training rows.
///   - Metrics of batches that share a factor (FactorVAE, beta-VAE) want one to two million codes, which
///     takes minutes. They draw their batches among `pool` random images, each encoded once; the number of
///     votes stays the paper's. With pool = 0 they draw from the whole data set: the papers' protocol.
///     Measured on dSprites' grid with entangled synthetic codes, five seeds each: with 50,000 images
///     FactorVAE is 0.002 to 0.005 lower than with all (standard deviation between seeds 0.002 to 0.009),
///     beta-VAE the same within 0.001.
///   - Metrics of posteriors (RMIG, Chen's MIG, WSEPIN) take `posterior_rows` different random images; their
///     cost grows with the square of it.
struct EvaluateOptions {
  std::uint64_t seed = 0;
  std::size_t pool = 50'000;
  std::size_t posterior_rows = 10'000;
  /// Threads of the metrics' own computations, 0: all of the machine. Does not change any score.
  unsigned threads = 0;
  /// Scores of codes given to other images whose mean is Score::chance, where a metric does not know it; each
  /// costs as much as the score itself. 0: none.
  std::size_t chance_permutations = 0;
};

/// A metric that scores rows of codes and factors, so that plain arrays are enough; the others draw batches
/// that share a factor from a source.
template <class M>
concept scores_rows =
    requires(M const& metric, MatrixView<double const> codes, MatrixView<int const> factors) {
      { metric(codes, factors) } -> std::same_as<metric::Score>;
    };

namespace detail {

template <class M>
concept splits_rows = requires(M const& metric, MatrixView<double const> codes, MatrixView<int const> factors,
                               std::size_t train) {
  { metric(codes, factors, train) } -> std::same_as<metric::Score>;
};

/// A metric of means and deviations of posteriors; with labels or without.
template <class M>
concept scores_posteriors = requires { requires M::of_posteriors; };
template <class M>
concept takes_labels_of_posteriors =
    requires(M const& metric, Matrix<double> const& q, Matrix<int> const& labels) {
      { metric(q, q, labels) } -> std::same_as<metric::Score>;
    };

template <class M>
std::size_t train_rows_of(M const& metric) {
  if constexpr (requires { metric.num_train; }) {
    return metric.num_train;
  } else {
    return 10'000;
  }
}
template <class M>
std::size_t test_rows_of(M const& metric) {
  if constexpr (!splits_rows<M>) {
    return 0;
  } else if constexpr (requires { metric.num_test; }) {
    return metric.num_test;
  } else {
    return 5'000;
  }
}

/// Different images of a data set that is no grid: the first rows train, the others test.
template <class M>
metric::Score score_rows(EncodedData& data, M const& metric, Seed seed) {
  std::size_t const train = train_rows_of(metric), test = test_rows_of(metric);
  std::vector<std::size_t> const images = data.labelled_images(train + test, seed, "evaluate/rows");
  Matrix<double> codes(images.size(), data.latents());
  data.codes(images, codes.view());
  Matrix<int> const labels = data.labels(images);
  metric::Score score = [&] {
    if constexpr (splits_rows<M>) {
      // Where there are fewer images than asked for, both parts shrink alike.
      std::size_t const rows = images.size() == train + test ? train : images.size() * train / (train + test);
      return metric(MatrixView<double const>(codes.view()), labels.view(), rows);
    } else {
      return metric(MatrixView<double const>(codes.view()), labels.view());
    }
  }();
  for (Factor const& factor : data.factors()) score.factor_names.push_back(factor.name);
  return score;
}

/// Posteriors of different random images.
template <class M>
metric::Score score_posteriors(EncodedData& data, M const& metric, EvaluateOptions const& options) {
  std::vector<std::size_t> const images =
      data.labelled_images(options.posterior_rows, Seed{options.seed}, "evaluate/posteriors");
  EncodedData::Posteriors const q = data.posteriors(images);
  metric::Score score = [&] {
    if constexpr (takes_labels_of_posteriors<M>) {
      return metric(q.means, q.deviations, data.labels(images));
    } else {
      return metric(q.means, q.deviations);
    }
  }();
  for (Factor const& factor : data.factors()) score.factor_names.push_back(factor.name);
  return score;
}

template <class M>
metric::Score score_one(EncodedData& data, M metric, EvaluateOptions const& options) {
  Seed const seed{options.seed};
  if constexpr (requires { metric.threads; }) {
    if (metric.threads == 0) metric.threads = options.threads;
  }
  metric::Score score = [&] {
    if constexpr (scores_posteriors<M>) {
      return score_posteriors(data, metric, options);
    } else if constexpr (scores_rows<M>) {
      return data.is_grid() ? metric(data.grid_source(), seed) : score_rows(data, metric, seed);
    } else {
      bool const all = options.pool == 0 || options.pool >= data.size() || requires { M::draws_from_all; };
      if (all && data.is_grid()) return metric(data.grid_source(), seed);
      std::vector<std::size_t> images = data.labelled_images(all ? 0 : options.pool, seed, "evaluate/pool");
      double const pool = static_cast<double>(images.size());
      metric::Score drawn = metric(data.row_source(std::move(images)), seed);
      drawn.settings.emplace_back("pool", pool);
      return drawn;
    }
  }();
  score.settings.emplace_back("seed", static_cast<double>(options.seed));
  if constexpr (!scores_posteriors<M>) score.choices.emplace_back("representation", "posterior mean");
  return score;
}

}  // namespace detail

/// A metric whose score depends on labels, so that there is a level of chance.
template <class M>
concept sees_labels = !requires { requires M::label_free; } &&
                      (!detail::scores_posteriors<M> || detail::takes_labels_of_posteriors<M>);

namespace detail {

/// The score, and what codes that know nothing reach where it is asked for.
template <class M>
metric::Score score_beside_chance(EncodedData& data, M const& metric, EvaluateOptions const& options) {
  metric::Score score = score_one(data, metric, options);
  if constexpr (sees_labels<M>) {
    if (options.chance_permutations == 0 || score.chance) return score;
    struct Unmix {
      EncodedData& data;
      ~Unmix() { data.unmix(); }
    } const unmix{data};
    double sum = 0;
    for (std::size_t p = 0; p < options.chance_permutations; ++p) {
      data.mix(Seed{options.seed}, p);
      sum += score_one(data, metric, options).value;
    }
    score.chance = sum / static_cast<double>(options.chance_permutations);
    score.settings.emplace_back("chance_permutations", static_cast<double>(options.chance_permutations));
  }
  return score;
}

inline void expect_factors(EncodedData const& data) {
  if (data.factors().empty()) {
    throw ValueError(
        data.name() +
        ": found no factors, expected labels of at least one; metrics compare codes with factors");
  }
}

}  // namespace detail

/// The scores of metrics given as values, in their order: evaluate(model, data, {.seed = 1},
/// metric::Mig{.bins = 10}). Every image is encoded at most once, whatever the number of metrics. The same
/// seed gives the same scores.
/// @throws ValueError for a data set without labels, and what the metrics throw.
template <class Model, data::data_set Data, class... Metrics>
  requires(sizeof...(Metrics) > 0 && (std::is_aggregate_v<Metrics> && ...))
[[nodiscard]] std::vector<metric::Score> evaluate(Model& model, Data const& data,
                                                  EvaluateOptions const& options, Metrics const&... metrics) {
  EncodedData encoded(model, data);
  detail::expect_factors(encoded);
  std::vector<metric::Score> scores;
  (scores.push_back(detail::score_beside_chance(encoded, metrics, options)), ...);
  return scores;
}

/// The same with the metrics of a protocol: evaluate(model, data, {}, metric::ip_irm_protocol()).
template <class Model, data::data_set Data, class... Metrics>
[[nodiscard]] std::vector<metric::Score> evaluate(Model& model, Data const& data,
                                                  EvaluateOptions const& options,
                                                  std::tuple<Metrics...> const& protocol) {
  return std::apply([&](auto const&... metrics) { return evaluate(model, data, options, metrics...); },
                    protocol);
}

/// The scores of metrics with their default settings, which are those of disentanglement_lib's study:
///     auto scores = dis::evaluate<dis::metric::Mig, dis::metric::Dci, dis::metric::Sap>(model, data);
template <class... Metrics, class Model, data::data_set Data>
  requires(sizeof...(Metrics) > 0)
[[nodiscard]] std::vector<metric::Score> evaluate(Model& model, Data const& data,
                                                  EvaluateOptions const& options = {}) {
  return evaluate(model, data, options, Metrics{}...);
}

}  // namespace disentangle
