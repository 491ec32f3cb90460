// SPDX-License-Identifier: Apache-2.0
// Every regularizer and every reconstruction of the library on plain arrays: derived gradients against
// central differences. The policies on a step are in the other check_term files beside this one.
#include <string>

#include <doctest/doctest.h>

#include <disentangle/reconstruction/bernoulli.hpp>
#include <disentangle/reconstruction/gaussian.hpp>
#include <disentangle/reconstruction/laplace.hpp>
#include <disentangle/regularizer/aggregate_class_kl.hpp>
#include <disentangle/regularizer/bayes_factor.hpp>
#include <disentangle/regularizer/bhattacharyya_hinge.hpp>
#include <disentangle/regularizer/capacity.hpp>
#include <disentangle/regularizer/class_capacity.hpp>
#include <disentangle/regularizer/conditional_entropy.hpp>
#include <disentangle/regularizer/dip.hpp>
#include <disentangle/regularizer/kl.hpp>
#include <disentangle/regularizer/part.hpp>
#include <disentangle/regularizer/relevance.hpp>
#include <disentangle/regularizer/scheduled.hpp>
#include <disentangle/regularizer/total_correlation.hpp>
#include <disentangle/train/check_term.hpp>

namespace dis = disentangle;
namespace regularizer = disentangle::regularizer;

namespace {

template <class Policy>
void check(Policy const& policy) {
  auto const report = dis::check_term(policy);
  CAPTURE(std::string(dis::type_name<Policy>()));
  CHECK_MESSAGE(report.ok, report.text);
  CHECK(report.checked >= 56);
}

struct Wrong {  // says that it does not depend on the mean
  auto operator()(auto const& posterior) const { return sum(square(stop_gradient(posterior.mean))); }
};

}  // namespace

TEST_CASE("regularizers on Posterior") {
  check(regularizer::Kl{});
  check(regularizer::WeightedKl{});
  check(regularizer::Capacity{.gamma = 3, .capacity_end = 5, .steps = 100});
  check(regularizer::MeanCovariance{});
  check(regularizer::CodeCovariance{});
  check(regularizer::Scheduled<&regularizer::WeightedKl::beta>{});
  for (auto const estimator :
       {regularizer::TcEstimator::minibatch_weighted, regularizer::TcEstimator::minibatch_stratified}) {
    for (auto const kl : {regularizer::KlForm::sampled, regularizer::KlForm::analytic}) {
      check(regularizer::TotalCorrelation{.alpha = 0.5, .gamma = 2, .estimator = estimator, .kl = kl});
    }
  }
}

TEST_CASE("regularizers with a posterior_type of their own") {
  check(regularizer::RelevanceWeightedKl{});
  check(regularizer::RelevancePenalty{});
  check(regularizer::MildRelevancePenalty{});
  check(regularizer::VarianceDeviation{});
  check(regularizer::PrecisionKl{});
  check(regularizer::ClassCapacity{{.gamma = 3, .capacity_end = 2, .steps = 10}});
  check(regularizer::AggregateClassKl{});
  check(regularizer::ConditionalEntropy{});
  check(regularizer::BhattacharyyaHinge{});
  check(regularizer::OnZ<regularizer::WeightedKl>{});
  check(regularizer::OnU<regularizer::Capacity>{{.gamma = 3, .capacity_end = 5, .steps = 100}});
}

TEST_CASE("reconstructions") {
  for (auto const& report : {dis::check_term(dis::reconstruction::Bernoulli{}),
                             dis::check_term(dis::reconstruction::Gaussian{0.3}),
                             dis::check_term(dis::reconstruction::Laplace{0.5})}) {
    CHECK_MESSAGE(report.ok, report.text);
    CHECK(report.checked == 60);
  }
}

TEST_CASE("arrays of one's own; a wrong gradient is found and named") {
  auto const report =
      dis::check_term(Wrong{}, dis::PosteriorArrays{.mean = dis::host_matrix({{0, -2}}),
                                                    .log_variance = dis::host_matrix({{0, 0}})});
  CHECK(!report.ok);
  CHECK(report.input == "mean");
  CHECK(report.element == 1);
  CHECK(report.checked == 4);
}
