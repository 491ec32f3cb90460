// SPDX-License-Identifier: Apache-2.0
// MIG-sup (Li, Murkute, Gyawali, Wang, "Progressive learning and disentanglement of hierarchical
// representations", ICLR 2020): the gap of MIG the other way round.
//   MIG-sup = mean over latents l of [ I(z_l; y_best) - I(z_l; y_second) ],  I divided by H(y)
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <disentangle/metric/definition.hpp>
#include <disentangle/metric/detail/information_table.hpp>
#include <disentangle/metric/detail/rows.hpp>
#include <disentangle/metric/gap.hpp>
#include <disentangle/metric/score.hpp>

namespace disentangle::metric {

/// In [0, 1], higher is better: 1 where every latent informs about one factor only, which MIG does not ask. A
/// latent that informs about nothing has gap 0, so every spare latent costs 1 / latents. Bins, bias and
/// errors as Mig. With a single factor the runner-up counts as 0.
/// - paper: 20 bins.
/// - ubisoft: 10 bins, I divided by the entropy of the binned code; a constant latent, where its code divides
///   by zero, counts as gap 0.
struct MigSup {
  static constexpr std::string_view name = "mig_sup";
  static constexpr bool factor_by_factor = true;  ///< takes rows in which labels are missing
  static constexpr Definition definitions[] = {definition::paper, definition::ubisoft};

  std::optional<int> bins = {};   ///< per latent; without it the definition's
  std::size_t num_train = 10000;  ///< points drawn from a source; all rows of arrays are used
  Definition definition = definitions[0];

  /// As Mig: mig_sup(codes, factors) or (source, seed), with the same errors.
  template <class... Data>
    requires detail::scores_from<MigSup, Data...>
  [[nodiscard]] Score operator()(Data&&... data) const {
    return detail::score_rows(*this, data...);
  }

 private:
  friend detail::RowsAccess;

  Score score(detail::Rows const& rows) const {
    detail::check_definition(name, definitions, definition);
    bool const by_code = definition == definition::ubisoft;
    auto table = detail::information_table(name, rows, bins.value_or(by_code ? 10 : 20), definition);
    Matrix<double> const relative =
        by_code ? detail::information_by_code(table) : detail::relative_information(table);
    Score s = detail::begin_score(name, definition, rows, std::move(table), 0, "latent", {});
    s.tables.push_back({"relative_information", "latent", "factor", relative});
    summarise(s);
    s.choices.emplace_back("normaliser",
                           by_code ? "entropy of the binned code" : "empirical entropy of the factor");
    return s;
  }

  void summarise(Score& s) const {
    std::vector<double> per_latent = gaps(detail::transposed(s.table("relative_information")).view());
    s.value = mean(per_latent);
    detail::set_part(s, "mig_sup", s.value);
    detail::set_table(s, Table::vector("mig_sup_per_latent", "latent", std::move(per_latent)));
  }
};

}  // namespace disentangle::metric
