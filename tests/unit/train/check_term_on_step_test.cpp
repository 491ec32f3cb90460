// SPDX-License-Identifier: Apache-2.0
// The library's policies on a training step with a posterior or labels, each alone on a TermStep: derived
// gradients of images, codes and parameters against central differences.
#include <string>

#include <doctest/doctest.h>

#include <disentangle/adversary/total_correlation.hpp>
#include <disentangle/contrast/prior_mmd.hpp>
#include <disentangle/prior/gumbel_softmax.hpp>
#include <disentangle/supervision/labelled_step.hpp>
#include <disentangle/train/check_term.hpp>

namespace dis = disentangle;
namespace nn = disentangle::nn;

namespace {

struct JointEncoder {  // two continuous latents and a class of three values
  nn::Initialisation initialisation = nn::Initialisation::glorot_uniform;
  static constexpr int latent_size = 5;
  template <int Outputs>
  using network = nn::Sequential<nn::Flatten, nn::Dense<6, nn::Tanh>, nn::Dense<Outputs>>;
};
using JointNetworks = dis::StepNetworks<dis::Encoder<JointEncoder>, dis::Prior<dis::prior::GumbelSoftmax<3>>>;

}  // namespace

TEST_CASE("PriorMmd: through the encoder, and on a posterior of one's own") {
  auto const through = dis::check_term(dis::contrast::PriorMmd{.weight = 3}, dis::StepArrays{});
  CHECK_MESSAGE(through.ok, through.text);
  CHECK(through.checked > 300);
  dis::StepArrays const given{.images = dis::random_array(dis::Extents<2>{4, 16}, 1, 0, 1),
                              .posterior = {.mean = dis::random_array(dis::Extents<2>{4, 3}, 2),
                                            .log_variance = dis::random_array(dis::Extents<2>{4, 3}, 3)}};
  auto const on_arrays = dis::check_term(dis::contrast::PriorMmd{.weight = 3}, given);
  CHECK_MESSAGE(on_arrays.ok, on_arrays.text);
  auto const r = dis::value_and_gradient(dis::contrast::PriorMmd{.weight = 3}, given);
  CHECK(r.gradient("mean").size() == 12);
  for (double const g : r.gradient("images")) CHECK(g == 0);  // the posterior is not the encoder's
}

TEST_CASE("TotalCorrelation with a discriminator: the term, and what the discriminator minimises") {
  using dis::adversary::DiscriminatorBatches;
  using Term = dis::adversary::TotalCorrelation<1, 5>;
  for (auto const batches :
       {DiscriminatorBatches::second, DiscriminatorBatches::first_and_second, DiscriminatorBatches::first}) {
    Term const term{.batches = batches, .initialisation = nn::Initialisation::he_normal};
    auto const of_method = dis::check_term(term, dis::StepArrays{});
    CHECK_MESSAGE(of_method.ok, of_method.text);
    dis::StepArrays const after{.part = dis::StepPart::after_step};
    auto const of_discriminator = dis::check_term(term, after);
    CHECK_MESSAGE(of_discriminator.ok, of_discriminator.text);
    CHECK(of_discriminator.checked == 3 * 5 + 5 + 5 * 2 + 2);
    CHECK_THROWS_AS(static_cast<void>(dis::value_and_gradient(term, {.part = dis::StepPart::before_step})),
                    dis::ValueError);
  }
}

TEST_CASE("LabelledStep: the cross-entropy that it minimises before a step") {
  dis::supervision::LabelledStep const policy{};
  dis::StepArrays const arrays{.labelled_images = dis::random_array(dis::Extents<2>{4, 16}, 3, 0, 1),
                               .labelled_labels = {0, 2, -1, 1},
                               .part = dis::StepPart::before_step};
  auto const report = dis::check_term(policy, arrays, JointNetworks{});
  CHECK_MESSAGE(report.ok, report.text);
  auto const r = dis::value_and_gradient(policy, arrays, JointNetworks{});
  CHECK(r.value > 0.3);
  double moved = 0;
  for (double const g : r.gradient("encoder.1.weight")) moved += g * g;
  CHECK(moved > 0);
}
