// SPDX-License-Identifier: Apache-2.0
// Runs that learn have no warnings: methods of the shelf, with small networks, whose losses fall, rise,
// change their sign, or have parts that grow by schedule.
#include <disentangle/adversary/total_correlation.hpp>
#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/contrast/prior_mmd.hpp>
#include <disentangle/core/factor.hpp>
#include <disentangle/core/with.hpp>
#include <disentangle/reconstruction/gaussian.hpp>
#include <disentangle/regularizer/capacity.hpp>
#include <disentangle/regularizer/dip.hpp>
#include <disentangle/regularizer/kl.hpp>
#include <disentangle/regularizer/total_correlation.hpp>
#include <disentangle/train/train.hpp>

#include <tests/support/small_generative.hpp>
#include <tests/support/tiny.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace test_support;

namespace {

/// The warnings of a run, one after the other.
template <class M>
std::string said(M const& method, std::uint64_t seed, long steps = 400) {
  dis::Model model{method, dis::backend::Cpu(1), Blocks{}.image_shape(), dis::seed(seed)};
  std::string all;
  for (std::string const& each : dis::train(model, Blocks{}, {.steps = steps, .batch_size = 16}).warnings)
    all += each + "\n";
  return all;
}

/// At a learning rate for networks as small as these.
template <class M>
M quick() {
  M method;
  method.template get<dis::optim::Adam>().learning_rate = 3e-3;
  return method;
}

template <class Term>
using WithTerm = dis::With<TinyVae, dis::Regularizer<Term>>;

}  // namespace

TEST_CASE("variational methods that learn have no warnings") {
  for (std::uint64_t const seed : {0, 1}) {
    CAPTURE(seed);
    auto plain = quick<TinyVae>();
    plain.get<dis::regularizer::WeightedKl>().beta = 1;  // at 4 these small images collapse
    CHECK(said(plain, seed) == "");
    CHECK(said(quick<WithTerm<dis::regularizer::TotalCorrelation>>(), seed) == "");
    CHECK(said(quick<WithTerm<dis::regularizer::Capacity>>(), seed) == "");
    CHECK(said(quick<dis::Plus<WithTerm<dis::regularizer::Kl>,
                               dis::Regularizer<dis::regularizer::MeanCovariance>>>(),
               seed) == "");
    CHECK(said(quick<dis::Plus<WithTerm<dis::regularizer::Kl>, dis::Contrast<dis::contrast::PriorMmd>>>(),
               seed) == "");
    CHECK(said(quick<dis::Plus<WithTerm<dis::regularizer::Kl>,
                               dis::Adversary<dis::adversary::TotalCorrelation<2, 32>>>>(),
               seed) == "");
    // a likelihood whose bound passes zero
    auto sharp = quick<
        dis::With<WithTerm<dis::regularizer::Kl>, dis::Reconstruction<dis::reconstruction::Gaussian>>>();
    sharp.get<dis::reconstruction::Gaussian>().standard_deviation = 0.1;
    CHECK(said(sharp, seed) == "");
  }
}

TEST_CASE("generative methods have no warnings, though their losses have no bound and no sign") {
  for (std::uint64_t const seed : {0, 1}) {
    CAPTURE(seed);
    CHECK(said(dis::test::SmallWganGp{}, seed, 300) == "");
    CHECK(said(dis::test::SmallDid{}, seed, 200) == "");
    CHECK(said(dis::test::SmallInfoGanCr{}, seed, 200) == "");
  }
}
