// SPDX-License-Identifier: Apache-2.0
// Terms on plain arrays: values and gradients against formulas in plain loops and against the posteriors that
// the priors themselves make.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/prior/class_mixture.hpp>
#include <disentangle/prior/gumbel_softmax.hpp>
#include <disentangle/prior/learnt_variance.hpp>
#include <disentangle/prior/relevance.hpp>
#include <disentangle/reconstruction/bernoulli.hpp>
#include <disentangle/regularizer/kl.hpp>
#include <disentangle/train/value_and_gradient.hpp>

namespace dis = disentangle;
using Double = dis::backend::BasicCpu<double>;

namespace {

/// Everything that a posterior holds of a code, weighed so that no two numbers are alike.
struct Everything {
  auto operator()(auto const& q) const {
    return sum(0.3 * q.kl - 0.7 * q.log_prior + square(q.sample)) + 0.1 * sum(q.mean * q.log_variance);
  }
};
struct EverythingOfClasses {
  template <class B>
  using posterior_type = dis::prior::PartedPosterior<B>;
  auto operator()(auto const& q) const {
    return Everything{}(q) + 2.0 * Everything{}(q.u) + 3.0 * Everything{}(q.z) +
           sum(exp(q.c.log_probability) * (q.c.log_probability - q.c.log_prior));
  }
};
struct EverythingOfVariance {
  template <class B>
  using posterior_type = dis::prior::VariancePosterior<B>;
  auto operator()(auto const& q) const { return Everything{}(q) + sum(q.prior_variance); }
};
struct EverythingOfRelevance {
  template <class B>
  using posterior_type = dis::prior::RelevantPosterior<B>;
  auto operator()(auto const& q) const {
    return Everything{}(q) + sum(square(q.relevant_sample)) + sum(q.relevance * q.logits);
  }
};
struct LearntScale {  // a term with a State
  template <class Setting>
  struct State {
    dis::Variable<typename Setting::backend_type, 1> scale;
    explicit State(auto& build) {
      build.parameters().declare(scale, "scale", dis::Extents<1>{Setting::latent_size},
                                 dis::nn::Initialiser{dis::nn::Initialiser::Law::constant, 2});
    }
  };
  auto operator()(auto const& input) const { return sum(input.state.scale * mean(input.kl, dis::axis<0>)); }
};

dis::HostArray<2> const mean = dis::random_array(dis::Extents<2>{5, 4}, 1, -1.5, 1.5);
dis::HostArray<2> const log_variance = dis::random_array(dis::Extents<2>{5, 4}, 2, -2, 0.5);
dis::Philox const draws{3, dis::stream("posterior"), 0};  // of the default noise

void check_same(std::vector<double> const& a, std::vector<double> const& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i] == doctest::Approx(b[i]).epsilon(1e-12));
}

}  // namespace

TEST_CASE("Kl on a posterior of one's own, in double and in float") {
  double value = 0;
  std::vector<double> of_mean, of_log_variance;
  for (std::size_t i = 0; i < 20; ++i) {
    double const m = mean.values[i], v = log_variance.values[i];
    value += 0.5 * (m * m + std::exp(v) - 1 - v) / 5;
    of_mean.push_back(m / 5);
    of_log_variance.push_back(0.5 * (std::exp(v) - 1) / 5);
  }
  auto const r =
      dis::value_and_gradient(dis::regularizer::Kl{}, {.mean = mean, .log_variance = log_variance});
  CHECK(r.value == doctest::Approx(value).epsilon(1e-14));
  check_same(r.gradient("mean"), of_mean);
  check_same(r.gradient("log_variance"), of_log_variance);
  auto const single = dis::value_and_gradient<dis::backend::Cpu>(
      dis::regularizer::Kl{}, {.mean = mean, .log_variance = log_variance});
  CHECK(single.value == doctest::Approx(value).epsilon(1e-6));
  CHECK(single.value != r.value);
}

TEST_CASE("noise, a sample, and KL of one's own") {
  dis::HostArray<2> const noise = dis::random_array(dis::Extents<2>{5, 4}, 7);
  dis::HostArray<2> sample = noise;
  for (std::size_t i = 0; i < 20; ++i) {
    sample.values[i] = mean.values[i] + std::exp(log_variance.values[i] / 2) * noise.values[i];
  }
  auto const by_noise =
      dis::value_and_gradient(Everything{}, {.mean = mean, .log_variance = log_variance, .noise = noise});
  auto const by_sample =
      dis::value_and_gradient(Everything{}, {.mean = mean, .log_variance = log_variance, .sample = sample});
  CHECK(by_noise.value == doctest::Approx(by_sample.value).epsilon(1e-13));
  auto const& g = by_sample.gradient("sample");  // the chain rule joins the two
  for (std::size_t i = 0; i < 20; ++i) {
    CHECK(by_noise.gradient("mean")[i] ==
          doctest::Approx(by_sample.gradient("mean")[i] + g[i]).epsilon(1e-12));
  }
  auto const given = dis::value_and_gradient(
      Everything{},
      {.mean = mean, .log_variance = log_variance, .sample = sample, .kl = noise, .log_prior = mean});
  for (double const x : given.gradient("kl")) CHECK(x == doctest::Approx(0.3));
  for (double const x : given.gradient("log_prior")) CHECK(x == doctest::Approx(-0.7));
}

TEST_CASE("posteriors of arrays are those of the priors") {
  auto const head = [](auto m, auto v) { return concatenate(dis::axis<1>, m, v); };
  {
    auto const by_prior = dis::value_and_gradient(
        [&](auto m, auto v) {
          return Everything{}(dis::prior::StandardNormal{}.posterior(head(m, v), draws));
        },
        mean, log_variance);
    auto const r = dis::value_and_gradient(Everything{}, {.mean = mean, .log_variance = log_variance});
    CHECK(r.value == doctest::Approx(by_prior.value).epsilon(1e-12));
    check_same(r.gradient("mean"), by_prior.gradient(0));
    check_same(r.gradient("log_variance"), by_prior.gradient(1));
  }
  auto const logits = dis::random_array(dis::Extents<1>{4}, 3);
  {
    struct {
      dis::Variable<Double, 1> logits;
    } state;
    auto const by_prior = dis::value_and_gradient(
        [&](auto m, auto v, auto l) {
          state.logits = l;
          return EverythingOfRelevance{}(dis::prior::LearntRelevance{}.posterior(head(m, v), draws, state));
        },
        mean, log_variance, logits);
    auto const r = dis::value_and_gradient(
        EverythingOfRelevance{}, {.mean = mean, .log_variance = log_variance, .relevance_logits = logits});
    CHECK(r.value == doctest::Approx(by_prior.value).epsilon(1e-12));
    check_same(r.gradient("relevance_logits"), by_prior.gradient(2));
  }
  {
    struct {
      dis::Variable<Double, 1> log_deviation;
    } state;
    auto const by_prior = dis::value_and_gradient(
        [&](auto m, auto v, auto l) {
          state.log_deviation = l;
          return EverythingOfVariance{}(dis::prior::LearntVariance{}.posterior(head(m, v), draws, state));
        },
        mean, log_variance, logits);
    dis::HostArray<1> variance = logits;
    for (double& x : variance.values) x = std::exp(2 * x);
    auto const r = dis::value_and_gradient(
        EverythingOfVariance{}, {.mean = mean, .log_variance = log_variance, .prior_variance = variance});
    CHECK(r.value == doctest::Approx(by_prior.value).epsilon(1e-12));
    check_same(r.gradient("log_variance"), by_prior.gradient(1));
    for (std::size_t j = 0; j < 4; ++j) {
      CHECK(2 * variance.values[j] * r.gradient("prior_variance")[j] ==
            doctest::Approx(by_prior.gradient(2)[j]).epsilon(1e-12));
    }
  }
}

TEST_CASE("a code in parts: the expected KL to the classes' components is that of ClassMixture") {
  using Code = dis::prior::PartedCode<2, 1, 3, 2>;
  auto const classes = dis::random_array(dis::Extents<2>{5, 5}, 4),
             component_mean = dis::random_array(dis::Extents<2>{5, 1}, 5),
             rho = dis::random_array(dis::Extents<2>{5, 1}, 6);
  auto const by_prior = dis::value_and_gradient(
      [&](auto m, auto v, auto c, auto cm, auto r) {
        using Matrix = dis::Variable<Double, 2>;
        struct Heads {
          Matrix z_head, logits, u_mean, u_log_variance;
          bool training() const { return false; }
          Matrix z() const { return z_head; }
          Matrix class_logits() const { return logits; }
          auto u(Matrix const&, long) const {
            struct {
              Matrix mean, log_variance;
            } head{u_mean, u_log_variance};
            return head;
          }
        };
        struct Tables {
          Matrix mean, rho;
          auto log_variance() const { return materialise(2.0 * tanh(rho) - 1.0); }
        } tables{cm, r};
        auto const part = [](auto const& x, int a, int b) { return slice(x, dis::axis<1>, a, b); };
        Heads const heads{concatenate(dis::axis<1>, part(m, 0, 2), part(v, 0, 2)), c, part(m, 2, 4),
                          part(v, 2, 4)};
        return EverythingOfClasses{}(dis::prior::ClassMixture<Code>{}.posterior(heads, draws, tables));
      },
      mean, log_variance, classes, component_mean, rho);
  dis::HostArray<2> component_log_variance = rho;
  for (double& x : component_log_variance.values) x = 2 * std::tanh(x) - 1;
  auto const r =
      dis::value_and_gradient(EverythingOfClasses{}, {.mean = mean,
                                                      .log_variance = log_variance,
                                                      .class_logits = classes,
                                                      .classes = {3, 2},
                                                      .component_mean = component_mean,
                                                      .component_log_variance = component_log_variance});
  CHECK(r.value == doctest::Approx(by_prior.value).epsilon(1e-10));
  for (auto const& [name, number] :
       {std::pair{"mean", 0}, {"log_variance", 1}, {"class_logits", 2}, {"component_mean", 3}}) {
    auto const &a = r.gradient(name), &b = by_prior.gradient(static_cast<std::size_t>(number));
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i] == doctest::Approx(b[i]).epsilon(1e-9));
  }
}

TEST_CASE("a reconstruction; a term with a State") {
  auto const output = dis::host_matrix({{0.5, -1}}), images = dis::host_matrix({{1, 0.25}});
  auto const r =
      dis::value_and_gradient(dis::reconstruction::Bernoulli{}, {.output = output, .images = images});
  double value = 0;
  for (std::size_t i = 0; i < 2; ++i) {
    double const o = output.values[i], x = images.values[i];
    value += std::log1p(std::exp(o)) - o * x;
    CHECK(r.gradient("output")[i] == doctest::Approx(1 / (1 + std::exp(-o)) - x));
    CHECK(r.gradient("images")[i] == doctest::Approx(-o));
  }
  CHECK(r.value == doctest::Approx(value));

  auto const plain =
      dis::value_and_gradient(dis::regularizer::Kl{}, {.mean = mean, .log_variance = log_variance});
  auto const scaled = dis::value_and_gradient(LearntScale{}, {.mean = mean, .log_variance = log_variance});
  CHECK(scaled.value == doctest::Approx(2 * plain.value));
  double of_scale = 0;
  for (double const g : scaled.gradient("state.scale")) of_scale += g;
  CHECK(of_scale == doctest::Approx(plain.value));
}

TEST_CASE("arrays that are missing or do not fit are named") {
  auto const words = [](auto const& term, dis::PosteriorArrays const& arrays) -> std::string {
    try {
      static_cast<void>(dis::value_and_gradient(term, arrays));
    } catch (dis::Error const& e) {
      return e.what();
    }
    return "nothing";
  };
  CHECK(words(EverythingOfRelevance{}, {.mean = mean, .log_variance = log_variance}) ==
        "posterior: found no relevance_logits, expected an array (latent), which the term reads; set "
        "PosteriorArrays::relevance_logits");
  CHECK(words(Everything{}, {.mean = mean, .log_variance = dis::host_matrix({{1, 2}})}) ==
        "posterior: found log_variance (1, 2), expected (5, 4) beside mean (5, 4)");
  CHECK(words(Everything{}, {.mean = mean}).find("found no log_variance") != std::string::npos);
  dis::HostArray<2> const two = dis::host_matrix({{1, 2}});
  CHECK(words(LearntScale{}, {.mean = two, .log_variance = two}).find("pass dis::latents<2>") !=
        std::string::npos);
  CHECK(dis::value_and_gradient(LearntScale{}, {.mean = two, .log_variance = two}, dis::latents<2>)
            .gradient("state.scale")
            .size() == 2);
  CHECK_THROWS_AS(static_cast<void>(dis::value_and_gradient(dis::reconstruction::Bernoulli{},
                                                            {.output = mean, .images = two})),
                  dis::ShapeError);
}
