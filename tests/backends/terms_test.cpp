// SPDX-License-Identifier: Apache-2.0
// Reconstructions, regularizers of the posterior and its prior: values, the gradients that are derived for
// them, expected images.
#include <disentangle/prior/redraw.hpp>
#include <disentangle/prior/standard_normal.hpp>
#include <disentangle/prior/uniform_code.hpp>
#include <disentangle/reconstruction/bernoulli.hpp>
#include <disentangle/reconstruction/gaussian.hpp>
#include <disentangle/reconstruction/laplace.hpp>
#include <disentangle/regularizer/capacity.hpp>
#include <disentangle/regularizer/dip.hpp>
#include <disentangle/regularizer/kl.hpp>
#include <disentangle/regularizer/scheduled.hpp>
#include <disentangle/regularizer/total_correlation.hpp>

#include "tests/backends/support/topic.hpp"

using namespace disentangle;
using namespace disentangle::test;

namespace {

template <class Backend, class Policy>
void reconstruction_rows(Rows<Backend>& rows, std::string const& name, Policy const& policy) {
  auto const output = numbers<2>({7, 300}, 1, -4, 4), images = numbers<2>({7, 300}, 2, 0, 1);
  rows.formula(name, of(output, images), [&](auto o, auto i) { return policy(Likelihood<Backend>{o, i}); });
  rows.formula(name + ", expected image", of(output), [&](auto o) { return policy.image(o) * 1.0; });
}

/// A head for a standard normal posterior: means in (-1.5, 1.5), log-variances in (-2, 0.5).
Numbers<2> head(std::ptrdiff_t batch, std::ptrdiff_t latent) {
  auto result = numbers<2>({batch, 2 * latent}, 3, -1.5, 1.5);
  auto const log_variance = numbers<2>({batch, latent}, 4, -2, 0.5);
  for (std::ptrdiff_t i = 0; i < batch; ++i) {
    for (std::ptrdiff_t j = 0; j < latent; ++j) {
      result.values[static_cast<std::size_t>(i * 2 * latent + latent + j)] =
          log_variance.values[static_cast<std::size_t>(i * latent + j)];
    }
  }
  return result;
}
Philox const noise{3, stream("posterior"), 5};

template <class Backend, class Policy>
void regularizer_rows(Rows<Backend>& rows, std::string const& name, Policy const& policy) {
  for (std::ptrdiff_t const batch : {1, 2, 7, 66}) {
    rows.formula(name + ", batch " + std::to_string(batch), of(head(batch, 5)), [&](auto h) {
      auto q = prior::StandardNormal{}.posterior(h, noise);
      q.data_size = 66;
      q.step = 10;
      return policy(q);
    });
  }
}

Register<TestedBackend> const registered("terms", [](auto& rows) {
  reconstruction_rows(rows, "Bernoulli", reconstruction::Bernoulli{});
  reconstruction_rows(rows, "Gaussian", reconstruction::Gaussian{.standard_deviation = 0.5});
  reconstruction_rows(rows, "Laplace", reconstruction::Laplace{.scale = 0.5});

  regularizer_rows(rows, "Kl", regularizer::Kl{});
  regularizer_rows(rows, "WeightedKl", regularizer::WeightedKl{.beta = 3});
  regularizer_rows(rows, "Capacity", regularizer::Capacity{.gamma = 10, .capacity_end = 3, .steps = 20});
  regularizer_rows(rows, "MeanCovariance", regularizer::MeanCovariance{});
  regularizer_rows(rows, "CodeCovariance", regularizer::CodeCovariance{});
  regularizer_rows(rows, "Scheduled",
                   regularizer::Scheduled<&regularizer::WeightedKl::beta>{.ramp = {.steps = 20}});
  using enum regularizer::TcEstimator;
  using enum regularizer::KlForm;
  for (auto const estimator : {minibatch_weighted, minibatch_stratified}) {
    for (auto const kl : {sampled, analytic}) {
      regularizer_rows(rows,
                       std::string("TotalCorrelation, ") +
                           (estimator == minibatch_weighted ? "weighted" : "stratified") +
                           (kl == sampled ? ", sampled" : ", analytic"),
                       regularizer::TotalCorrelation{
                           .alpha = 1.5, .beta = 6, .gamma = 0.5, .estimator = estimator, .kl = kl});
    }
  }

  auto const posterior_row = [&](std::string const& name, prior::StandardNormal const& prior) {
    rows.row(name, [&](auto& r) {
      auto const q = prior.posterior(r.input(head(9, 5)), noise);
      r.keep("mean", q.mean);
      r.keep("log_variance", q.log_variance);
      r.keep("sample", q.sample);
      r.keep("kl", q.kl);
      r.keep("log_prior", q.log_prior);
      r.pull(materialise(q.sample * q.mean + 2.0 * q.kl + 0.5 * q.log_prior * q.log_variance));
    });
  };
  posterior_row("StandardNormal, posterior", {});
  posterior_row("StandardNormal, clamped", {.log_variance_min = -1, .log_variance_max = 0});
  rows.row("StandardNormal, codes", [](auto& r) {
    r.keep("codes", prior::StandardNormal{}.codes(r.tape(), 11, 3, noise), Kind::values, Scale::element);
  });
  rows.row("UniformCode, codes drawn and drawn anew", [](auto& r) {
    prior::UniformCode const prior{.limit = 1.5};
    auto const codes = prior.codes(r.tape(), 33, 3, noise);
    r.keep("codes", codes);
    r.keep("codes at a distance", prior.redraw(codes, 0.5, Philox{4, stream("redraw"), 5}));
    r.keep("by rejection",
           prior::redraw_among(codes, prior.codes(r.tape(), 4 * 33, 3, Philox{4, stream("redraw"), 6}), 0.5));
  });
});

}  // namespace
