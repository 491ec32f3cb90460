// SPDX-License-Identifier: Apache-2.0
// Discrete latents and parted codes: relaxed classes, the terms that read q(c|x) and a mixture's tables,
// JointVAE and PartedVAE with their labelled steps.
#include <disentangle/method/joint_vae.hpp>

#include "tests/backends/support/method_rows.hpp"
#include "tests/backends/support/topic.hpp"
#include "tests/support/parted.hpp"

using namespace disentangle;
using namespace disentangle::test;

namespace {

/// Two continuous latents and a class of three values.
struct FiveLatents : SmallEncoder {
  static constexpr int latent_size = 5;
};
using SmallJointVae = With<method::JointVaeOf<2, 3>, Encoder<FiveLatents>, Decoder<SmallDecoder>>;

Philox const noise{3, stream("posterior"), 5};
using Mixture = prior::ClassMixture<SmallCode>;

Register<TestedBackend> const registered("class_latents", [](auto& rows) {
  using Backend = TestedBackend::Backend;
  auto const logits = numbers<2>({7, 5}, 1, -2, 2);
  rows.formula("relaxed classes", of(logits),
               [&](auto l) { return prior::detail::relaxed_classes<SmallCode::classes>(l, noise, 0.67); });
  rows.formula("the likeliest classes", of(logits),
               [&](auto l) { return prior::detail::likeliest_classes<SmallCode::classes>(l) + 0.0 * l; });

  auto const term_row = [&](std::string const& name, auto const& term) {
    rows.formula(name,
                 of(numbers<2>({7, 4}, 3, -1, 1), logits, numbers<2>({7, 4}, 4, -1, 1),
                    numbers<2>({7, 4}, 5, -1, 1), numbers<2>({5, 2}, 6, -1, 1), numbers<2>({5, 2}, 7, -1, 1)),
                 [&](auto z, auto l, auto mean, auto log_variance, auto component_mean, auto rho) {
                   GivenHeads<Backend> const heads{z, l, mean, log_variance};
                   GivenTables<Backend> const tables{component_mean, rho};
                   auto q = Mixture{.frequencies = {0.5, 0.3, 0.2, 0.6, 0.4}}.posterior(heads, noise, tables);
                   q.step = 7;
                   return term(q);
                 });
  };
  regularizer::Capacity const capacity{.gamma = 2, .capacity_start = 0, .capacity_end = 4, .steps = 10};
  term_row("OnZ<Capacity>", regularizer::OnZ<regularizer::Capacity>{capacity});
  term_row("OnU<Capacity>", regularizer::OnU<regularizer::Capacity>{capacity});
  term_row("ClassCapacity", regularizer::ClassCapacity{capacity});
  term_row("AggregateClassKl", regularizer::AggregateClassKl{});
  term_row("ConditionalEntropy", regularizer::ConditionalEntropy{});
  term_row("BhattacharyyaHinge", regularizer::BhattacharyyaHinge{});
  rows.row("ClassMixture, codes", [](auto& r) {
    GivenTables<Backend> const tables{r.constant(numbers<2>({5, 2}, 6, -1, 1)),
                                      r.constant(numbers<2>({5, 2}, 7, -1, 1))};
    r.keep("codes", Mixture{}.codes(r.tape(), 11, 6, noise, tables), Kind::values);
  });
  rows.row("GumbelSoftmax, codes", [](auto& r) {
    r.keep("codes", prior::GumbelSoftmax<3, 2>{}.codes(r.tape(), 11, 7, noise), Kind::values);
  });

  Amounts const amounts{.batch = 9, .steps = 5, .images = 67};
  method_row<SmallImage>(rows, "JointVae", SmallJointVae{}, amounts);
  SmallPartedVaeOf<SmallCode> parted;
  parted.get<supervision::LabelledStep>().optimizer.epsilon = 1e-3;
  method_row<SmallImage>(rows, "PartedVae", parted, amounts);
});

}  // namespace
