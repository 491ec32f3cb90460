// SPDX-License-Identifier: Apache-2.0
// beta-VAE metric (Higgins et al., "beta-VAE: learning basic visual concepts with a constrained variational
// framework", ICLR 2017, section 3), to the definition of disentanglement_lib: the accuracy with which a
// linear classifier tells, from the mean absolute difference of pairs of codes, which factor the pairs share.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/matrix_view.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/metric/definition.hpp>
#include <disentangle/metric/detail/check.hpp>
#include <disentangle/metric/detail/logistic_regression.hpp>
#include <disentangle/metric/detail/one_against_rest.hpp>
#include <disentangle/metric/detail/sample.hpp>
#include <disentangle/metric/factor_source.hpp>
#include <disentangle/metric/random.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric {

/// In [0, 1], higher is better; chance is about 1 / factors. A point: a random factor, batch_size pairs that
/// agree in it, the mean of |z1 - z2| per latent. Classifier: multinomial logistic regression, L2 with C = 1,
/// biases not penalised, codes not rescaled (so the score depends on their scale through the penalty). The
/// value is the accuracy on fresh points. Not rescaled by chance. A linear classifier reaches 1 for some
/// entangled codes too. A constant latent contributes nothing. Cost: 2 (num_train + num_eval) batch_size
/// encoded points; the classifier takes about a second.
/// - disentanglement_lib: as above.
/// - disentanglement_lib_2018: the classifier is liblinear's, one factor against the rest with penalised
///   biases.
/// - ubisoft ("Z-diff"): the accuracy is rescaled by chance, (accuracy - 1/K) / (1 - 1/K);
///   BetaVae::with(definition::ubisoft) has its batches of 200.
struct BetaVae {
  static constexpr std::string_view name = "beta_vae";
  static constexpr Definition definitions[] = {definition::disentanglement_lib, definition::ubisoft,
                                               definition::disentanglement_lib_2018};

  std::size_t batch_size = 64;    ///< pairs in a point
  std::size_t num_train = 10000;  ///< points that train the classifier
  std::size_t num_eval = 5000;    ///< points that measure it
  double c = 1;                   ///< weight of the errors against the penalty
  std::size_t batches_per_encode =
      8;                 ///< points whose pairs are drawn, then encoded in one call: for speed only
  unsigned threads = 0;  ///< of the classifier, 0: all of the machine; the result does not depend on it

  Definition definition = definitions[0];

  /// The settings of a definition.
  [[nodiscard]] static constexpr BetaVae with(Definition definition) {
    BetaVae metric;
    metric.definition = definition;
    if (definition == definition::ubisoft) metric.batch_size = 200;
    return metric;
  }

  /// The points of the classifier: mean absolute differences (points, latents) and the shared factor of each.
  struct Points {
    Matrix<double> differences;
    std::vector<int> factor;
  };

  /// Throws ValueError for fewer than 2 factors or a factor with fewer than 2 values, counts that are too
  /// small, codes that are not finite.
  template <factor_source Source>
  [[nodiscard]] Score operator()(Source const& source, Seed seed) const {
    RandomIntegers rng(seed, "metric/beta_vae");
    return (*this)(source, rng);
  }
  /// Draws in disentanglement_lib's order: training, then evaluation points; per point the factor's number
  /// and two batches.
  template <factor_source Source>
  Score operator()(Source const& source, random_integers auto& rng) const {
    Points const train = points(source, num_train, rng);
    Points const eval = points(source, num_eval, rng);
    Score s = classify(train, eval, source.factors().size());
    s.settings.insert(s.settings.begin(), {"batch_size", static_cast<double>(batch_size)});
    detail::name_factors(s, source);
    return s;
  }

  /// Draws the classifier's points.
  template <factor_source Source>
  Points points(Source const& source, std::size_t count, random_integers auto& rng) const {
    detail::check_source(name, source);
    detail::check_count(name, "factors", source.factors().size(), 2);
    detail::check_count(name, "batch_size", batch_size, 1);
    detail::check_count(name, "number of points", count, 1);
    detail::check_count(name, "batches_per_encode", batches_per_encode, 1);
    std::size_t const latents = source.latents();
    Points result{Matrix<double>(count, latents), std::vector<int>(count)};
    std::vector<std::size_t> drawn(batches_per_encode * 2 * batch_size);
    Matrix<double> codes(drawn.size(), latents);
    for (std::size_t done = 0; done < count;) {
      std::size_t const batches = std::min(batches_per_encode, count - done);
      for (std::size_t b = 0; b < batches; ++b) {
        auto const k =
            static_cast<std::size_t>(rng.integer(static_cast<std::uint32_t>(source.factors().size())));
        std::span<std::size_t> const one = std::span(drawn).subspan(2 * b * batch_size, batch_size);
        std::span<std::size_t> const two = std::span(drawn).subspan((2 * b + 1) * batch_size, batch_size);
        source.draw(rng, one);
        source.draw_matching(k, one, rng, two);
        result.factor[done + b] = static_cast<int>(k);
      }
      MatrixView<double> const chunk{codes.values.data(), 2 * batches * batch_size, latents};
      source.encode(std::span(drawn).first(chunk.rows), chunk);
      detail::check_codes<double>(name, chunk);
      detail::check_square<double>(name, chunk);
      for (std::size_t b = 0; b < batches; ++b) {
        for (std::size_t i = 0; i < batch_size; ++i)
          for (std::size_t l = 0; l < latents; ++l)
            result.differences(done + b, l) +=
                std::abs(chunk(2 * b * batch_size + i, l) - chunk((2 * b + 1) * batch_size + i, l));
        for (double& d : result.differences.row(done + b)) d /= static_cast<double>(batch_size);
      }
      done += batches;
    }
    return result;
  }

  /// Trains on the first and measures on the second points. Throws ShapeError where their latents differ,
  /// ValueError where the training points share a single factor.
  Score classify(Points const& train, Points const& eval, std::size_t factors) const {
    if (train.differences.columns != eval.differences.columns)
      throw ShapeError("beta_vae: evaluation points have " + std::to_string(eval.differences.columns) +
                       " latents, expected " + std::to_string(train.differences.columns));
    detail::check_definition(name, definitions, definition);
    if (!(c > 0)) throw ValueError("beta_vae: c is " + number_text(c) + ", expected above 0");
    for (Points const* points : {&train, &eval}) {
      detail::check_codes<double>(name, points->differences.view());
      detail::check_factors(name, points->differences.rows, {points->factor.data(), points->factor.size(), 1},
                            points == &train ? 2 : 1);
    }
    // Factors that no training point shares are unknown to the classifier, as in scikit-learn.
    detail::Classes const classes = detail::classes(name, {train.factor.data(), train.factor.size(), 1}, 0);
    std::optional<detail::LogisticRegression> softmax;
    std::optional<detail::OneAgainstRest> machines;
    if (definition == definition::disentanglement_lib_2018) {
      machines.emplace(train.differences.view(), classes.label, classes.size(),
                       detail::OneAgainstRest::Settings{.c = c, .threads = threads});
    } else {
      softmax.emplace(train.differences.view(), classes.label, classes.size(),
                      detail::LogisticRegression::Settings{.c = c, .threads = threads});
    }
    std::vector<double> train_count(factors);
    std::vector<double> eval_count(factors);
    Matrix<double> confusion(factors, factors);  // (shared, predicted) of the evaluation points
    double train_right = 0;
    double eval_right = 0;
    auto const predict = [&](Points const& points, std::size_t i) {
      auto const row = points.differences.row(i);
      return classes
          .values[static_cast<std::size_t>(softmax ? softmax->predict(row) : machines->predict(row))];
    };
    for (std::size_t i = 0; i < train.factor.size(); ++i) {
      train_right += predict(train, i) == train.factor[i];
      ++train_count[static_cast<std::size_t>(train.factor[i])];
    }
    for (std::size_t i = 0; i < eval.factor.size(); ++i) {
      int const predicted = predict(eval, i);
      eval_right += predicted == eval.factor[i];
      ++eval_count[static_cast<std::size_t>(eval.factor[i])];
      confusion(static_cast<std::size_t>(eval.factor[i]), static_cast<std::size_t>(predicted)) += 1;
    }
    Matrix<double> weights(train.differences.columns, factors);
    for (std::size_t k = 0; k < classes.values.size(); ++k)
      for (std::size_t l = 0; l < weights.rows; ++l)
        weights(l, static_cast<std::size_t>(classes.values[k])) =
            softmax ? softmax->parameters()(k, l) : machines->weight(k, l);

    Score s;
    s.metric = name;
    s.definition = definition.name;
    double const accuracy = eval_right / static_cast<double>(eval.factor.size());
    double const chance = 1 / static_cast<double>(factors);
    bool const rescaled = definition == definition::ubisoft;
    s.value = rescaled ? (accuracy - chance) / (1 - chance) : accuracy;
    double const largest =
        *std::max_element(eval_count.begin(), eval_count.end()) / static_cast<double>(eval.factor.size());
    s.chance = rescaled ? (largest - chance) / (1 - chance) : largest;
    s.parts = {{"eval_accuracy", accuracy},
               {"train_accuracy", train_right / static_cast<double>(train.factor.size())}};
    s.settings = {{"num_train", static_cast<double>(train.factor.size())},
                  {"num_eval", static_cast<double>(eval.factor.size())},
                  {"c", c},
                  {"classifier_gradient", softmax ? softmax->gradient() : machines->gradient()}};
    s.choices = {{"classifier", softmax ? "multinomial logistic regression, L2, biases not penalised"
                                        : "logistic regression, L2, one against the rest, biases penalised"},
                 {"value", rescaled ? "accuracy rescaled by chance" : "accuracy"}};
    s.tables = {Table::vector("train_points", "factor", std::move(train_count)),
                Table::vector("eval_points", "factor", std::move(eval_count)),
                {"confusion", "factor", "factor", std::move(confusion)},
                {"weights", "latent", "factor", std::move(weights)}};
    return s;
  }
};

}  // namespace disentangle::metric
