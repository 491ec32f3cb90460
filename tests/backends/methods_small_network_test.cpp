// SPDX-License-Identifier: Apache-2.0
// The methods of the shelf that have more than a term on the posterior's codes: with a small network, for
// what they have in common with the others is in the other topics.
#include <disentangle/method/annealed_vae.hpp>
#include <disentangle/method/bayes_factor_vae.hpp>
#include <disentangle/method/dip_vae.hpp>
#include <disentangle/method/factor_vae.hpp>
#include <disentangle/method/info_vae.hpp>
#include <disentangle/method/rf_vae.hpp>
#include <disentangle/regularizer/scheduled.hpp>

#include "tests/backends/support/method_rows.hpp"
#include "tests/backends/support/topic.hpp"
#include "tests/support/small_model.hpp"

using namespace disentangle;
using namespace disentangle::test;

namespace {

/// A method with the small network, and with a small discriminator where it has one.
template <class M>
using Small = With<M, Encoder<SmallEncoder>, Decoder<SmallDecoder>>;
using Discriminator = adversary::TotalCorrelation<2, 24>;
template <class M>
using SmallAdversarial = With<Small<M>, Adversary<Discriminator>>;

using ScheduledBetaVae =
    With<method::Vae, Regularizer<regularizer::Scheduled<&regularizer::WeightedKl::beta>>>;

Register<TestedBackend> const registered("methods_small_network", [](auto& rows) {
  auto const row = [&](std::string const& name, auto method) {
    method_row<SmallImage>(rows, name, method, {.batch = 9, .steps = 5, .images = 67});
  };
  auto const adversarial_row = [&](std::string const& name, auto method,
                                   adversary::DiscriminatorBatches batches) {
    auto& policy = method.template get<Discriminator>();
    policy.batches = batches;
    policy.optimizer.learning_rate = 1e-3;
    policy.optimizer.epsilon = 1e-3;
    row(name, method);
  };
  row("AnnealedVae", Small<method::AnnealedVae>{});
  row("DipVaeI", Small<method::DipVaeI>{});
  row("DipVaeII", Small<method::DipVaeII>{});
  row("InfoVae", Small<method::InfoVae>{});
  row("a scheduled beta", Small<ScheduledBetaVae>{});
  using enum adversary::DiscriminatorBatches;
  adversarial_row("FactorVae", SmallAdversarial<method::FactorVae>{}, second);
  adversarial_row("FactorVae, first and second batch", SmallAdversarial<method::FactorVae>{},
                  first_and_second);
  adversarial_row("FactorVae, one batch", SmallAdversarial<method::FactorVae>{}, first);
  adversarial_row("RfVae0", SmallAdversarial<method::RfVae0>{}, second);
  adversarial_row("RfVae", SmallAdversarial<method::RfVae>{}, second);
  adversarial_row("BayesFactorVae0", SmallAdversarial<method::BayesFactorVae0>{}, second);
  adversarial_row("BayesFactorVae1", SmallAdversarial<method::BayesFactorVae1>{}, second);
  adversarial_row("BayesFactorVae2", SmallAdversarial<method::BayesFactorVae2>{}, second);
});

}  // namespace
