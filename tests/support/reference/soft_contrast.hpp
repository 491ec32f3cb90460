// SPDX-License-Identifier: Apache-2.0
// The soft contrastive loss on mixtures, statement by statement as the authors of IP-IRM run it
// (soft_contrastive_loss_mixup_online and _offline, mode 'v2', in their utils_mixup.py), and its penalty by
// central differences.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

namespace disentangle::test::reference {

/// What the loss is called with. `logits` (n, n); `weights`, `labels_aux` and `lam` have n each.
struct SoftContrast {
  std::vector<double> logits, weights;
  std::vector<int> labels_aux;
  std::vector<double> lam;
  bool offline = false;

  double loss(std::vector<double> const& scale) const {
    std::size_t const n = weights.size();
    double mean = 0, weighed = 0, weights_sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
      double masked_sum = 0;
      for (std::size_t j = 0; j < n; ++j) masked_sum += j == i ? 0 : weights[j];
      std::vector<double> softmax(n);
      double all = 0;
      for (std::size_t j = 0; j < n; ++j) {
        double const weight_new = j == i ? 1 : weights[j] / masked_sum * static_cast<double>(n - 1);
        softmax[j] = weight_new * std::exp(logits[i * n + j] * scale[j]);
        all += softmax[j];
      }
      double const label = -std::log(softmax[i] / all),
                   aux = -std::log(softmax[static_cast<std::size_t>(labels_aux[i])] / all);
      mean += (lam[i] * label + (1 - lam[i]) * aux) / static_cast<double>(n);
      weighed += weights[i] * lam[i] * label;
      weights_sum += weights[i];
    }
    if (offline) return weighed / weights_sum;
    double again = 0;  // the mean is weighed by every anchor, and their weights cancel
    for (double const w : weights) again += mean * w;
    return again / weights_sum;
  }
  double loss() const { return loss(std::vector<double>(weights.size(), 1)); }

  /// The squared length of the loss's gradient with respect to one scale for each column, at 1.
  double penalty() const {
    double sum = 0;
    for (std::size_t j = 0; j < weights.size(); ++j) {
      std::vector<double> above(weights.size(), 1), below = above;
      above[j] += 1e-5;
      below[j] -= 1e-5;
      double const slope = (loss(above) - loss(below)) / 2e-5;
      sum += slope * slope;
    }
    return sum;
  }
};

}  // namespace disentangle::test::reference
