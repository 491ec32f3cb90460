// SPDX-License-Identifier: Apache-2.0
// The metrics that a paper reports, with its settings, as one value for evaluate().
#pragma once

#include <tuple>

#include <disentangle/metric/dci.hpp>
#include <disentangle/metric/downstream.hpp>
#include <disentangle/metric/explicitness.hpp>
#include <disentangle/metric/irs.hpp>
#include <disentangle/metric/linear_probe.hpp>
#include <disentangle/metric/modularity.hpp>
#include <disentangle/metric/nearest_neighbours.hpp>

namespace disentangle::metric {

/// What IP-IRM (Wang et al., NeurIPS 2021) reports, in this order: DCI (its column "DCI" is the part
/// `informativeness_test`: the paper spells the name "Disentangle Metric for Informativeness"), IRS,
/// modularity (MOD), explicitness (EXP), the accuracies of a logistic regression (LR) and of gradient-boosted
/// trees (GBT) after 10,000 training points, and those of self-supervised codes, weighted nearest neighbours
/// and the linear probe. All on 10,000 training and 5,000 test points, by disentanglement_lib's definitions.
/// RECONSTRUCTION: that the paper used them so, and 10,000 points for LR and GBT. LR chooses its penalty by
/// cross validation and takes minutes; `threads` = 0 is the whole machine.
/// @param temperature  of the neighbours' weights: that of training
[[nodiscard]] inline auto ip_irm_protocol(double temperature = 0.5) {
  return std::tuple{Dci{},
                    Irs{},
                    Modularity{},
                    Explicitness{},
                    DownstreamLogisticRegression{.train_sizes = {10'000}, .num_train = 10'000},
                    DownstreamTrees{.train_sizes = {10'000}, .num_train = 10'000},
                    NearestNeighbours{.temperature = temperature},
                    LinearProbe{}};
}

}  // namespace disentangle::metric
