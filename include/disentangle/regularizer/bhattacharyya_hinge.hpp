// SPDX-License-Identifier: Apache-2.0
// A penalty on classes whose components of the prior overlap.
#pragma once

#include <disentangle/prior/bhattacharyya.hpp>
#include <disentangle/prior/parted_code.hpp>
#include <disentangle/regularizer/regularizer.hpp>

namespace disentangle::regularizer {

/// weight * sum_i sum_{k > k'} max(BC_ikk' - threshold, 0), BC in (0, 1] the Bhattacharyya coefficient of the
/// components k and k' of class variable i (prior::bhattacharyya_coefficients). It reads the prior's tables
/// alone, no image. Hajimiri, Lotfi, Soleymani Baghshah 2021 (BibTeX: hajimiri2021semi), as the authors' code
/// has it.
/// @param weight default 30; threshold default 0.15 (authors, MNIST; dSprites 10 and 0.1, CelebA 500 and 0.2)
/// Cost O(sum_i values_i^2 * related).
struct BhattacharyyaHinge {
  double weight = 30;
  double threshold = 0.15;

  template <class B>
  using posterior_type = prior::PartedPosterior<B>;

  auto operator()(auto const& posterior) const {
    static_assert(
        requires { posterior.component_mean; }, "[disentangle] BhattacharyyaHinge needs a Prior with one "
                                                "component for each class: prior::ClassMixture; "
                                                "see docs/methods/parted_vae.md");
    // each pair stands twice in the matrix; 0 comes first so that the gradient at the threshold is 0
    return 0.5 * weight *
           prior::sum_over_variables(
               posterior.component_mean, posterior.component_log_variance, posterior.c.sizes,
               [this](auto const& bc) { return sum(off_diagonal(max(0.0, bc - threshold))); });
  }
  friend bool operator==(BhattacharyyaHinge const&, BhattacharyyaHinge const&) = default;
};

}  // namespace disentangle::regularizer
