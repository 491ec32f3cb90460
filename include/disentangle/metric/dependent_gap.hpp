// SPDX-License-Identifier: Apache-2.0
// MIG for factors that depend on each other (Watcharasupat, Lerch, "Evaluation of latent space
// disentanglement in the presence of interdependent attributes", 2021). With l(k) the latent that stands for
// factor k:
//   DMIG_k = [ I(z_l(k); y_k) - I(z_j; y_k) ] / H(y_k | y_m)
//            j the best other latent, m the factor that j stands for
//   XMIG_k = [ I(z_l(k); y_k) - I(z_j; y_k) ] / H(y_k)
//            j the best of the latents that stand for no factor
//   DLIG_k = [ I(z_l(k); y_k) - I(z_l(k); y_m) ] / H(y_k | y_m)
//            m the factor that l(k) knows best beside k
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/metric/definition.hpp>
#include <disentangle/metric/detail/information_table.hpp>
#include <disentangle/metric/detail/rows.hpp>
#include <disentangle/metric/gap.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric {

/// The value is DMIG; parts dmig, xmig, dlig. Higher is better, about 1 at most: what a dependent runner-up
/// must know of a factor is not held against its best latent. In DMIG the denominator is H(y_k) where the
/// runner-up stands for no factor; of independent factors DMIG is MIG. A latent stands for the factor given
/// in `latent_of_factor`, else l(k) is the latent that knows most about k. A factor that another determines
/// has conditional entropy 0 and scores 0. Bins, bias and errors as Mig; the paper estimates from nearest
/// neighbours.
struct DependentMig {
  static constexpr std::string_view name = "dmig";
  static constexpr std::string_view needs_all_labels =
      "how far one factor tells another is counted in rows that have both";
  static constexpr Definition definitions[] = {definition::paper};

  std::optional<int> bins = {};   ///< per latent; without it 20
  std::size_t num_train = 10000;  ///< points drawn from a source; all rows of arrays are used
  std::vector<std::size_t> latent_of_factor = {};  ///< empty: the latent that knows most about the factor
  Definition definition = definitions[0];

  /// As Mig. ValueError also for a latent_of_factor that does not fit.
  template <class... Data>
    requires detail::scores_from<DependentMig, Data...>
  [[nodiscard]] Score operator()(Data&&... data) const {
    return detail::score_rows(*this, data...);
  }

 private:
  friend detail::RowsAccess;

  Score score(detail::Rows const& rows) const {
    detail::check_definition(name, definitions, definition);
    auto table = detail::information_table(name, rows, bins.value_or(20), definition);
    Matrix<double> const& information = table.information;
    std::size_t const latents = information.rows;
    std::size_t const factors = information.columns;
    Matrix<double> const between = mutual_information_matrix(table.factors.view(), table.factors.view());
    std::vector<std::size_t> own = latent_of_factor;
    if (own.empty())
      for (std::size_t k = 0; k < factors; ++k) own.push_back(detail::best_row(information, k));
    if (own.size() != factors || *std::max_element(own.begin(), own.end()) >= latents)
      throw ValueError("dmig: latent_of_factor has " + std::to_string(own.size()) + " entries, expected " +
                       std::to_string(factors) + " latents below " + std::to_string(latents));
    std::vector<double> dmig(factors), xmig(factors), dlig(factors);
    for (std::size_t k = 0; k < factors; ++k) {
      double const best = information(own[k], k);
      double const entropy = table.factor_entropy[k];
      std::optional<std::size_t> other;
      double spare = 0;
      for (std::size_t l = 0; l < latents; ++l) {
        if (l == own[k]) continue;
        if (!other || information(l, k) > information(*other, k)) other = l;
        if (std::find(own.begin(), own.end(), l) == own.end()) spare = std::max(spare, information(l, k));
      }
      // The factor that the runner-up stands for; of several the one that says most about k.
      std::optional<std::size_t> known;
      for (std::size_t m = 0; other && m < factors; ++m)
        if (m != k && own[m] == *other && (!known || between(k, m) > between(k, *known))) known = m;
      auto const ratio = [](double gap, double scale) { return scale > 1e-12 ? gap / scale : 0; };
      dmig[k] =
          ratio(best - (other ? information(*other, k) : 0), known ? entropy - between(k, *known) : entropy);
      xmig[k] = ratio(best - spare, entropy);
      std::optional<std::size_t> second;
      for (std::size_t m = 0; m < factors; ++m)
        if (m != k && (!second || information(own[k], m) > information(own[k], *second))) second = m;
      dlig[k] = second ? ratio(best - information(own[k], *second), entropy - between(k, *second))
                       : ratio(best, entropy);
    }
    Score s = detail::begin_score(name, definition, rows, std::move(table), mean(dmig), "factor", dmig);
    s.parts = {{"dmig", mean(dmig)}, {"xmig", mean(xmig)}, {"dlig", mean(dlig)}};
    s.choices.emplace_back("normaliser", "conditional entropy of the factor");
    s.tables.push_back(Table::vector("xmig_per_factor", "factor", std::move(xmig)));
    s.tables.push_back(Table::vector("dlig_per_factor", "factor", std::move(dlig)));
    s.tables.push_back(Table::vector("latent_of_factor", "factor", {own.begin(), own.end()}));
    return s;
  }
};

}  // namespace disentangle::metric
