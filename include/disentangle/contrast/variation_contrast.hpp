// SPDX-License-Identifier: Apache-2.0
// The contrast of DisCo in its variation space.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <disentangle/contrast/difference_encoder.hpp>
#include <disentangle/contrast/perturbation.hpp>
#include <disentangle/encoder/info_gan_conv.hpp>

namespace disentangle::contrast {

/// Variations of one dimension are like each other and unlike those of the others:
///     v = |H(G(c')) - H(G(c))| / its length,  c' = c with one number changed
///     queries and positives have the step's dimension t changed, negatives any other;
///     l = q . p and q . k for all pairs
///     weight * (mean BCE(sigmoid(l), positive ? 1 : 0) - entropy * mean_q sum softmax(q) log softmax(q))
/// Negatives give no gradient; one whose similarity is above `flip` is labelled by that similarity (the
/// authors' "flipping"). Ren, Yang, Wang, Zeng, "Learning disentangled representation by exploiting
/// pretrained generative models", ICLR 2022 (BibTeX: ren2022learning), as the authors' code has it; but there
/// directions in the latent space of a fixed, pretrained generator are learnt, and here the generator learns,
/// with the axes of its codes as the directions: an option of this library, not their method. `trains =
/// difference_encoder` leaves the generator alone.
/// @tparam Trunk the network of H, an encoder policy
/// @tparam Outputs numbers that H gives; default 64, as in the authors' code
/// @param queries, positives, negatives default 32, 32, 64, as there
/// @param entropy weight of the entropy term; default 1. It is minimised, so that a variation has few large
/// numbers
/// @param flip default 0.95, as there
/// @param perturbation as for InterFactorDifference; the authors' is additive with a spread of 6 and the same
/// floor Measures variation_accuracy, the share of pairs whose similarity is on its side of the middle
/// between the mean similarities of positives and negatives.
/// Cost: G and H on 2 (queries + positives + negatives) images, two thirds or less of them backward.
template <class Trunk = encoder::InfoGanConv<>, int Outputs = 64>
struct VariationContrast {
  double weight = 1;
  int queries = 32;
  int positives = 32;
  int negatives = 64;
  double entropy = 1;
  double flip = 0.95;
  TrainsNetworks trains = TrainsNetworks::generator_and_difference_encoder;
  Perturbation perturbation{};
  Trunk trunk{};

  [[nodiscard]] static std::vector<std::string> measures(int) { return {"variation_accuracy"}; }

  template <class Setting>
  struct State : detail::DifferenceNetwork<Trunk, SiamesePair, Outputs, Setting> {
    State(nn::Builder<typename Setting::backend_type>& build, VariationContrast const& policy)
        : State::DifferenceNetwork(build, policy.trunk, "variation") {}
  };

  auto operator()(auto& step) const {
    auto& tape = step.tape();
    std::ptrdiff_t const q = queries, p = positives, k = negatives, latent = step.latent_size;
    if (q < 1 || p < 1 || k < 1 || latent < 2) {
      throw ValueError("VariationContrast: found " + std::to_string(q) + " queries, " + std::to_string(p) +
                       " positives, " + std::to_string(k) + " negatives and " + std::to_string(latent) +
                       " latents, expected at least one of each and two latents");
    }
    Philox const random = step.random("variation.dimensions");
    auto const target = static_cast<std::ptrdiff_t>(random.integer(0, static_cast<std::uint32_t>(latent)));
    auto const one_dimension = [&](std::ptrdiff_t rows, bool of_target) {
      auto const size = static_cast<std::size_t>(rows * latent);
      float* const chosen = tape.template host<float>(size);
      std::fill_n(chosen, size, 0.0f);
      for (std::ptrdiff_t row = 0; row < rows; ++row) {
        auto const away =
            1 + static_cast<std::ptrdiff_t>(random.integer(static_cast<std::uint64_t>(row + 1),
                                                           static_cast<std::uint32_t>(latent - 1)));
        chosen[row * latent + (of_target ? target : (target + away) % latent)] = 1;
      }
      return tape.constant(Extents<2>{rows, latent}, chosen);
    };
    auto const variations = [&](std::ptrdiff_t rows, auto const& chosen, std::string_view codes_stream,
                                std::string_view stream) {
      auto const c = step.codes(rows, codes_stream);
      auto const images =
          step.generate(concatenate(axis<0>, c, detail::perturbed(step, c, chosen, perturbation, stream)));
      auto const raw =
          step.state()(slice(images, axis<0>, 0, rows), slice(images, axis<0>, rows, 2 * rows), trains);
      return detail::unit_rows(materialise(abs(raw)));
    };
    auto const own = variations(q + p, one_dimension(q + p, true), "variation.codes", "variation.change");
    auto const others = [&] {
      RecordingOff const guard(tape);
      return variations(k, one_dimension(k, false), "variation.other_codes", "variation.other_change");
    }();
    auto const query = slice(own, axis<0>, 0, q);
    auto const alike = matmul(query, transpose(slice(own, axis<0>, q, q + p)));  // (q, p)
    auto const unlike = matmul(query, transpose(others));                        // (q, k)
    auto const label = stop_gradient(where(unlike > flip, unlike, 0.0));
    {
      auto const a = stop_gradient(alike), u = stop_gradient(unlike);
      auto const middle = materialise(0.5 * (mean(a) + mean(u)));
      double const pairs = static_cast<double>(q * (p + k));
      step.measure(0, (1 / pairs) * (sum(a > middle) + sum(middle >= u)));
    }
    auto const log_share = log_softmax(query, axis<1>);
    double const pairs = static_cast<double>(q * (p + k));
    // BCE of a logit l and a label y: softplus(l) - y l
    return (weight / pairs) * (sum(softplus(-alike)) + sum(softplus(unlike) - label * unlike)) -
           (weight * entropy / static_cast<double>(q)) * sum(exp(log_share) * log_share);
  }

  friend bool operator==(VariationContrast const&, VariationContrast const&) = default;
};

}  // namespace disentangle::contrast
