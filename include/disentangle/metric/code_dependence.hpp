// SPDX-License-Identifier: Apache-2.0
// How much latents depend on each other, no labels needed: the unsupervised scores of Locatello et al. (ICML
// 2019), as disentanglement_lib computes them. Lower is better. With C the covariance of the codes (divisor n
// - 1), D its diagonal:
//   gaussian total correlation        = 1/2 (sum ln C_ll - ln det C)
//   gaussian Wasserstein correlation  = 2 tr C - 2 tr sqrt(D^1/2 C D^1/2)
//   mutual information score          = mean over pairs a != b of I(z_a; z_b), from histograms
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/metric/definition.hpp>
#include <disentangle/metric/detail/covariance.hpp>
#include <disentangle/metric/detail/information_table.hpp>
#include <disentangle/metric/detail/rows.hpp>
#include <disentangle/metric/gap.hpp>
#include <disentangle/metric/mutual_information.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric {

namespace detail {

/// Numbers of the latents that vary.
inline std::vector<std::size_t> varied_latents(Matrix<double> const& covariance) {
  std::vector<std::size_t> varied;
  for (std::size_t l = 0; l < covariance.rows; ++l)
    if (covariance(l, l) > 0) varied.push_back(l);
  return varied;
}

inline Score begin_dependence(std::string_view metric, Rows const& rows, double value, std::size_t varied,
                              Matrix<double> covariance) {
  Score s = begin_score(metric, definition::disentanglement_lib, rows, value);
  s.lower_is_better = true;
  s.parts.emplace_back("varied_latents", static_cast<double>(varied));
  s.tables = {{"covariance", "latent", "latent", std::move(covariance)}};
  return s;
}

}  // namespace detail

/// In nats, 0 for uncorrelated codes, infinite where a latent is a linear combination of others (a copy), as
/// the pivots of Cholesky's factors tell with a relative tolerance of 1e-13. Latents that do not vary are
/// left out (disentanglement_lib gives NaN for them). Free of the scale of the codes. Blind to what is not
/// linear.
struct GaussianTotalCorrelation {
  static constexpr std::string_view name = "gaussian_total_correlation";
  static constexpr bool label_free = true;

  std::size_t num_train = 10000;  ///< points drawn from a source; all rows of arrays are used

  /// metric(codes), metric(codes, factors) or metric(source, seed). Throws ShapeError for fewer than 2 rows,
  /// ValueError for a code that is not finite or whose square overflows.
  template <class... Data>
    requires detail::scores_from<GaussianTotalCorrelation, Data...>
  [[nodiscard]] Score operator()(Data&&... data) const {
    return detail::score_rows(*this, data...);
  }

 private:
  friend detail::RowsAccess;

  Score score(detail::Rows const& rows) const {
    detail::check_square<double>(name, rows.codes.view());
    Matrix<double> covariance = detail::covariance(rows.codes.view());
    auto const varied = detail::varied_latents(covariance);
    Matrix<double> correlation(varied.size(), varied.size());
    for (std::size_t i = 0; i < varied.size(); ++i)
      for (std::size_t j = 0; j < varied.size(); ++j)
        correlation(i, j) = covariance(varied[i], varied[j]) / std::sqrt(covariance(varied[i], varied[i])) /
                            std::sqrt(covariance(varied[j], varied[j]));
    double const value = std::max(0.0, -0.5 * detail::log_determinant(std::move(correlation), 1e-13));
    return detail::begin_dependence(name, rows, value, varied.size(), std::move(covariance));
  }
};

/// Squared 2-Wasserstein distance between the Gaussian of the codes' covariance and that of its diagonal: 0
/// for uncorrelated codes. In units of the codes squared; the part `normalised` is divided by tr C and free
/// of a common scale. Finite for copies and for latents that do not vary.
struct GaussianWassersteinCorrelation {
  static constexpr std::string_view name = "gaussian_wasserstein_correlation";
  static constexpr bool label_free = true;

  std::size_t num_train = 10000;  ///< points drawn from a source; all rows of arrays are used

  /// As GaussianTotalCorrelation.
  template <class... Data>
    requires detail::scores_from<GaussianWassersteinCorrelation, Data...>
  [[nodiscard]] Score operator()(Data&&... data) const {
    return detail::score_rows(*this, data...);
  }

 private:
  friend detail::RowsAccess;

  Score score(detail::Rows const& rows) const {
    detail::check_square<double>(name, rows.codes.view());
    Matrix<double> covariance = detail::covariance(rows.codes.view());
    std::size_t const latents = covariance.rows;
    Matrix<double> product(latents, latents);
    double trace = 0;
    for (std::size_t i = 0; i < latents; ++i) {
      trace += covariance(i, i);
      for (std::size_t j = 0; j < latents; ++j)
        product(i, j) = std::sqrt(covariance(i, i)) * covariance(i, j) * std::sqrt(covariance(j, j));
    }
    double roots = 0;
    for (double e : detail::symmetric_eigenvalues(std::move(product))) roots += std::sqrt(std::max(0.0, e));
    double const value = std::max(0.0, 2 * trace - 2 * roots);
    std::size_t const varied = detail::varied_latents(covariance).size();
    Score s = detail::begin_dependence(name, rows, value, varied, std::move(covariance));
    s.parts.emplace_back("normalised", trace > 0 ? value / trace : 0);
    return s;
  }
};

/// In nats, 0 for independent latents, but for the plug-in bias of (bins - 1)^2 / (2 rows). Constant latents
/// count as pairs with information 0; of a single latent the score is 0.
struct MutualInformationScore {
  static constexpr std::string_view name = "mutual_information_score";
  static constexpr bool label_free = true;

  int bins = 20;                  ///< per latent
  std::size_t num_train = 10000;  ///< points drawn from a source; all rows of arrays are used

  /// As GaussianTotalCorrelation; ValueError also for bins < 1.
  template <class... Data>
    requires detail::scores_from<MutualInformationScore, Data...>
  [[nodiscard]] Score operator()(Data&&... data) const {
    return detail::score_rows(*this, data...);
  }

 private:
  friend detail::RowsAccess;

  Score score(detail::Rows const& rows) const {
    Matrix<int> const binned = detail::binned_codes(rows, bins);
    Matrix<double> information = mutual_information_matrix(binned.view(), binned.view());
    std::size_t const latents = information.rows;
    double sum = 0;
    for (std::size_t a = 0; a < latents; ++a)
      for (std::size_t b = 0; b < latents; ++b) sum += a == b ? 0 : information(a, b);
    double const value = latents < 2 ? 0 : sum / static_cast<double>(latents * (latents - 1));
    Score s = detail::begin_score(name, definition::disentanglement_lib, rows, value);
    s.lower_is_better = true;
    s.settings.emplace_back("bins", static_cast<double>(bins));
    s.choices = {{"estimator", "equal-width histogram, plug-in, nats"},
                 {"codes", rows.single ? "float32" : "float64"}};
    s.tables = {{"mutual_information", "latent", "latent", std::move(information)},
                {"plug_in_bias", "latent", "latent", detail::plug_in_bias(binned, binned)}};
    return s;
  }
};

}  // namespace disentangle::metric
