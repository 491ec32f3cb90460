// SPDX-License-Identifier: Apache-2.0
// The contrastive-difference term of DiD.
#pragma once

#include <string>
#include <vector>

#include <disentangle/contrast/difference_encoder.hpp>
#include <disentangle/contrast/perturbation.hpp>
#include <disentangle/encoder/info_gan_conv.hpp>

namespace disentangle::contrast {

/// What is maximised between the differences of two factors.
enum class DifferenceForm {
  squared_distance,  ///< |v1 - v2|^2: the only formula that the sources give, read literally
  distance,          ///< |v1 - v2|: what their prose says
  contrastive        ///< the supervised-contrastive loss with the changed dimension as the class
};

/// What keeps the differences from growing without end.
enum class DifferenceBound {
  unit_length,  ///< v / |v|
  tanh,         ///< tanh of every number of v
  none          ///< the formula read literally: unbounded below, for short demonstrations
};

/// Differences between pairs of generated images, told apart by the dimension of the code that was changed:
///     c ~ prior;  c1, c2: c with dimension i, with dimension j != i changed, i and j uniform per row
///     v1 = H(G(c), G(c1)),  v2 = H(G(c), G(c2)),  each bounded
///     weight * (-mean |v1 - v2|^2 + pull * mean |v1 - v1+|^2)
/// v1+ is the difference of another pair in which dimension i was changed. H, the difference encoder, is
/// trained together with the generator; G(c), G(c1), G(c2) are one pass of the generator, and G(c) is the
/// image that other terms see too. On a VAE its decoder's expected images take the place of G, and codes come
/// from the VAE's prior.
/// Zhang et al., "Disentanglement in Difference", 2025 (BibTeX: zhang2025disentanglement): the formula of
/// DifferenceForm::squared_distance with pull = 0 and bound none is the one that is known (through a review);
/// ALL ELSE IS A RECONSTRUCTION (docs/methods/did.md has which, by the numbers R3 to R10 that follow).
/// The bound: with unit vectors the mean of |v1 - v2|^2 over i != j is at most 2 n / (n - 1), n latents, and
/// 2 for an H that knows nothing. It is attained by n different directions AND by two opposite clusters of
/// dimensions: the squared form cannot tell them apart, the unsquared and the contrastive form and a pull
/// can.
/// @tparam Trunk the network of H, an encoder policy
/// @tparam Pair ChannelPair (default, R5), SubtractedPair or SiamesePair: how H takes two images
/// @tparam Outputs numbers that H gives; 0, the default, is as many as latents, and n - 1 is the least that
/// fits n directions (R6)
/// @param weight lambda_H; default 1 (R12)
/// @param form default squared_distance, the literal formula (R8, R9)
/// @param bound default unit_length; some bound is needed (R7)
/// @param pull gamma; default 0, the literal formula; 1 is push-pull (R9). Costs two more images per code
/// @param temperature of the contrastive form; default 0.2, the usual range is 0.1 to 0.5 (R9)
/// @param trains default both, cooperatively (R10)
/// @param perturbation how a dimension is changed (R3, R4)
/// Measures of the normalised differences: difference_squared_distance, the mean of |v1 - v2|^2;
/// difference_bound, 2 n / (n - 1); difference_distance, the mean of |v1 - v2|: sqrt(2 n / (n - 1)) for n
/// directions, n / (n - 1) for two clusters (1.49 and 1.11 for 10 latents); difference_accuracy, the share of
/// the v2 that lie nearest to the mean v1 of their own dimension (chance is 1 / n). And difference_length,
/// the mean length of v before it is bounded.
/// Cost: G on 3 (with a pull 5) images per code and H on 2 (3) pairs, forward and backward.
template <class Trunk = encoder::InfoGanConv<>, pair_input Pair = ChannelPair, int Outputs = 0>
struct InterFactorDifference {
  double weight = 1;
  DifferenceForm form = DifferenceForm::squared_distance;
  DifferenceBound bound = DifferenceBound::unit_length;
  double pull = 0;
  double temperature = 0.2;
  TrainsNetworks trains = TrainsNetworks::generator_and_difference_encoder;
  Perturbation perturbation{};
  Trunk trunk{};

  [[nodiscard]] static std::vector<std::string> measures(int) {
    return {"difference_squared_distance", "difference_bound", "difference_distance", "difference_accuracy",
            "difference_length"};
  }

  template <class Setting>
  struct State
      : detail::DifferenceNetwork<Trunk, Pair, Outputs == 0 ? Setting::latent_size : Outputs, Setting> {
    State(nn::Builder<typename Setting::backend_type>& build, InterFactorDifference const& policy)
        : State::DifferenceNetwork(build, policy.trunk, "difference") {}
  };

  auto operator()(auto& step) const {
    auto const codes = step.own_codes();
    auto const n = codes.extent(0), latent = codes.extent(1);
    auto const changed =
        detail::choose_dimensions(step.tape(), n, latent, step.random("difference.dimensions"));
    auto const i = changed.first, j = changed.second;
    auto const c1 = detail::perturbed(step, codes, i, perturbation, "difference.first");
    auto const c2 = detail::perturbed(step, codes, j, perturbation, "difference.second");
    bool const pulls = pull != 0;
    auto const images =
        [&] {  // of codes, c1, c2 and, where there is a pull, of two more of the same change as c1
          if (!pulls) return step.generated_with(concatenate(axis<0>, c1, c2));
          auto const other = step.codes(n, "difference.other");
          auto const other1 = detail::perturbed(step, other, i, perturbation, "difference.other_first");
          return step.generated_with(concatenate(axis<0>, c1, c2, other, other1));
        }();
    auto const of = [&](std::ptrdiff_t part) { return slice(images, axis<0>, part * n, (part + 1) * n); };
    auto const raw = [&] {  // all pairs in one pass of H
      auto& h = step.state();
      if (!pulls) return h(concatenate(axis<0>, of(0), of(0)), concatenate(axis<0>, of(1), of(2)), trains);
      return h(concatenate(axis<0>, of(0), of(0), of(3)), concatenate(axis<0>, of(1), of(2), of(4)), trains);
    }();
    auto const v = bounded(raw);
    auto const pair = [&](std::ptrdiff_t part) { return slice(v, axis<0>, part * n, (part + 1) * n); };
    note(step, raw, i, j);

    auto loss = [&] {
      if (form == DifferenceForm::contrastive) {
        return pulls ? contrastive(v, concatenate(axis<0>, i, j, i))
                     : contrastive(v, concatenate(axis<0>, i, j));
      }
      auto const apart = materialise(pair(0) - pair(1));
      if (form == DifferenceForm::distance) return materialise(-mean(detail::lengths(apart)));
      return materialise((-1.0 / static_cast<double>(n)) * sum(square(apart)));
    }();
    if (pulls) loss = materialise(loss + (pull / static_cast<double>(n)) * sum(square(pair(0) - pair(2))));
    return weight * loss;
  }

  friend bool operator==(InterFactorDifference const&, InterFactorDifference const&) = default;

 private:
  template <class B>
  Variable<B, 2> bounded(Variable<B, 2> const& v) const {
    switch (bound) {
      case DifferenceBound::unit_length: return detail::unit_rows(v);
      case DifferenceBound::tanh: return materialise(disentangle::tanh(v));
      case DifferenceBound::none: break;
    }
    return v;
  }

  /// Khosla et al., "Supervised contrastive learning", NeurIPS 2020 (BibTeX: khosla2020supervised), L_out:
  /// the mean over rows a of -mean over p of its class, p != a, of log exp(v_a v_p / t) / sum over k != a of
  /// exp(v_a v_k / t). Rows that are alone in their class are left out.
  template <class B>
  Variable<B, 0> contrastive(Variable<B, 2> const& v, Variable<B, 2> const& dimension) const {
    auto const same = materialise(off_diagonal(matmul(dimension, transpose(dimension))));
    auto const logits = materialise((1 / temperature) * matmul(v, transpose(v)));
    // -1e9 takes a row out of its own denominator; it is added, so that a gradient reaches every other logit
    // as it is
    auto const itself = materialise(where(off_diagonal(0.0 * logits + 1.0), 0.0, -1e9));
    auto const log_share = log_softmax(logits + itself, axis<1>);
    auto const partners = materialise(sum(same, axis<1>));
    auto const of_row = sum(where(same, log_share, 0.0), axis<1>);
    auto const rows = materialise(sum(where(partners > 0.0, 1.0, 0.0 * partners)));
    return materialise(-1.0 * sum(of_row / max(partners, 1.0)) / max(rows, 1.0));
  }

  template <class B>
  void note(auto& step, Variable<B, 2> const& raw, Variable<B, 2> const& i, Variable<B, 2> const& j) const {
    RecordingOff<B> const guard(step.tape());
    auto const n = i.extent(0);
    auto const all = stop_gradient(raw), unit = detail::unit_rows(all);
    auto const v1 = slice(unit, axis<0>, 0, n), v2 = slice(unit, axis<0>, n, 2 * n);
    double const latent = static_cast<double>(i.extent(1));
    auto const apart = materialise(v1 - v2);
    step.measure(0, (1.0 / static_cast<double>(n)) * sum(square(apart)));
    step.measure(1, 2 * latent / (latent - 1));
    step.measure(2, mean(detail::lengths(apart)));
    step.measure(3, detail::nearest_class_accuracy(v1, i, v2, j));
    step.measure(4, mean(detail::lengths(all)));
  }
};

}  // namespace disentangle::contrast
