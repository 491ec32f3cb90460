// SPDX-License-Identifier: Apache-2.0
// The term of SimCLR, DCL and HCL on two views of a minibatch.
#pragma once

#include <string>
#include <vector>

#include <disentangle/contrast/contrast.hpp>
#include <disentangle/contrast/projection_head.hpp>

namespace disentangle::contrast {

/// The two views of an image are to be told from those of all others of the minibatch: with x the head's
/// outputs, of length 1,
///     weight * mean_i Loss(x_i . x_j / temperature, the partner first)
/// Views are made by the augmentation of the data set (data::augmented).
/// @tparam Loss Biased (SimCLR), Debiased (DCL) or HardNegatives (HCL)
/// @tparam Head the projection head
/// @param temperature default 0.5 (the code of IP-IRM, DCL and HCL)
/// Measures positive_similarity and negative_similarity, mean cosines of partners and of others.
/// Cost: the encoder on both views, and O((2 batch)^2) for the similarities.
template <class Loss = Biased, class Head = ProjectionHead<>>
struct InstanceContrast {
  double weight = 1;
  double temperature = 0.5;
  Loss loss{};
  Head head{};

  static constexpr int views = 2;

  [[nodiscard]] static std::vector<std::string> measures(int) {
    return {"positive_similarity", "negative_similarity"};
  }

  template <class Setting>
  struct State : detail::Projection<Head, Setting> {
    State(nn::Builder<typename Setting::backend_type>& build, InstanceContrast const& policy)
        : State::Projection(build, policy.head) {}
  };

  auto operator()(auto& step) const {
    auto& project = step.state();
    auto const first = project(step, step.view(0)), second = project(step, step.view(1));
    auto const rows = partner_first(first, second);
    detail::measure_similarities(step, 0, rows);
    return weight * loss((1 / temperature) * rows, temperature);
  }

  friend bool operator==(InstanceContrast const&, InstanceContrast const&) = default;
};

}  // namespace disentangle::contrast
