// SPDX-License-Identifier: Apache-2.0
// The online search for a partition with MixUp: step 2 of IP-IRM on images that are augmented, mixed in pairs
// and encoded anew in every epoch of the search.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <disentangle/contrast/image_mixture.hpp>
#include <disentangle/contrast/partition_search.hpp>
#include <disentangle/contrast/soft_partition.hpp>

namespace disentangle::contrast {

/// How a partition is searched on mixtures. The defaults are those of the authors' CIFAR-100 script with
/// MixUp, in which the loss and its penalty have one temperature; restarts are as in PartitionSearch.
struct MixedPartitionSearch {
  double temperature = 0.2;
  double penalty_temperature = 0.2;
  double penalty = 0.5;           ///< lambda_2
  double learning_rate = 0.1;     ///< of Adam; a fifth from epoch 5 on, a twenty-fifth from epoch 25 on
  std::size_t batch = 2048;       ///< samples; what is left over in an epoch is not used
  int epochs = 31;                ///< at most; ends from epoch 26 on once five epochs brought nothing
  double entropy_floor = 0.6365;  ///< of the mean membership, nats: subsets of 1 : 2 at most
  bool relaxed = true;            ///< false: the entropy itself is rewarded
  /// What a mixture is to name. With `both`, as in the authors' script, memberships grow hard whatever the
  /// samples have in common, and the partition is close to chance; `own` finds it (docs/methods/ip_irm.md).
  MixtureLabels labels = MixtureLabels::both;
  int restarts = 1;      ///< starts, of which the lowest risk is kept
  unsigned threads = 0;  ///< 0: all of the machine; the result is the same

  static constexpr std::array<int, 2> milestones{5, 25};
  static constexpr int patient_until = 25;
  static constexpr bool drops_last = true;

  friend bool operator==(MixedPartitionSearch const&, MixedPartitionSearch const&) = default;
};

/// Two subsets of samples within which mixtures of two samples are hardest to tell apart. Wang et al.,
/// NeurIPS 2021 (BibTeX: wang2021self), equation 3, as the authors' code searches it online with MixUp
/// (auto_split_online_mixup in utils_mixup.py): the loss of SoftPartition on mixtures, each row with its own
/// share. Never more than a minibatch is in memory. Deterministic by (seed); the same bits for any number of
/// threads.
/// @tparam T of the features
/// @param encode (epoch, members, mixture) -> the two views of these samples as rows of length 1, the first
/// of them mixed: a pair whose parts have a view() of type MatrixView<T const>. `epoch` counts the epochs of
/// all starts: each is to be augmented anew.
/// @throws ShapeError for views of different shapes, ValueError for fewer than 4 samples or options out of
/// range.
template <class T, class Encode>
[[nodiscard]] Partition find_mixed_partition(std::size_t samples, Encode&& encode,
                                             MixedPartitionSearch const& how, Seed seed) {
  SoftPartition<T> soft(how.threads);
  return detail::best_of_starts("find_mixed_partition", samples, how, seed, [&](int start, Philox random) {
    Philox mixing{random.seed, random.stream ^ stream("mixture of a partition"), 0};
    return detail::search_from<T>(
        samples, how, random,
        [&](int epoch, std::span<std::size_t const> members, MatrixView<T const> weights) {
          ++mixing.step;
          ImageMixture const mixture = draw_mixture(mixing, members.size());
          auto const views = encode(start * how.epochs + epoch, members, mixture);
          MatrixView<T const> const first = views.first.view(), second = views.second.view();
          return soft(first, second, mixture, how.labels, weights,
                      {how.temperature, how.penalty_temperature, how.penalty});
        });
  });
}

}  // namespace disentangle::contrast
