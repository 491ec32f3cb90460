// SPDX-License-Identifier: Apache-2.0
// Whose definition of a metric is followed. Libraries differ in bins, normalisers, classifiers and signs
// under the same name; a metric names the definitions that it has in its member `definitions`, the first
// being its default.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include <disentangle/core/error.hpp>

namespace disentangle::metric {

/// A definition by its name, as in Mig{.definition = definition::ubisoft} and on the command line
/// mig:ubisoft.
struct Definition {
  std::string_view name;
  friend constexpr bool operator==(Definition, Definition) = default;
};

namespace definition {
/// google-research/disentanglement_lib and the study of Locatello et al., ICML 2019.
inline constexpr Definition disentanglement_lib{"disentanglement_lib"};
/// The same with the classifiers of its time, scikit-learn before 0.22: logistic regression by liblinear, one
/// class against the rest, biases penalised.
inline constexpr Definition disentanglement_lib_2018{"disentanglement_lib_2018"};
/// Chen et al.'s own code, rtqichen/beta-tcvae.
inline constexpr Definition chen{"chen"};
/// The review by Carbonneau et al. (Ubisoft La Forge).
inline constexpr Definition ubisoft{"ubisoft"};
/// facebookresearch/disentangling-correlated-factors.
inline constexpr Definition dcf{"dcf"};
/// Do and Tran, ICLR 2020 (clarken92/DisentanglementMetrics).
inline constexpr Definition clarken92{"clarken92"};
/// Kim et al., "Relevance factor VAE", the authors' code (seqam-lab/rfvae).
inline constexpr Definition rf_vae{"rf_vae"};
/// The metric's own paper, where no library's code is followed.
inline constexpr Definition paper{"paper"};
/// This library's own reading of a definition that its paper gives in words, where no code or formula is at
/// hand.
inline constexpr Definition reconstruction{"reconstruction"};
}  // namespace definition

namespace detail {

/// Throws ValueError that lists the definitions that the metric has, for one that it has not.
inline void check_definition(std::string_view metric, std::span<Definition const> known, Definition found) {
  std::string list;
  for (Definition const& each : known) {
    if (each == found) return;
    list += (list.empty() ? "" : ", ") + std::string(each.name);
  }
  throw ValueError(std::string(metric) + ": found definition '" + std::string(found.name) +
                   "', expected one of: " + list);
}

}  // namespace detail

}  // namespace disentangle::metric
