// SPDX-License-Identifier: Apache-2.0
// Identities that the terms must satisfy, whatever their code: the parts sum to the KL, order does not
// matter, independent codes have no total correlation, both forms agree in expectation.
#include <cmath>
#include <cstddef>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/regularizer/kl.hpp>
#include <disentangle/regularizer/total_correlation.hpp>

#include "tests/support/posterior.hpp"

using namespace disentangle;
using regularizer::KlForm;
using regularizer::TcEstimator;
using regularizer::TotalCorrelation;
using test::GivenPosterior;
using test::reference::Codes;

namespace {

Codes permuted(Codes const& c, std::vector<std::size_t> const& rows,
               std::vector<std::size_t> const& columns) {
  Codes p{c.batch, c.latent, {}, {}, {}};
  for (std::size_t i : rows) {
    for (std::size_t d : columns) {
      p.mean.push_back(c.at(c.mean, i, d));
      p.log_variance.push_back(c.at(c.log_variance, i, d));
      p.sample.push_back(c.at(c.sample, i, d));
    }
  }
  return p;
}

double value(TotalCorrelation const& tc, Codes const& c, double n = 1000) {
  GivenPosterior<double> q(c, n);
  return q(tc(q.q));
}

}  // namespace

TEST_CASE("alpha = beta = gamma = 1: the parts sum to the sampled KL, whatever the estimator") {
  for (auto const estimator : {TcEstimator::minibatch_weighted, TcEstimator::minibatch_stratified}) {
    for (std::size_t const batch : {2u, 7u, 30u}) {
      Codes const c = test::random_codes(batch, 5, batch);
      double sampled = 0;  // mean of log q(z|x) - log p(z)
      for (std::size_t k = 0; k < c.mean.size(); ++k) {
        sampled += test::reference::log_normal(c.sample[k], c.mean[k], c.log_variance[k]) -
                   test::reference::log_normal(c.sample[k], 0, 0);
      }
      sampled /= static_cast<double>(batch);
      CHECK(value({.beta = 1, .estimator = estimator}, c) == doctest::Approx(sampled).epsilon(1e-11));
    }
  }
}

TEST_CASE("alpha = beta = gamma = 1 in the analytic form is the KL exactly") {
  Codes const c = test::random_codes(9, 5, 1);
  CHECK(value({.beta = 1, .kl = KlForm::analytic}, c) ==
        doctest::Approx(test::reference::mean_kl(c)).epsilon(1e-13));
}

TEST_CASE("beta = 1: beta-VAE's term is the VAE's") {
  GivenPosterior<float> q(test::random_codes(9, 5, 2), 100);
  CHECK(q(regularizer::WeightedKl{.beta = 1}(q.q)) == q(regularizer::Kl{}(q.q)));
}

TEST_CASE("the order of images does not matter, nor that of latents") {
  Codes const c = test::random_codes(11, 4, 3);
  std::vector<std::size_t> rows(11), columns{2, 0, 3, 1}, same_columns{0, 1, 2, 3};
  std::iota(rows.begin(), rows.end(), 0);
  auto same_rows = rows;
  std::swap(rows[0], rows[7]);
  std::swap(rows[3], rows[10]);
  for (auto const form : {KlForm::sampled, KlForm::analytic}) {
    TotalCorrelation tc{.kl = form};
    CHECK(value(tc, permuted(c, rows, same_columns)) == doctest::Approx(value(tc, c)).epsilon(1e-12));
    CHECK(value(tc, permuted(c, same_rows, columns)) == doctest::Approx(value(tc, c)).epsilon(1e-12));
    // the stratified estimator names one other image by its place; turning the batch keeps every neighbour
    tc.estimator = TcEstimator::minibatch_stratified;
    std::vector<std::size_t> turned(11);
    for (std::size_t i = 0; i < 11; ++i) turned[i] = (i + 4) % 11;
    CHECK(value(tc, permuted(c, turned, same_columns)) == doctest::Approx(value(tc, c)).epsilon(1e-12));
    CHECK(value(tc, permuted(c, same_rows, columns)) == doctest::Approx(value(tc, c)).epsilon(1e-12));
  }
}

TEST_CASE("total correlation: near 0 for independent codes, large for a latent that is copied") {
  // Every image has the same posterior, so q(z) is that Gaussian with independent latents; the weighted
  // estimator adds its constant: -log N of the joint, and once more for each latent.
  Codes c = test::random_codes(64, 5, 4);
  for (std::size_t k = 0; k < c.mean.size(); ++k) {
    c.sample[k] -= c.mean[k];
    c.sample[k] /= std::exp(c.log_variance[k] / 2);
    c.mean[k] = c.log_variance[k] = 0;
  }
  double const n = 1000;
  auto const correlation = [&](TcEstimator estimator) {
    GivenPosterior<double> q(c, n);
    return q(TotalCorrelation{.estimator = estimator}.parts(q.q).total_correlation);
  };
  CHECK(std::abs(correlation(TcEstimator::minibatch_stratified)) < 1e-10);
  CHECK(correlation(TcEstimator::minibatch_weighted) == doctest::Approx(4 * std::log(n)).epsilon(1e-10));

  // narrow posteriors at means that all latents share: every latent tells the whole code
  double before = correlation(TcEstimator::minibatch_weighted);
  for (std::size_t i = 0; i < 64; ++i) {
    for (std::size_t d = 0; d < 5; ++d) {
      c.mean[i * 5 + d] = c.sample[i * 5 + d] = static_cast<double>(i) / 8;
      c.log_variance[i * 5 + d] = -8;
    }
  }
  CHECK(correlation(TcEstimator::minibatch_weighted) > before + 10);
}

TEST_CASE("the sampled and the analytic form agree in expectation") {
  double sampled = 0, analytic = 0;
  int const rounds = 400;
  for (int r = 0; r < rounds; ++r) {
    Codes c = test::random_codes(16, 3, 10);  // the same posteriors, other noise
    Philox const noise{77, stream("noise"), static_cast<std::uint64_t>(r)};
    for (std::size_t k = 0; k < c.mean.size(); ++k) {
      c.sample[k] = c.mean[k] + std::exp(c.log_variance[k] / 2) * static_cast<double>(noise.normal(k));
    }
    sampled += value({.beta = 3}, c) / rounds;
    analytic += value({.beta = 3, .kl = KlForm::analytic}, c) / rounds;
  }
  CHECK(sampled == doctest::Approx(analytic).epsilon(0.02));
}
