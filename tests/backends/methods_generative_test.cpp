// SPDX-License-Identifier: Apache-2.0
// The generative methods of the shelf and the terms on generated images, with small networks: critics,
// gradient penalties, perturbed codes, difference encoders.
#include <disentangle/contrast/variation_contrast.hpp>

#include "tests/backends/support/method_rows.hpp"
#include "tests/backends/support/topic.hpp"
#include "tests/support/small_generative.hpp"

using namespace disentangle;
using namespace disentangle::test;

namespace {

using Siamese = contrast::InterFactorDifference<SmallTrunk, contrast::SiamesePair>;
using DifferenceVae = With<SmallVae, Contrast<Siamese>>;
using Variation = contrast::VariationContrast<SmallTrunk, 6>;
using DisCo = With<SmallNetworks<method::Did>, Contrast<Variation>>;

Register<TestedBackend> const registered("methods_generative", [](auto& rows) {
  auto const row = [&](std::string const& name, auto method, std::string const& still = "variation.3.bias") {
    if constexpr (decltype(method)::template has<Role::adversary>) {
      auto& critic = method.template get<SmallCritic>();
      critic.optimizer.learning_rate = 1e-3;
      critic.optimizer.epsilon = 1e-3;
    }
    method_row<SmallImage>(rows, name, method,
                           {.batch = 9,
                            .steps = 3,
                            .images = 67,
                            // of a critic and of a Siamese difference encoder the last bias cancels
                            .still = {"critic.layer.3.bias", still}});
  };
  using enum contrast::DifferenceForm;
  auto const did = [](auto const& set) {
    SmallDid method;
    set(method.get<SmallDifference>());
    return method;
  };
  row("Did", SmallDid{});
  row("Did, distance with a pull", did([](auto& term) {
        term.form = distance;
        term.pull = 1;
        term.perturbation.law = contrast::PerturbationLaw::additive;
      }));
  row("Did, contrastive", did([](auto& term) { term.form = contrastive; }));
  row("InfoGanCr", SmallInfoGanCr{});
  DisCo disco;
  disco.template get<Variation>().queries = 4;
  disco.template get<Variation>().positives = 3;
  disco.template get<Variation>().negatives = 5;
  row("WganGp with DisCo's contrast", disco);
  DifferenceVae vae;  // its images hardly differ at first: differences of unit length would be rounding
  vae.template get<Siamese>().bound = contrast::DifferenceBound::tanh;
  row("Vae with the difference term", vae, "difference.3.bias");
});

}  // namespace
