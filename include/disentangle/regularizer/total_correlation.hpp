// SPDX-License-Identifier: Apache-2.0
// The decomposed KL of beta-TCVAE: index-code mutual information, total correlation, dimension-wise KL.
#pragma once

#include <cmath>
#include <numbers>

#include <disentangle/regularizer/regularizer.hpp>

namespace disentangle::regularizer {

/// How log q(z) and log q(z_j) are estimated from a minibatch of B of the N images.
enum class TcEstimator {
  /// log q(z_i) ~ logsumexp_j log q(z_i|x_j) - log(N B): biased low for small batches, the paper's default.
  minibatch_weighted,
  /// weights 1/N for the image itself, (N - M)/(N M) for one other, 1/M for the rest, M = B - 1: unbiased
  /// inside the log.
  minibatch_stratified
};

/// The KL that the three weights split.
enum class KlForm {
  /// all three parts by Monte Carlo, as in the authors' code
  sampled,
  /// the closed-form KL plus (alpha - 1) MI + (beta - 1) TC + (gamma - 1) DWKL: the same in expectation with
  /// less noise; with alpha = gamma = 1 it is disentanglement_lib's form
  analytic
};

/// alpha * I(x; z) + beta * KL(q(z) || prod_j q(z_j)) + gamma * sum_j KL(q(z_j) || p(z_j)), in nats; alpha =
/// beta = gamma = 1 is the KL of the VAE. All densities are those of the sampled codes z (batch, latent):
///     log q(z_i | x_j) = sum_d log N(z_id; mean_jd, exp(log_variance_jd))                     (batch, batch)
/// Chen, Li, Grosse, Duvenaud, "Isolating sources of disentanglement in VAEs", NeurIPS 2018 (BibTeX:
/// chen2018isolating), eq. 2 and section 3; estimators: section 4.1 and appendix C. Note that the authors'
/// code of the stratified estimator gives its special weights to columns 0 and 1 of the (batch, batch)
/// matrix; the paper gives them to the image itself and one other, and so do we.
/// @param alpha, gamma weights of mutual information and dimension-wise KL, default 1 (paper, section 4.2)
/// @param beta weight of the total correlation, default 6 (paper, figure 4: dSprites)
/// Noise: the total correlation of a minibatch is biased (low for the weighted estimator) and noisy for
/// batches below about 64. Cost O(batch^2 latent) time and memory.
struct TotalCorrelation {
  double alpha = 1;
  double beta = 6;
  double gamma = 1;
  TcEstimator estimator = TcEstimator::minibatch_weighted;
  KlForm kl = KlForm::sampled;

  /// The three parts of a minibatch, each an expression of rank 0.
  auto parts(auto const& posterior) const {
    double const log_2pi = std::log(2 * std::numbers::pi);
    auto const deviation = pairwise_differences(posterior.sample, posterior.mean);  // (i, j, d): z_i - mean_j
    auto const log_variance = insert_axis(posterior.log_variance, axis<0>);
    auto const log_q = materialise(-0.5 * (log_2pi + log_variance + square(deviation) * exp(-log_variance)));
    auto const own = sum(-0.5 * (log_2pi + posterior.log_variance +
                                 square(posterior.sample - posterior.mean) * exp(-posterior.log_variance)),
                         axis<1>);                                         // log q(z_i | x_i)
    auto const weights = log_weights(posterior);                           // (i, j)
    auto const joint = logsumexp(sum(log_q, axis<2>) + weights, axis<1>);  // log q(z_i)
    auto const factors =
        sum(logsumexp(log_q + insert_axis(weights, axis<2>), axis<1>), axis<1>);  // sum_d log q(z_id)
    auto const prior = sum(posterior.log_prior, axis<1>);
    struct {
      decltype(mean(own - joint)) mutual_information;
      decltype(mean(joint - factors)) total_correlation;
      decltype(mean(factors - prior)) dimension_wise_kl;
    } result{mean(own - joint), mean(joint - factors), mean(factors - prior)};
    return result;
  }

  auto operator()(auto const& posterior) const {
    auto const p = parts(posterior);
    double const closed = kl == KlForm::analytic ? 1 : 0;
    return (closed / posterior.batch_size()) * sum(posterior.kl) + (alpha - closed) * p.mutual_information +
           (beta - closed) * p.total_correlation + (gamma - closed) * p.dimension_wise_kl;
  }

  friend bool operator==(TotalCorrelation const&, TotalCorrelation const&) = default;

 private:
  /// log of the weight of q(.|x_j) in the estimate of q(z_i), (batch, batch), without gradient.
  template <class Q>
  auto log_weights(Q const& posterior) const {
    auto const batch = posterior.mean.extents[0];
    double const n = posterior.data_size, b = posterior.batch_size(), m = b - 1;
    auto& tape = *posterior.mean.tape;
    using Scalar = std::remove_pointer_t<decltype(posterior.mean.value)>;
    auto const weights = tape.variable(Extents<2>{batch, batch}, false);
    auto const set = [&](std::ptrdiff_t first, std::ptrdiff_t count, std::ptrdiff_t stride, double weight) {
      tape.backend().fill(weights.value + first, static_cast<std::size_t>(count),
                          static_cast<Scalar>(std::log(weight)), stride);
    };
    if (estimator == TcEstimator::minibatch_weighted || batch < 2 || n <= m) {
      set(0, batch * batch, 1, 1 / (n * b));
    } else {
      double const other = (n - m) / (n * m);
      set(0, batch * batch, 1, 1 / m);
      set(0, batch, batch + 1, 1 / n);
      set(1, batch - 1, batch + 1, other);
      set((batch - 1) * batch, 1, 1, other);
    }
    return weights;
  }
};

}  // namespace disentangle::regularizer
