// SPDX-License-Identifier: Apache-2.0
// IP-IRM's term: the contrastive loss within the subsets of partitions of the data set, invariant across
// them, and the search for a further partition between epochs.
#pragma once

#include <algorithm>
#include <string>
#include <type_traits>
#include <vector>

#include <disentangle/contrast/contrast.hpp>
#include <disentangle/contrast/retained_partitions.hpp>

namespace disentangle::contrast {

/// How the parts of several partitions are put together.
enum class OverPartitions {
  mean,  ///< over all partitions and subsets: the authors' code
  sum    ///< as the paper's equation 2 reads, and the authors' variant with MixUp over partitions
};

/// Step 1, in every step:
///     weight * (L(all) + over_{P, k} [ L(P, k) + penalty * |d/ds InfoNCE(s; P, k)|^2 at s = 1 ])
/// with L(P, k) the loss of InstanceContrast within subset k of partition P, negatives from the subset alone.
/// If penalty > 1 all is divided by it. Embeddings are made for the whole minibatch, so batch normalisation
/// sees all of it. A subset with one image in a minibatch counts with loss and penalty 0, as in the authors'
/// code; one with none is left out of that step (torch refuses there). Step 2, before epochs first_epoch,
/// first_epoch + every, ... of train(): one more partition is searched, by find_partition on the head's
/// outputs for two views of every image in evaluation mode, and joins the others; the oldest go where more
/// than `retained` there would be. As the authors' code runs it the first is found by the untrained network.
/// Wang, Yue, Huang, Sun, Zhang, "Self-supervised learning disentangled group representation as feature",
/// NeurIPS 2021 (BibTeX: wang2021self), as far as the sources available go: docs/methods/ip_irm.md says what
/// they are.
/// @tparam Loss, Head as for InstanceContrast. The penalty is on InfoNCE with any Loss (a RECONSTRUCTION for
/// the others)
/// @param penalty lambda_1, default 0.2 (authors' code); from about 0.5 on it pays to make views unlike
/// (docs)
/// @param penalty_temperature default 0.5 (authors' code)
/// @param dummy vector as in the authors' code, or scalar as equation 2 reads
/// @param every epochs, default 50 (authors' code, for 400 epochs)  @param retained 0: all
/// @param search lambda_2 (search.penalty) and more; its temperatures are its own
/// Measures whole_loss, subset_loss, invariance_penalty, partitions and the two similarities. The parts are
/// means over (P, k). The partitions are saved with the model: partitions(model) gives them.
/// Cost: that of InstanceContrast, and half of its similarities again for each partition. A search takes
/// minutes for many images: make search.batch smaller (time goes with images * search.batch).
/// @throws ValueError for a minibatch that does not say which images it holds, or of another data set than
/// the partitions
template <class Loss = Biased, class Head = ProjectionHead<>>
struct InvariantPartition {
  double weight = 1;
  double temperature = 0.5;
  double penalty = 0.2;
  double penalty_temperature = 0.5;
  Dummy dummy = Dummy::vector;
  OverPartitions over = OverPartitions::mean;
  long first_epoch = 0;
  long every = 50;
  int retained = 0;
  Loss loss{};
  Head head{};
  PartitionSearch search{};

  static constexpr int views = 2;

  [[nodiscard]] static std::vector<std::string> measures(int) {
    return {"whole_loss", "subset_loss",         "invariance_penalty",
            "partitions", "positive_similarity", "negative_similarity"};
  }

  template <class Setting>
  struct State : detail::PartitionState<Head, Setting> {
    State(nn::Builder<typename Setting::backend_type>& build, InvariantPartition const& policy)
        : State::PartitionState(build, policy.head) {}
  };

  auto operator()(auto& step) const {
    auto& state = step.state();
    auto const first = state(step, step.view(0)), second = state(step, step.view(1));
    using Scalar = Variable<typename std::remove_cvref_t<decltype(first)>::backend_type, 0>;
    auto const whole_rows = partner_first(first, second);
    Scalar const whole = materialise(loss((1 / temperature) * whole_rows, temperature));
    detail::measure_similarities(step, 4, whole_rows);

    Scalar losses{}, penalties{};
    int parts = 0, larger = 0;  // subsets that have an image, more than one
    for (std::size_t p = 0; p < state.count(); ++p) {
      for (int k = 0; k < 2; ++k) {
        auto const members = detail::find_members(step.tape(), step.indices(0), state.partition(p), k);
        if (members.empty()) continue;
        ++parts;
        if (members.size() == 1) continue;  // nothing to be told from: loss and penalty are 0
        auto const rows = partner_first(gather(first, members), gather(second, members));
        auto const subset_loss = loss((1 / temperature) * rows, temperature);
        auto const subset_penalty = invariance_penalty((1 / penalty_temperature) * rows, dummy);
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
      return materialise((weight / std::max(1.0, penalty)) * whole);
    }
    step.measure(1, (1.0 / parts) * stop_gradient(losses));
    step.measure(2, (1.0 / parts) * stop_gradient(penalties));
    double const share = over == OverPartitions::mean ? 1.0 / parts : 1.0;
    return materialise((weight / std::max(1.0, penalty)) *
                       (whole + share * losses + (share * penalty) * penalties));
  }

  void before_epoch(auto& epoch) const { detail::search_if_due(epoch, *this); }

  friend bool operator==(InvariantPartition const&, InvariantPartition const&) = default;
};

}  // namespace disentangle::contrast
