// SPDX-License-Identifier: Apache-2.0
// The library's policies on generated images, each alone on a TermStep.
#include <string>

#include <doctest/doctest.h>

#include <disentangle/adversary/wasserstein_critic.hpp>
#include <disentangle/contrast/inter_factor_difference.hpp>
#include <disentangle/contrast/kept_factor.hpp>
#include <disentangle/contrast/variation_contrast.hpp>
#include <disentangle/supervision/code_regression.hpp>
#include <disentangle/train/check_term.hpp>

namespace dis = disentangle;
namespace nn = disentangle::nn;
namespace contrast = disentangle::contrast;

namespace {

struct Trunk {
  nn::Initialisation initialisation = nn::Initialisation::he_normal;
  template <int Outputs>
  using network = nn::Sequential<nn::Flatten, nn::Dense<4, nn::Tanh>, nn::Dense<Outputs>>;
};
using Networks = dis::SmallGenerativeNetworks;
using Image = dis::ImageShape<3, 3, 1>;

template <class Policy>
void check(Policy const& policy, dis::StepArrays arrays = {}) {
  if (arrays.images.empty()) arrays.images = dis::random_array(dis::Extents<2>{5, 9}, 1, 0, 1);
  auto const report = dis::check_term(policy, arrays, Networks{}, Image{}, {.tolerance = 2e-6});
  CHECK_MESSAGE(report.ok, report.text);
  CHECK(report.checked > 40);
}

}  // namespace

TEST_CASE("InterFactorDifference, every form") {
  using Term = contrast::InterFactorDifference<Trunk, contrast::SubtractedPair>;
  check(Term{});
  check(Term{.form = contrast::DifferenceForm::distance, .bound = contrast::DifferenceBound::tanh});
  check(Term{.form = contrast::DifferenceForm::contrastive, .pull = 0.5});
  check(Term{.trains = contrast::TrainsNetworks::difference_encoder}, {.held = {"decoder."}});
}

TEST_CASE("KeptFactor; on codes of one's own") {
  using Term = contrast::KeptFactor<Trunk, contrast::SubtractedPair>;
  check(Term{});
  check(Term{}, {.codes = dis::random_array(dis::Extents<2>{5, 3}, 4, -0.9, 0.9)});
}

TEST_CASE("CodeRegression") {
  check(dis::supervision::CodeRegression{});
  check(dis::supervision::CodeRegression{.trains_generator = false}, {.held = {"decoder."}});
}

TEST_CASE(
    "VariationContrast has a gradient; its derivation is checked with the negatives held in its own test") {
  contrast::VariationContrast<Trunk, 4> const term{.queries = 2, .positives = 2, .negatives = 3};
  auto const r = dis::value_and_gradient(term, dis::StepArrays{}, Networks{});
  CHECK(r.value > 0);
  double moved = 0;
  for (double const g : r.gradient("variation.1.weight")) moved += g * g;
  CHECK(moved > 0);
}

TEST_CASE("WassersteinCritic: the generator's term, and the critic's loss with its gradient penalty") {
  dis::adversary::WassersteinCritic<Trunk, 2> const critic{};
  check(critic);
  check(critic, {.part = dis::StepPart::before_step});
}
