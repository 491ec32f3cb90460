// SPDX-License-Identifier: Apache-2.0
// The snippets and figures of docs/methods.
#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/core/describe.hpp>
#include <disentangle/decoder/higgins_mlp.hpp>
#include <disentangle/encoder/higgins_mlp.hpp>
#include <disentangle/method/beta_tc_vae.hpp>
#include <disentangle/method/beta_vae.hpp>
#include <disentangle/method/vae.hpp>
#include <disentangle/reconstruction/gaussian.hpp>
#include <disentangle/regularizer/scheduled.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

namespace dis = disentangle;

using HigginsBetaVae = dis::With<dis::method::BetaVae, dis::Encoder<dis::encoder::HigginsMlp<10>>,
                                 dis::Decoder<dis::decoder::HigginsMlp>>;
using GaussianVae = dis::With<dis::method::Vae, dis::Encoder<dis::encoder::LocatelloConv<16>>,
                              dis::Reconstruction<dis::reconstruction::Gaussian>>;

using WarmUp = dis::regularizer::Scheduled<&dis::regularizer::WeightedKl::beta>;
// beta from 0 to 1 in 10,000 steps
using WarmBetaVae = dis::With<dis::method::Vae, dis::Regularizer<WarmUp>>;

TEST_CASE("ramps are set like any member") {
  WarmBetaVae method;
  dis::set(method, "Scheduled<beta>.ramp.to", "4");
  CHECK(method.get<WarmUp>().ramp(20'000) == 4);
}

TEST_CASE("methods as their pages describe them") {
  // the first line spells the template argument as the compiler does
  std::string const vae = dis::describe(dis::method::Vae{});
  CHECK(vae.starts_with("Encoder: LocatelloConv<"));
  CHECK(vae.substr(vae.find('\n') + 1) ==
        "Decoder: LocatelloConv {initialisation = glorot_uniform}\n"
        "Prior: StandardNormal {log_variance_min = -30, log_variance_max = 20}\n"
        "Reconstruction: Bernoulli {}\n"
        "Regularizer: Kl {}\n"
        "Optimizer: Adam {learning_rate = 1e-04, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-08, clip_norm = 0, "
        "schedule.kind = constant, schedule.warm_up = 0, schedule.steps = 0, schedule.final_factor = 0}\n");
  CHECK(dis::describe(HigginsBetaVae{}).find("Encoder: HigginsMlp<") != std::string::npos);
  CHECK(GaussianVae{}.get<dis::reconstruction::Gaussian>().standard_deviation == 1);

  dis::method::BetaTcVae method;
  method.get<dis::regularizer::TotalCorrelation>().beta = 4;
  method.get<dis::regularizer::TotalCorrelation>().estimator =
      dis::regularizer::TcEstimator::minibatch_stratified;
  CHECK(dis::describe(method).find(
            "TotalCorrelation {alpha = 1, beta = 4, gamma = 1, estimator = minibatch_stratified, "
            "kl = sampled}") != std::string::npos);
}

TEST_CASE("the weighted estimator moves its three parts by constants that cancel") {
  using B = dis::backend::BasicCpu<double>;
  constexpr std::ptrdiff_t batch = 64, latent = 10;
  std::vector<double> head(batch * 2 * latent);
  dis::Philox const random{.seed = 0, .stream = dis::stream("docs"), .step = 0};
  for (std::size_t i = 0; i < head.size(); ++i) {
    bool const is_mean = i % (2 * latent) < latent;
    head[i] = is_mean ? static_cast<double>(random.normal(i)) : -2.0;
  }
  struct Parts {
    double mutual_information, total_correlation, dimension_wise_kl;
  };
  auto const parts = [&](double data_size) {
    dis::Tape<B> tape(B(1));
    auto q = dis::prior::StandardNormal{}.posterior(
        tape.constant(dis::Extents<2>{batch, 2 * latent}, head.data()), random);
    q.data_size = data_size;
    auto const p = dis::regularizer::TotalCorrelation{}.parts(q);
    return Parts{*dis::materialise(p.mutual_information).value, *dis::materialise(p.total_correlation).value,
                 *dis::materialise(p.dimension_wise_kl).value};
  };
  Parts const one = parts(1), all = parts(737'280);
  double const log_n = std::log(737'280.0);
  MESSAGE("log N = " << log_n << "; with N = 1: MI " << one.mutual_information << ", TC "
                     << one.total_correlation << ", DWKL " << one.dimension_wise_kl
                     << "; with N = 737280: MI " << all.mutual_information << ", TC " << all.total_correlation
                     << ", DWKL " << all.dimension_wise_kl);
  CHECK(all.mutual_information - one.mutual_information == doctest::Approx(log_n));
  CHECK(all.total_correlation - one.total_correlation == doctest::Approx((latent - 1) * log_n));
  CHECK(all.dimension_wise_kl - one.dimension_wise_kl == doctest::Approx(-latent * log_n));
}
