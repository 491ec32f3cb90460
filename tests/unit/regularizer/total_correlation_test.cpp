// SPDX-License-Identifier: Apache-2.0
// TotalCorrelation, Kl and WeightedKl against plain loops, in both estimators and both forms; derived
// gradients of the library's terms and of a user's.
#include <cmath>

#include <doctest/doctest.h>

#include <disentangle/nn/dense.hpp>
#include <disentangle/nn/network.hpp>
#include <disentangle/regularizer/kl.hpp>
#include <disentangle/regularizer/total_correlation.hpp>
#include <disentangle/train/check_term.hpp>

#include "tests/support/posterior.hpp"

using namespace disentangle;
using regularizer::KlForm;
using regularizer::TcEstimator;
using regularizer::TotalCorrelation;
using test::GivenPosterior;

namespace dis = disentangle;

#define CHECK_TERM(...)                               \
  do {                                                \
    auto const term_report = check_term(__VA_ARGS__); \
    CHECK_MESSAGE(term_report.ok, term_report.text);  \
  } while (false)

TEST_CASE("the three parts equal plain loops, both estimators") {
  for (std::size_t const batch : {2u, 3u, 12u}) {
    CAPTURE(batch);
    auto const codes = test::random_codes(batch, 3, batch);
    for (bool const stratified : {false, true}) {
      CAPTURE(stratified);
      auto const expected = test::reference::decompose(codes, stratified, 1000);
      TotalCorrelation const tc{.estimator = stratified ? TcEstimator::minibatch_stratified
                                                        : TcEstimator::minibatch_weighted};
      GivenPosterior<double> exact(codes, 1000);
      auto const parts = tc.parts(exact.q);
      CHECK(exact(parts.mutual_information) == doctest::Approx(expected.mutual_information).epsilon(1e-12));
      CHECK(exact(parts.total_correlation) == doctest::Approx(expected.total_correlation).epsilon(1e-12));
      CHECK(exact(parts.dimension_wise_kl) == doctest::Approx(expected.dimension_wise_kl).epsilon(1e-12));
      GivenPosterior<float> single(codes, 1000);
      CHECK(single(tc(single.q)) ==
            doctest::Approx(expected.mutual_information + 6 * expected.total_correlation +
                            expected.dimension_wise_kl)
                .epsilon(1e-5));
    }
  }
}

TEST_CASE("the weights, in both forms") {
  auto const codes = test::random_codes(10, 4, 5);
  for (auto const estimator : {TcEstimator::minibatch_weighted, TcEstimator::minibatch_stratified}) {
    auto const p = test::reference::decompose(codes, estimator == TcEstimator::minibatch_stratified, 500);
    GivenPosterior<double> q(codes, 500);
    TotalCorrelation tc{.alpha = 0.5, .beta = 7, .gamma = 2, .estimator = estimator};
    double const sampled = 0.5 * p.mutual_information + 7 * p.total_correlation + 2 * p.dimension_wise_kl;
    CHECK(q(tc(q.q)) == doctest::Approx(sampled).epsilon(1e-12));
    tc.kl = KlForm::analytic;
    double const all = p.mutual_information + p.total_correlation + p.dimension_wise_kl;
    CHECK(q(tc(q.q)) == doctest::Approx(sampled - all + test::reference::mean_kl(codes)).epsilon(1e-12));
  }
}

TEST_CASE("stratified weights of an image sum to 1 at its own share") {
  // sum_j w_ij = 1/N + (N - M)/(N M) + (B - 2)/M = 1 for every image: a constant density is estimated exactly
  for (std::size_t const batch : {2u, 5u, 64u}) {
    double total = 0;
    for (std::size_t j = 0; j < batch; ++j) total += test::reference::weight(true, 1, j, batch, 1000);
    CHECK(total == doctest::Approx(1));
  }
  // all images alike: q(z) = q(z|x), no information, and the codes of a diagonal Gaussian do not correlate
  test::reference::Codes codes = test::random_codes(8, 2, 3);
  std::fill(codes.mean.begin(), codes.mean.end(), 0.3);
  std::fill(codes.log_variance.begin(), codes.log_variance.end(), -0.4);
  GivenPosterior<double> q(codes, 1000);
  auto const parts = TotalCorrelation{.estimator = TcEstimator::minibatch_stratified}.parts(q.q);
  CHECK(std::abs(q(parts.mutual_information)) < 1e-12);
  CHECK(std::abs(q(parts.total_correlation)) < 1e-12);
}

TEST_CASE("a batch as large as the data set, and a batch of one image, stay finite") {
  for (std::size_t const batch : {1u, 6u}) {
    auto const codes = test::random_codes(batch, 3, 1);
    GivenPosterior<double> q(codes, static_cast<double>(batch));
    CHECK(std::isfinite(q(TotalCorrelation{.estimator = TcEstimator::minibatch_stratified}(q.q))));
    CHECK(std::isfinite(q(TotalCorrelation{}(q.q))));
  }
}

TEST_CASE("Kl and WeightedKl") {
  auto const codes = test::random_codes(9, 4, 2);
  GivenPosterior<double> q(codes, 100);
  CHECK(q(regularizer::Kl{}(q.q)) == doctest::Approx(test::reference::mean_kl(codes)).epsilon(1e-13));
  CHECK(q(regularizer::WeightedKl{.beta = 3}(q.q)) ==
        doctest::Approx(3 * test::reference::mean_kl(codes)).epsilon(1e-13));
}

namespace {

struct OrthogonalMeans {  // weight * sum_{i != j} cov(mean)_ij^2
  double weight = 0.1;
  auto operator()(auto const& posterior) const {
    return weight * dis::sum(dis::square(dis::off_diagonal(dis::covariance(posterior.mean))));
  }
};

/// A term with a network and a vector of its own.
struct Relevance {
  template <class Setting>
  struct State {
    Variable<typename Setting::backend_type, 1> scale;
    nn::Network<typename Setting::backend_type, FeatureShape<Setting::latent_size>, nn::Dense<3, nn::Tanh>,
                nn::Dense<1>>
        net;
    explicit State(auto& build) {
      build.parameters().declare(scale, "scale", Extents<1>{Setting::latent_size},
                                 nn::Initialiser{nn::Initialiser::Law::constant, 0.7});
      net.declare(build.parameters(), "net", nn::Initialisation::glorot_uniform);
    }
  };
  auto operator()(auto const& posterior) const {
    return sum(sigmoid(posterior.state.scale) * posterior.kl) +
           mean(square(posterior.state.net(posterior.sample)));
  }
};

/// Reads the sample as a constant: its derived gradient is not that of its value.
struct Careless {
  auto operator()(auto const& posterior) const {
    return sum(stop_gradient(posterior.sample) * posterior.mean);
  }
};

}  // namespace

TEST_CASE("derived gradients of the terms") {
  CHECK_TERM(regularizer::Kl{});
  CHECK_TERM(regularizer::WeightedKl{});
  CHECK_TERM(TotalCorrelation{});
  CHECK_TERM(TotalCorrelation{
      .alpha = 0.5, .gamma = 2, .estimator = TcEstimator::minibatch_stratified, .kl = KlForm::analytic});
}

TEST_CASE("derived gradients of a user's terms, with a state too; a wrong one is found") {
  CHECK_TERM(OrthogonalMeans{});
  CHECK_TERM(Relevance{});
  CHECK(check_term(Relevance{}).checked == 2 * 28 + 4 + 15 + 4);
  auto const report = check_term(Careless{});
  CHECK_FALSE(report.ok);
  CHECK(report.text.find("gradients differ") == 0);
}

#undef CHECK_TERM
