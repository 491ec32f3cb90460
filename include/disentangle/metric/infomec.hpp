// SPDX-License-Identifier: Apache-2.0
// InfoM, InfoC, InfoE (Hsu, Dorrell, Whittington, Wu, Finn, "Disentanglement via latent quantization",
// NeurIPS 2023): DCI's three questions put to normalised mutual informations NMI(l, k) = I(z_l; y_k) /
// H(y_k), of the A latents that are active.
//   InfoM = mean over latents of [ max_k NMI / sum_k NMI - 1/K ] / (1 - 1/K)    (modularity)
//   InfoC = mean over factors of [ max_l NMI / sum_l NMI - 1/A ] / (1 - 1/A)    (compactness)
//   InfoE = mean over factors of (H_null - H_predicted) / H_null                (explicitness)
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/metric/definition.hpp>
#include <disentangle/metric/detail/information_table.hpp>
#include <disentangle/metric/detail/logistic_regression.hpp>
#include <disentangle/metric/detail/neighbour_information.hpp>
#include <disentangle/metric/detail/parallel_for.hpp>
#include <disentangle/metric/detail/rows.hpp>
#include <disentangle/metric/detail/scaling.hpp>
#include <disentangle/metric/gap.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric {

/// The value is InfoM, at most 1, higher is better; the parts infoc and infoe likewise. A latent is active
/// where its range is above a twentieth of the largest range: the score depends on the scales of the codes
/// that far. H_predicted is the cross entropy of a logistic regression without a penalty, classes balanced,
/// at most 100 Newton steps, on the rows that trained it; H_null that of a constant, ln n_k. Codes that know
/// nothing have NMI of a few thousandths, whose ratios are arbitrary: InfoM of noise is not 0. A factor or
/// latent with no information at all counts as spread evenly: 0. With one factor or one active latent, InfoM
/// or InfoC is 1.
/// - paper: for codes that are numbers, NMI from 10 nearest neighbours; the noise that separates equal codes
///   comes from `seed`. With `bins`, codes are taken as discrete: the bins', plug-in informations, one-hot
///   inputs.
struct InfoMec {
  static constexpr std::string_view name = "infomec";
  static constexpr std::string_view one_factor = "modularity is 1 by definition";
  static constexpr std::string_view needs_all_labels =
      "which latents are active is decided by their ranges over the same rows for every factor";
  static constexpr Definition definitions[] = {definition::paper};

  std::size_t neighbours = 10;
  std::uint64_t seed = 0;         ///< of the noise
  std::optional<int> bins = {};   ///< per latent; without it codes are numbers
  std::size_t num_train = 10000;  ///< points drawn from a source; all rows of arrays are used
  Definition definition = definitions[0];
  unsigned threads = 0;  ///< 0: all of the machine; the result does not depend on it

  /// infomec(codes, factors) or infomec(source, seed), with the errors of Mig.
  template <class... Data>
    requires detail::scores_from<InfoMec, Data...>
  [[nodiscard]] Score operator()(Data&&... data) const {
    return detail::score_rows(*this, data...);
  }

 private:
  friend detail::RowsAccess;

  Score score(detail::Rows const& rows) const {
    detail::check_definition(name, definitions, definition);
    detail::check_count(name, "neighbours", neighbours, 1);
    detail::check_square<double>(name, rows.codes.view());
    Matrix<int> const factors = detail::varied_labels_of(name, rows);
    std::vector<double> const range = detail::Scaling::range(rows.codes).scale;
    double const widest = *std::max_element(range.begin(), range.end());
    std::vector<double> active(range.size());
    std::vector<std::size_t> kept;
    for (std::size_t l = 0; l < range.size(); ++l)
      if (range[l] > widest / 20) {
        active[l] = 1;
        kept.push_back(l);
      }

    std::vector<double> const entropy = entropies(factors.view());
    Matrix<double> relative(rows.latents(), factors.columns);
    Matrix<double> inputs;
    if (bins) {
      Matrix<int> const binned = detail::binned_codes(rows, *bins);
      relative = mutual_information_matrix(binned.view(), factors.view());
      inputs = one_hot(binned, kept, *bins);
    } else {
      std::vector<detail::Classes> classes;
      for (std::size_t k = 0; k < factors.columns; ++k)
        classes.push_back(detail::classes(name, factors.view(), k));
      detail::parallel_for(relative.values.size(), threads, [&](std::size_t item, std::size_t) {
        Philox const noise{seed, stream("metric/infomec"), item};
        relative.values[item] =
            detail::neighbour_information(detail::column_of(rows.codes, item / factors.columns),
                                          classes[item % factors.columns], neighbours, noise);
      });
      Matrix<double> const standard = detail::Scaling::standard(rows.codes)(rows.codes);
      inputs = Matrix<double>(rows.size(), kept.size());
      for (std::size_t i = 0; i < inputs.rows; ++i)
        for (std::size_t j = 0; j < kept.size(); ++j) inputs(i, j) = standard(i, kept[j]);
    }
    for (std::size_t l = 0; l < relative.rows; ++l)
      for (std::size_t k = 0; k < relative.columns; ++k) relative(l, k) *= active[l] / entropy[k];

    std::vector<double> per_latent(rows.latents());
    for (std::size_t l : kept) per_latent[l] = share({relative.row(l).begin(), relative.row(l).end()});
    double modularity = 0;
    for (std::size_t l : kept) modularity += per_latent[l] / static_cast<double>(kept.size());
    std::vector<double> per_factor(factors.columns);
    std::vector<double> explicitness(factors.columns);
    for (std::size_t k = 0; k < factors.columns; ++k) {
      std::vector<double> column;
      for (std::size_t l : kept) column.push_back(relative(l, k));
      per_factor[k] = column.empty() ? 0 : share(std::move(column));
      explicitness[k] = kept.empty() ? 0 : explained(inputs, factors, k);
    }

    Score s = detail::begin_score(name, definition, rows, modularity);
    s.parts = {{"infom", modularity},
               {"infoc", mean(per_factor)},
               {"infoe", mean(explicitness)},
               {"active_latents", static_cast<double>(kept.size())}};
    if (bins) {
      s.settings.emplace_back("bins", static_cast<double>(*bins));
      s.choices = {{"estimator", "equal-width histogram, plug-in, nats"}};
    } else {
      s.settings.insert(s.settings.end(), {{"neighbours", static_cast<double>(neighbours)},
                                           {"noise_seed", static_cast<double>(seed)}});
      s.choices = {{"estimator", "nearest neighbours (Ross)"}};
    }
    s.choices.insert(s.choices.end(),
                     {{"classifier", "multinomial logistic regression, no penalty, balanced, training rows"},
                      {"normaliser", "empirical entropy of the factor"}});
    s.tables = {Table::vector("infom_per_latent", "latent", std::move(per_latent)),
                Table::vector("infoc_per_factor", "factor", std::move(per_factor)),
                Table::vector("infoe_per_factor", "factor", std::move(explicitness)),
                Table::vector("active", "latent", std::move(active)),
                {"normalised_information", "latent", "factor", std::move(relative)}};
    return s;
  }

  /// (max / sum - 1/n) / (1 - 1/n): 1 where one entry is all, 0 where all are equal.
  static double share(std::vector<double> const& entries) {
    if (entries.size() < 2) return 1;
    double sum = 0;
    for (double e : entries) sum += e;
    if (sum == 0) return 0;
    double const even = 1 / static_cast<double>(entries.size());
    return (*std::max_element(entries.begin(), entries.end()) / sum - even) / (1 - even);
  }

  [[nodiscard]] static Matrix<double> one_hot(Matrix<int> const& binned, std::vector<std::size_t> const& kept,
                                              int bins) {
    std::size_t const width = static_cast<std::size_t>(bins);
    Matrix<double> inputs(binned.rows, kept.size() * width);
    for (std::size_t i = 0; i < binned.rows; ++i)
      for (std::size_t j = 0; j < kept.size(); ++j)
        inputs(i, j * width + static_cast<std::size_t>(binned(i, kept[j]))) = 1;
    return inputs;
  }

  double explained(Matrix<double> const& inputs, Matrix<int> const& factors, std::size_t k) const {
    detail::Classes const classes = detail::classes(name, factors.view(), k);
    auto const weights = detail::LogisticRegression::balanced(classes.label, classes.size());
    detail::LogisticRegression const classifier(inputs.view(), classes.label, classes.size(),
                                                {.c = 1e10,
                                                 .tolerance = 1e-2,
                                                 .max_iterations = 100,
                                                 .max_products = 50,
                                                 .threads = threads,
                                                 .class_weights = weights});
    std::vector<double> p(classes.values.size());
    double loss = 0;
    for (std::size_t i = 0; i < inputs.rows; ++i) {
      classifier.probabilities(inputs.row(i), p);
      loss -= std::log(std::max(p[static_cast<std::size_t>(classes.label[i])], 1e-300));
    }
    double const none = std::log(static_cast<double>(p.size()));
    return (none - loss / static_cast<double>(inputs.rows)) / none;
  }
};

}  // namespace disentangle::metric
