// SPDX-License-Identifier: Apache-2.0
// An encoder that learns from a generator's own codes.
#pragma once

#include <string>
#include <vector>

#include <disentangle/supervision/supervision.hpp>

namespace disentangle::supervision {

/// weight * mean (E(G(c)) - c)^2, mean over the minibatch and over dimensions, c ~ prior: the encoder E
/// learns to recover the codes of generated images, the samples encoder of DiD and the information term of
/// InfoGAN with a Gaussian of fixed variance (BibTeX: zhang2025disentanglement, chen2016infogan). Of an
/// encoder with more outputs (a VAE's), the first, its means, are compared.
/// DiD's sources say in words that E(G(c)) is to be as close as possible to c; the formula is a
/// RECONSTRUCTION (R11).
/// @param weight lambda_E; default 1 (RECONSTRUCTION, R12)
/// @param trains_generator whether its gradient flows into the generator, which keeps every dimension
///        recoverable; default true, as in InfoGAN. Both are readings of DiD's sources (R11)
/// Measures code_error_k: the mean squared error of each dimension; that of a code that tells nothing is its
/// prior's variance (1/3 for U(-1, 1)).
struct CodeRegression {
  double weight = 1;
  bool trains_generator = true;

  [[nodiscard]] static std::vector<std::string> measures(int latent_size) {
    std::vector<std::string> names;
    for (int i = 0; i < latent_size; ++i) names.push_back("code_error_" + std::to_string(i));
    return names;
  }

  auto operator()(auto& step) const {
    auto const images = step.generated(), codes = step.own_codes();
    auto const output = step.encode(trains_generator ? images : stop_gradient(images));
    auto const error = materialise(square(slice(output, axis<1>, 0, codes.extent(1)) - codes));
    step.measure(0, mean(stop_gradient(error), axis<0>));
    return weight * mean(error);
  }
  friend bool operator==(CodeRegression const&, CodeRegression const&) = default;
};

}  // namespace disentangle::supervision
