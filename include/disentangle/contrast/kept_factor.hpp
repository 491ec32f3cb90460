// SPDX-License-Identifier: Apache-2.0
// The contrastive regulariser of InfoGAN-CR.
#pragma once

#include <string>
#include <vector>

#include <disentangle/contrast/difference_encoder.hpp>
#include <disentangle/contrast/perturbation.hpp>
#include <disentangle/encoder/info_gan_conv.hpp>

namespace disentangle::contrast {

/// weight * mean CE(H(G(c), G(c')), i): c' keeps number i of c and has all others drawn anew, and a network H
/// tells from the pair of images, their channels concatenated, which one was kept. H and the generator both
/// minimise it. Lin, Thekumparampil, Fanti, Oh, "InfoGAN-CR and ModelCentrality", ICML 2020 (BibTeX:
/// lin2020infogan), section 3.
/// @tparam Trunk the network of H, an encoder policy
/// @tparam Pair ChannelPair as in the paper; SubtractedPair and SiamesePair
/// @param weight default 2, what the authors' code uses for dSprites in the end
/// @param first_step from which the term weighs anything; default 0. The authors' code begins after 288,000
/// batches
/// @param minimum smallest change of the numbers that are not kept (the paper's contrastive gap), in the
/// code's units; default 0
/// @param trains default both
/// Measures kept_factor_accuracy, the share of pairs in which H names the kept number (chance is 1 / n).
/// Cost: G on 2 images per code, one of them shared with other terms, and H on one pair.
template <class Trunk = encoder::InfoGanConv<>, pair_input Pair = ChannelPair>
struct KeptFactor {
  double weight = 2;
  long first_step = 0;
  double minimum = 0;
  TrainsNetworks trains = TrainsNetworks::generator_and_difference_encoder;
  Trunk trunk{};

  [[nodiscard]] static std::vector<std::string> measures(int) { return {"kept_factor_accuracy"}; }

  template <class Setting>
  struct State : detail::DifferenceNetwork<Trunk, Pair, Setting::latent_size, Setting> {
    State(nn::Builder<typename Setting::backend_type>& build, KeptFactor const& policy)
        : State::DifferenceNetwork(build, policy.trunk, "kept_factor") {}
  };

  auto operator()(auto& step) const {
    auto const codes = step.own_codes();
    auto const n = codes.extent(0);
    auto const kept =
        detail::choose_dimensions(step.tape(), n, codes.extent(1), step.random("kept_factor.dimension"))
            .first;
    auto const images = step.generated_with(
        materialise(where(kept, codes, step.redraw(codes, minimum, "kept_factor.others"))));
    auto const logits = step.state()(slice(images, axis<0>, 0, n), slice(images, axis<0>, n, 2 * n), trains);
    {
      auto const score = stop_gradient(logits);
      step.measure(0, mean(sum(score * kept, axis<1>) >= max(score, axis<1>)));
    }
    double const now = step.number() < first_step ? 0 : weight;
    return (-now / static_cast<double>(n)) * sum(kept * log_softmax(logits, axis<1>));
  }

  friend bool operator==(KeptFactor const&, KeptFactor const&) = default;
};

}  // namespace disentangle::contrast
