// SPDX-License-Identifier: Apache-2.0
// class_scores(model, data): how well a model's classes are those of the data, and how much z tells about
// them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/matrix_view.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/core/sample_indices.hpp>
#include <disentangle/data/data_set.hpp>
#include <disentangle/data/encode_images.hpp>
#include <disentangle/metric/detail/logistic_regression.hpp>
#include <disentangle/metric/score.hpp>
#include <disentangle/train/class_codes.hpp>

namespace disentangle {

/// How class_scores() draws its images.
struct ClassScoreOptions {
  std::size_t images = 10'000;  ///< at most so many, drawn at random; 0: all
  std::uint64_t seed = 0;
  std::size_t variable = 0;  ///< the class variable
  int factor = -1;           ///< the factor of the data that it is; -1: that of the variable's number
  unsigned threads = 0;      ///< of the probe, 0: all of the machine
};

/// Scores of one class variable, all in [0, 1].
struct ClassScores {
  double accuracy = 0;  ///< images whose likeliest class under q(c|x) is their label
  /// Images that are of the most frequent label of their component, the one of the prior's mixture under
  /// which the posterior mean of u is likeliest (frequencies of classes counted). For codes without u: of
  /// their likeliest class.
  double purity = 0;
  /// Accuracy of a linear probe (multinomial logistic regression, L2 with C = 1, standardised) for the class
  /// on the means of z alone, trained on one half of the images and tested on the other: what leaks into z.
  /// Lower is better; chance is `chance`.
  double leakage = 0;
  double related_probe = 0;  ///< the same probe on the other columns of the code
  double chance = 0;         ///< frequency of the most frequent label
  std::size_t images = 0;
};

namespace detail {

/// Accuracy of a linear probe on standardised columns; the first half of the rows trains.
inline double probe_accuracy(std::vector<double> x, std::size_t columns, std::span<int const> labels,
                             int classes, unsigned threads) {
  std::size_t const rows = labels.size(), train = rows / 2;
  for (std::size_t c = 0; c < columns; ++c) {
    double mean = 0, square = 0;
    for (std::size_t i = 0; i < train; ++i) mean += x[i * columns + c] / static_cast<double>(train);
    for (std::size_t i = 0; i < train; ++i) {
      double const d = x[i * columns + c] - mean;
      square += d * d / static_cast<double>(train);
    }
    double const scale = square > 0 ? 1 / std::sqrt(square) : 0;
    for (std::size_t i = 0; i < rows; ++i) x[i * columns + c] = (x[i * columns + c] - mean) * scale;
  }
  metric::detail::LogisticRegression const probe(MatrixView<double const>(x.data(), train, columns),
                                                 labels.first(train), classes, {.threads = threads});
  std::size_t right = 0;
  for (std::size_t i = train; i < rows; ++i) {
    right += probe.predict(std::span(x).subspan(i * columns, columns)) == labels[i] ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(rows - train);
}

}  // namespace detail

/// @throws ValueError where the factor is not there, has another number of values than the class variable, or
/// fewer than 4 images have a label of it.
template <class Model, data::data_set Data>
  requires(Model::class_values != 0)
ClassScores class_scores(Model& model, Data const& data, ClassScoreOptions const& options = {}) {
  auto const codes = class_codes(model);
  codes.expect(options.variable, 0);
  std::size_t const values = codes.sizes[options.variable], width = data.factors().size();
  std::size_t const factor = options.factor < 0 ? options.variable : static_cast<std::size_t>(options.factor);
  if (factor >= width || data.factors()[factor].cardinality != static_cast<int>(values)) {
    throw ValueError("class_scores: found " +
                     (factor < width ? "factor '" + data.factors()[factor].name + "' of " +
                                           std::to_string(data.factors()[factor].cardinality) + " values"
                                     : "no factor " + std::to_string(factor) + " of " + data.name()) +
                     ", expected one of " + std::to_string(values) + " values as class variable " +
                     std::to_string(options.variable) + " has");
  }
  auto indices = sample_indices(data.size(), data.size(), options.seed, stream("class_scores"));
  std::vector<int> labels(indices.size() * width), kept_labels;
  data.labels(indices, labels);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < indices.size() && (options.images == 0 || kept < options.images); ++i) {
    int const label = labels[i * width + factor];
    if (label < 0) continue;
    indices[kept++] = indices[i];
    kept_labels.push_back(label);
  }
  indices.resize(kept);
  if (kept < 4)
    throw ValueError("class_scores: found " + std::to_string(kept) + " labelled images, expected at least 4");

  ClassScores scores;
  scores.images = kept;
  double const n = static_cast<double>(kept);
  auto const means = data::encode_images(model, data, indices).mean;
  std::size_t const latents = Model::latent_size, first = codes.column(options.variable),
                    related = codes.widths[options.variable];
  std::size_t first_value = 0;
  for (std::size_t i = 0; i < options.variable; ++i) first_value += codes.sizes[i];

  // q(c|x), and the component of the mixture that u is likeliest under
  constexpr std::size_t image = Data::image_shape_type::size, chunk = 250;
  std::vector<float> images(chunk * image), q(chunk * Model::class_values);
  std::vector<double> counts(values * values), of_label(values);
  std::size_t right = 0;
  for (std::size_t i = 0; i < kept; i += chunk) {
    std::size_t const count = std::min(chunk, kept - i);
    data.images(std::span(indices).subspan(i, count), std::span(images).first(count * image));
    model.classify(std::span<float const>(images).first(count * image),
                   std::span(q).first(count * Model::class_values));
    for (std::size_t r = 0; r < count; ++r) {
      auto const row = std::span(q).subspan(r * Model::class_values + first_value, values);
      auto const label = static_cast<std::size_t>(kept_labels[i + r]);
      auto const likeliest = static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin());
      right += likeliest == label ? 1 : 0;
      of_label[label] += 1;
      std::size_t component = likeliest;
      double best = -INFINITY;
      for (std::size_t k = 0; k < values; ++k) {
        auto const m = codes.mean(options.variable, k), s = codes.deviation(options.variable, k);
        double density = std::log(codes.frequencies[first_value + k]);
        for (std::size_t j = 0; j < related && density > -INFINITY; ++j) {
          double const deviation = static_cast<double>(s[j]);
          if (deviation == 0) density = -INFINITY;  // one-hot codes have no density
          double const d =
              (static_cast<double>(means[(i + r) * latents + first + j]) - static_cast<double>(m[j])) /
              std::max(deviation, 1e-30);
          density -= 0.5 * d * d + std::log(std::max(deviation, 1e-30));
        }
        if (density > best) {
          best = density;
          component = k;
        }
      }
      counts[component * values + label] += 1;
    }
  }
  scores.accuracy = static_cast<double>(right) / n;
  for (std::size_t k = 0; k < values; ++k) {
    scores.purity += *std::max_element(counts.begin() + static_cast<std::ptrdiff_t>(k * values),
                                       counts.begin() + static_cast<std::ptrdiff_t>((k + 1) * values)) /
                     n;
  }
  scores.chance = *std::max_element(of_label.begin(), of_label.end()) / n;
  auto const probe = [&](std::size_t begin, std::size_t columns) {
    std::vector<double> x(kept * columns);
    for (std::size_t i = 0; i < kept; ++i) {
      for (std::size_t c = 0; c < columns; ++c)
        x[i * columns + c] = static_cast<double>(means[i * latents + begin + c]);
    }
    return detail::probe_accuracy(std::move(x), columns, kept_labels, static_cast<int>(values),
                                  options.threads);
  };
  scores.leakage = probe(0, codes.independent);
  scores.related_probe = probe(first, related);
  return scores;
}

/// The names by which the command line asks for scores of classes, beside those of metrics.
inline std::vector<std::string> class_metric_names() {
  return {"class_accuracy", "class_purity", "class_leakage"};
}

/// One of them as evaluate() gives metrics. @throws ValueError that lists the names for one that is none.
inline metric::Score class_score(ClassScores const& scores, std::string_view name,
                                 ClassScoreOptions const& options = {}) {
  metric::Score score;
  score.metric = name;
  score.definition = "disentangle";
  score.parts = {{"chance", scores.chance}};
  if (name == "class_accuracy") {
    score.value = scores.accuracy;
  } else if (name == "class_purity") {
    score.value = scores.purity;
  } else if (name == "class_leakage") {
    score.value = scores.leakage;
    score.lower_is_better = true;
    score.parts.emplace_back("related_probe", scores.related_probe);
  } else {
    std::string known;
    for (auto const& each : class_metric_names()) known += (known.empty() ? "" : ", ") + each;
    throw ValueError("no score of classes '" + std::string(name) + "'; there are: " + known);
  }
  score.parts.emplace_back(score.metric, score.value);
  score.settings = {{"rows", static_cast<double>(scores.images)},
                    {"seed", static_cast<double>(options.seed)},
                    {"variable", static_cast<double>(options.variable)}};
  return score;
}

}  // namespace disentangle
