// SPDX-License-Identifier: Apache-2.0
// IP-IRM's term with MixUp: images of one view are mixed in pairs, and the mixture is to be told by both of
// its parts.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <disentangle/contrast/contrast.hpp>
#include <disentangle/contrast/image_mixture.hpp>
#include <disentangle/contrast/retained_partitions.hpp>

namespace disentangle::contrast {

namespace detail {

/// Images mixed in pairs within some rows of a minibatch: which rows, mixed with which, and how much of the
/// first each has.
template <class B>
struct Mixture {
  Variable<B, 2> images;
  Variable<B, 2> target;  // (n, n): what the softmax of row i is to be
};

/// x_i <- l_i x_i + (1 - l_i) x_p(i), l = max(u, 1 - u) with u uniform, p a permutation of the rows. As in
/// the authors' code the targets have the mean of l in place of l_i.
template <class B>
Mixture<B> mix_up(Variable<B, 2> const& images, Philox const& random) {
  auto const n = images.extent(0);
  auto& tape = *images.tape;
  auto const count = static_cast<std::size_t>(n);
  int* const partner = tape.template host<int>(count);
  float* const share = tape.template host<float>(count);
  float* const target = tape.template host<float>(count * count);
  float const mean_share = draw_mixture(random, count, partner, share);
  std::fill_n(target, count * count, 0.0f);
  for (std::size_t i = 0; i < count; ++i) {
    target[i * count + i] += mean_share;
    target[i * count + static_cast<std::size_t>(partner[i])] += 1 - mean_share;
  }
  auto const l = tape.constant(Extents<2>{n, 1}, share);
  auto const others = gather(images, std::span<int const>(partner, count));
  return {materialise(l * images + (1.0 - l) * others), tape.constant(Extents<2>{n, n}, target)};
}

/// mean_i -sum_j target_ij log softmax(z)_ij
template <class B>
auto mixed_loss(Variable<B, 2> const& z, Variable<B, 2> const& target) {
  return (-1.0 / static_cast<double>(z.extent(0))) * sum(target * log_softmax(z, axis<1>));
}

/// |d/ds mixed_loss(s z)|^2 at s = 1, with a scale for each column, or one for all.
template <class B>
Variable<B, 0> mixed_penalty(Variable<B, 2> const& z, Variable<B, 2> const& target, Dummy dummy) {
  auto const along = materialise((softmax(z, axis<1>) - target) * z);
  if (dummy == Dummy::scalar) return materialise(square(static_cast<double>(z.extent(1)) * mean(along)));
  return materialise(sum(square(mean(along, axis<0>))));
}

}  // namespace detail

/// Step 1:   weight * (L(all) + sum_P mean_k [ L(P, k) + penalty * |d/ds L(s; P, k)|^2 at s = 1 ])
/// where L mixes the first view of the images concerned in pairs, x_i <- l x_i + (1 - l) x_p(i), and is the
/// cross-entropy of softmax_j(x_i . y_j / temperature), y the second view, with l on i and 1 - l on p(i). The
/// encoder sees the mixtures, so each subset of each partition is encoded anew. Without partitions this is
/// SimCLR with MixUp. If penalty > 1 the sum over partitions is divided by it (L(all) is not: the authors'
/// code with MixUp). Subsets of one image and of none as for InvariantPartition. Step 2 as for
/// InvariantPartition, or on mixtures that are made and encoded anew in every epoch of the search.
/// Lee et al., "i-Mix", ICLR 2021 (BibTeX: lee2021imix) for the mixing; Wang et al., NeurIPS 2021 (BibTeX:
/// wang2021self), as the authors' MixUp code runs it.
/// @tparam Search PartitionSearch, as in the authors' STL-10 script, or MixedPartitionSearch, as in their
/// CIFAR-100 script
/// @param temperature default 0.2 (authors' code), in the penalty too: penalty = 0.2 is then near the edge of
/// what is stable
/// @param retained default 5 (authors' scripts that end in _set5; the others keep all, which is 0)
/// Measures as InvariantPartition, the similarities between mixtures and second views.
/// Cost: the encoder on 2 batches, and for each partition on 1 and on the second view of a batch again. A
/// search on mixtures takes the encoder over both views of the data set in each of its 31 epochs.
/// @throws ValueError as InvariantPartition
template <class Head = ProjectionHead<>, class Search = PartitionSearch>
struct MixUpPartition {
  double weight = 1;
  double temperature = 0.2;
  double penalty = 0.2;
  Dummy dummy = Dummy::vector;
  long first_epoch = 0;
  long every = 50;
  int retained = 5;
  Head head{};
  Search search{.temperature = 0.2};

  static constexpr int views = 2;

  [[nodiscard]] static std::vector<std::string> measures(int) {
    return {"whole_loss", "subset_loss",         "invariance_penalty",
            "partitions", "positive_similarity", "negative_similarity"};
  }

  template <class Setting>
  struct State : detail::PartitionState<Head, Setting> {
    State(nn::Builder<typename Setting::backend_type>& build, MixUpPartition const& policy)
        : State::PartitionState(build, policy.head) {}
  };

  auto operator()(auto& step) const {
    auto& state = step.state();
    auto const first = step.view(0), second = step.view(1);
    using Scalar = Variable<typename std::remove_cvref_t<decltype(first)>::backend_type, 0>;
    double const sharpness = 1 / temperature;

    auto const all = detail::mix_up(first, step.random("mix_up"));
    auto const similarities = matmul(state(step, all.images), transpose(state(step, second)));
    Scalar const whole = materialise(detail::mixed_loss(materialise(sharpness * similarities), all.target));
    {
      auto const seen = stop_gradient(similarities);
      auto const n = static_cast<double>(seen.extent(0));
      auto const positive = materialise(mean(diagonal(seen)));
      step.measure(4, positive);
      step.measure(5, (n / (n - 1)) * mean(seen) - (1 / (n - 1)) * positive);
    }

    Scalar losses{}, penalties{};
    int parts = 0, larger = 0;  // subsets that have an image, more than one
    for (std::size_t p = 0; p < state.count(); ++p) {
      auto const features = state(step, second);
      for (int k = 0; k < 2; ++k) {
        auto const members = detail::find_members(step.tape(), step.indices(0), state.partition(p), k);
        if (members.empty()) continue;
        ++parts;
        if (members.size() == 1) continue;  // nothing to be told from: loss and penalty are 0
        Philox random = step.random("mix_up subset");
        random.stream += static_cast<std::uint32_t>(2 * (2 * p + static_cast<std::size_t>(k)));
        auto const mixed = detail::mix_up(gather(first, members), random);
        auto const z =
            materialise(sharpness * matmul(state(step, mixed.images), transpose(gather(features, members))));
        auto const subset_loss = detail::mixed_loss(z, mixed.target);
        auto const subset_penalty = detail::mixed_penalty(z, mixed.target, dummy);
        losses = larger == 0 ? materialise(subset_loss) : materialise(losses + subset_loss);
        penalties = larger == 0 ? subset_penalty : materialise(penalties + subset_penalty);
        ++larger;
      }
    }
    step.measure(0, stop_gradient(whole));
    step.measure(3, static_cast<double>(state.count()));
    if (larger == 0) {
      step.measure(1, 0.0);
      step.measure(2, 0.0);
      return materialise(weight * whole);
    }
    step.measure(1, (1.0 / parts) * stop_gradient(losses));
    step.measure(2, (1.0 / parts) * stop_gradient(penalties));
    double const share = 0.5 / std::max(1.0, penalty);
    return materialise(weight * (whole + share * losses + (share * penalty) * penalties));
  }

  void before_epoch(auto& epoch) const { detail::search_if_due(epoch, *this); }

  friend bool operator==(MixUpPartition const&, MixUpPartition const&) = default;
};

}  // namespace disentangle::contrast
