// SPDX-License-Identifier: Apache-2.0
// class_scores(model, data): how well a model's classes are those of the data, and how much z tells about
// them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <disentangle/core/class_codes.hpp>
#include <disentangle/core/error.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/core/sample_indices.hpp>
#include <disentangle/data/data_set.hpp>
#include <disentangle/data/encode_images.hpp>
#include <disentangle/metric/few_rows.hpp>
#include <disentangle/metric/probe_accuracy.hpp>
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

/// The factor of the data that a class variable of `values` values is compared with. @throws ValueError where
/// it is not there or has another number of values.
template <data::data_set Data>
std::size_t factor_of_classes(Data const& data, std::size_t values, ClassScoreOptions const& options) {
  std::size_t const width = data.factors().size();
  std::size_t const factor = options.factor < 0 ? options.variable : static_cast<std::size_t>(options.factor);
  if (factor >= width || data.factors()[factor].cardinality != static_cast<int>(values)) {
    throw ValueError("class_scores: found " +
                     (factor < width ? "factor '" + data.factors()[factor].name + "' of " +
                                           std::to_string(data.factors()[factor].cardinality) + " values"
                                     : "no factor " + std::to_string(factor) + " of " + data.name()) +
                     ", expected one of " + std::to_string(values) + " values as class variable " +
                     std::to_string(options.variable) + " has");
  }
  return factor;
}

/// Images of a data set and their labels of one factor.
struct LabelledImages {
  std::vector<std::size_t> indices;
  std::vector<int> labels;
};

/// Images that have a label of the factor, drawn at random. @throws ValueError for fewer than 4.
template <data::data_set Data>
LabelledImages draw_labelled_images(Data const& data, std::size_t factor, ClassScoreOptions const& options) {
  std::size_t const width = data.factors().size();
  LabelledImages drawn{sample_indices(data.size(), data.size(), options.seed, stream("class_scores")), {}};
  std::vector<int> labels(drawn.indices.size() * width);
  data.labels(drawn.indices, labels);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < drawn.indices.size() && (options.images == 0 || kept < options.images); ++i) {
    int const label = labels[i * width + factor];
    if (label < 0) continue;
    drawn.indices[kept++] = drawn.indices[i];
    drawn.labels.push_back(label);
  }
  drawn.indices.resize(kept);
  if (kept < 4)
    throw ValueError("class_scores: found " + std::to_string(kept) + " labelled images, expected at least 4");
  return drawn;
}

/// The value of a class variable whose component of the prior's mixture, weighted by its frequency, is
/// densest at u; `otherwise` for one-hot codes, which have no density.
inline std::size_t densest_component(ClassCodes const& codes, std::size_t variable,
                                     std::span<double const> frequencies, std::span<float const> u,
                                     std::size_t otherwise) {
  std::size_t component = otherwise;
  double best = -INFINITY;
  for (std::size_t k = 0; k < frequencies.size(); ++k) {
    auto const m = codes.mean(variable, k), s = codes.deviation(variable, k);
    double density = std::log(frequencies[k]);
    for (std::size_t j = 0; j < u.size() && density > -INFINITY; ++j) {
      double const deviation = static_cast<double>(s[j]);
      if (deviation == 0) density = -INFINITY;
      double const d = (static_cast<double>(u[j]) - static_cast<double>(m[j])) / std::max(deviation, 1e-30);
      density -= 0.5 * d * d + std::log(std::max(deviation, 1e-30));
    }
    if (density > best) {
      best = density;
      component = k;
    }
  }
  return component;
}

/// Columns begin .. begin + columns - 1 of codes (rows, latents), in double.
inline std::vector<double> code_columns(std::span<float const> codes, std::size_t latents, std::size_t begin,
                                        std::size_t columns) {
  std::size_t const rows = codes.size() / latents;
  std::vector<double> x(rows * columns);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t c = 0; c < columns; ++c)
      x[i * columns + c] = static_cast<double>(codes[i * latents + begin + c]);
  }
  return x;
}

}  // namespace detail

/// @throws ValueError where the factor is not there, has another number of values than the class variable, or
/// fewer than 4 images have a label of it.
template <class Model, data::data_set Data>
  requires(Model::class_values != 0)
ClassScores class_scores(Model& model, Data const& data, ClassScoreOptions const& options = {}) {
  auto const codes = class_codes(model);
  codes.expect(options.variable, 0);
  std::size_t const values = codes.sizes[options.variable];
  auto const drawn =
      detail::draw_labelled_images(data, detail::factor_of_classes(data, values, options), options);
  std::size_t const kept = drawn.indices.size();
  auto const means = data::encode_images(model, data, drawn.indices).mean;
  std::size_t const latents = Model::latent_size, first = codes.column(options.variable),
                    related = codes.widths[options.variable];
  std::size_t first_value = 0;
  for (std::size_t i = 0; i < options.variable; ++i) first_value += codes.sizes[i];
  auto const frequencies = std::span(codes.frequencies).subspan(first_value, values);

  // q(c|x), and the component of the mixture that u is likeliest under
  constexpr std::size_t image = Data::image_shape_type::size, chunk = 250;
  std::vector<float> images(chunk * image), q(chunk * Model::class_values);
  std::vector<double> counts(values * values), of_label(values);
  std::size_t right = 0;
  for (std::size_t i = 0; i < kept; i += chunk) {
    std::size_t const count = std::min(chunk, kept - i);
    data.images(std::span(drawn.indices).subspan(i, count), std::span(images).first(count * image));
    model.classify(std::span<float const>(images).first(count * image),
                   std::span(q).first(count * Model::class_values));
    for (std::size_t r = 0; r < count; ++r) {
      auto const row = std::span(q).subspan(r * Model::class_values + first_value, values);
      auto const label = static_cast<std::size_t>(drawn.labels[i + r]);
      auto const likeliest = static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin());
      right += likeliest == label ? 1 : 0;
      of_label[label] += 1;
      auto const u = std::span(means).subspan((i + r) * latents + first, related);
      std::size_t const component =
          detail::densest_component(codes, options.variable, frequencies, u, likeliest);
      counts[component * values + label] += 1;
    }
  }

  ClassScores scores;
  scores.images = kept;
  double const n = static_cast<double>(kept);
  scores.accuracy = static_cast<double>(right) / n;
  for (std::size_t k = 0; k < values; ++k) {
    scores.purity += *std::max_element(counts.begin() + static_cast<std::ptrdiff_t>(k * values),
                                       counts.begin() + static_cast<std::ptrdiff_t>((k + 1) * values)) /
                     n;
  }
  scores.chance = *std::max_element(of_label.begin(), of_label.end()) / n;
  auto const probe = [&](std::size_t begin, std::size_t columns) {
    return metric::probe_accuracy(detail::code_columns(means, latents, begin, columns), columns, drawn.labels,
                                  static_cast<int>(values), options.threads);
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
  score.chance = scores.chance;
  metric::warn_of_few_rows(score, scores.images);
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
