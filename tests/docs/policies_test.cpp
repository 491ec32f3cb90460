// SPDX-License-Identifier: Apache-2.0
// The policies of docs/policies.md, as they stand there: each is checked by its role, trained for a few
// steps, and its gradient compared with central differences where it is a term.
#include <disentangle/adversary/adversary.hpp>
#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/contrast/prior_mmd.hpp>
#include <disentangle/data/dsprites.hpp>
#include <disentangle/method/beta_tc_vae.hpp>
#include <disentangle/method/beta_vae.hpp>
#include <disentangle/metric/array_source.hpp>
#include <disentangle/metric/score.hpp>
#include <disentangle/reconstruction/gaussian.hpp>
#include <disentangle/train/check_term.hpp>
#include <disentangle/train/model.hpp>
#include <disentangle/train/train.hpp>
#include <disentangle/train/value_and_gradient.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <numbers>
#include <span>
#include <string>
#include <vector>

namespace dis = disentangle;

struct OrthogonalMeans {  // weight * sum_{i != j} cov(mean)_ij^2
  double weight = 0.1;
  auto operator()(auto const& posterior) const {
    return weight * dis::sum(dis::square(dis::off_diagonal(dis::covariance(posterior.mean))));
  }
};
using MyVae = dis::Plus<dis::method::BetaTcVae, dis::Regularizer<OrthogonalMeans>>;

// gamma * |KL - C|, C growing from 0 to c_max: Burgess et al. 2018, eq. 8
struct Capacity {
  double gamma = 1000, c_max = 25;
  long steps = 100'000;
  auto operator()(auto const& posterior) const {
    double const c = std::min(1.0, static_cast<double>(posterior.step) / static_cast<double>(steps)) * c_max;
    return gamma * abs((1 / posterior.batch_size()) * sum(posterior.kl) - c);
  }
};

// sum_j exp(-s_j) KL_j + s_j, s learnt with the networks
struct LearntWeights {
  template <class Setting>
  struct State {
    dis::Variable<typename Setting::backend_type, 1> s;
    explicit State(auto& build) {
      build.parameters().declare(s, "learnt_weights.s", dis::Extents<1>{Setting::latent_size},
                                 dis::nn::Initialiser{});
    }
  };
  auto operator()(auto const& input) const {  // a posterior with a member `state`
    return sum(exp(-input.state.s) * mean(input.kl, dis::axis<0>) + input.state.s);
  }
};

// (1 / batch) sum_pixels sqrt((output - image)^2 + epsilon^2)
struct Charbonnier {
  double epsilon = 0.01;
  auto operator()(auto const& likelihood) const {
    return (1 / likelihood.batch_size()) *
           sum(sqrt(square(likelihood.output - likelihood.images) + epsilon * epsilon));
  }
  auto image(auto const& output) const { return clamp(output, 0.0, 1.0); }
};

// p(z) = N(0, width^2 I), q(z|x) = N(mean, diag(variance))
struct WideNormal {
  double width = 2;
  static constexpr int parameters_per_latent = 2;
  template <class B>
  dis::Posterior<B> posterior(dis::Variable<B, 2> const& head, dis::Philox const& random) const {
    auto const latent = head.extent(1) / 2;
    double const variance = width * width;
    dis::Posterior<B> q;
    q.mean = slice(head, dis::axis<1>, 0, latent);
    q.log_variance = materialise(clamp(slice(head, dis::axis<1>, latent, 2 * latent), -30.0, 20.0));
    auto const noise = (1 / width) * codes(*head.tape, head.extent(0), latent, random);
    q.sample = materialise(q.mean + exp(0.5 * q.log_variance) * noise);
    q.kl = materialise(0.5 * ((square(q.mean) + exp(q.log_variance)) / variance - 1.0 - q.log_variance) +
                       std::log(width));
    q.log_prior =
        materialise(-0.5 * (square(q.sample) / variance + std::log(2 * std::numbers::pi * variance)));
    return q;
  }
  template <class B>
  dis::Variable<B, 2> codes(dis::Tape<B>& tape, std::ptrdiff_t n, std::ptrdiff_t latent,
                            dis::Philox const& random) const {
    auto const z = tape.variable(dis::Extents<2>{n, latent}, false);
    tape.backend().normal(random, z.value, static_cast<std::size_t>(z.size()));
    return materialise(width * z);
  }
};

namespace nn = disentangle::nn;

struct SmallEncoder {
  nn::Initialisation initialisation = nn::Initialisation::he_normal;
  static constexpr int latent_size = 6;
  template <int Outputs>
  using network = nn::Sequential<nn::Conv<16, 4, 2, 1, nn::Relu>, nn::Conv<32, 4, 2, 1, nn::Relu>,
                                 nn::Flatten, nn::Dense<Outputs>>;
};
struct SmallDecoder {
  nn::Initialisation initialisation = nn::Initialisation::he_normal;
  template <class Image>
  using network =
      nn::Sequential<nn::Dense<Image::height / 4 * Image::width / 4 * 32, nn::Relu>,
                     nn::Reshape<Image::height / 4, Image::width / 4, 32>,
                     nn::ConvTranspose<16, 4, 2, 1, nn::Relu>, nn::ConvTranspose<Image::channels>>;
};
using SmallVae = dis::With<dis::method::Vae, dis::Encoder<SmallEncoder>, dis::Decoder<SmallDecoder>>;

// pulls q(z) towards p(z) through a discriminator, as an adversarial auto-encoder does
struct CodeDiscriminator {
  double weight = 1;
  dis::optim::Adam optimizer{.learning_rate = 1e-4, .beta1 = 0.5};

  template <class Setting>
  struct State {
    using B = typename Setting::backend_type;
    using Layers =
        nn::Sequential<nn::Dense<100, nn::LeakyRelu<>>, nn::Dense<100, nn::LeakyRelu<>>, nn::Dense<1>>;
    nn::OwnParameters<B>& own;
    typename Layers::template On<B, dis::FeatureShape<Setting::latent_size>> network;
    State(nn::Builder<B>& build, CodeDiscriminator const& policy)
        : own(build.own_parameters("discriminator", policy.optimizer)) {
      network.declare(own.parameters, "layer", nn::Initialisation::he_normal);
    }
  };

  // part of the loss: codes that the frozen discriminator takes for draws from the prior
  auto operator()(auto& step) const {
    auto const logit = step.state().network(step.posterior().sample, nn::Mode{.frozen = true});
    return weight * mean(softplus(-logit));
  }
  void after_step(auto& step) const {  // one update of the discriminator, by its own optimiser
    auto& network = step.state().network;
    auto const code = stop_gradient(step.posterior().sample);
    auto const draw = step.codes(code.extent(0), "discriminator");
    step.state().own.minimise(materialise(mean(softplus(network(code))) + mean(softplus(-network(draw)))));
  }
};
using AdversarialAutoEncoder =
    dis::Method<dis::Encoder<dis::encoder::LocatelloConv<>>, dis::Decoder<dis::decoder::LocatelloConv>,
                dis::Prior<dis::prior::StandardNormal>, dis::Reconstruction<dis::reconstruction::Bernoulli>,
                dis::Adversary<CodeDiscriminator>>;

struct SignDescent {  // w -= rate * sign(g)
  double learning_rate = 1e-4;
  double clip_norm = 0;
  static constexpr std::size_t moments = 0;
  struct Kernel {
    float rate;
    template <class P>
    DISENTANGLE_HD void operator()(P& w, P g, dis::FixedArray<P, 0>&) const {
      using dis::math::select;
      w = w - select(g > P(0), P(rate), select(g < P(0), P(-rate), P(0)));
    }
  };
  auto update(long, double) const { return Kernel{static_cast<float>(learning_rate)}; }
};

struct Ramps {  // 100 grey images 16 x 16 of growing brightness
  using image_shape_type = dis::ImageShape<16, 16, 1>;
  image_shape_type image_shape() const { return {}; }
  std::string name() const { return "ramps"; }
  std::size_t size() const { return 100; }
  std::vector<dis::Factor> const& factors() const { return factors_; }
  void images(std::span<std::size_t const> indices, std::span<float> out) const {
    for (std::size_t i = 0; i < indices.size(); ++i)
      std::ranges::fill(out.subspan(i * 256, 256), static_cast<float>(indices[i]) / 99);
  }
  void labels(std::span<std::size_t const> indices, std::span<int> out) const {
    for (std::size_t i = 0; i < indices.size(); ++i) out[i] = static_cast<int>(indices[i]);
  }
  std::vector<dis::Factor> factors_{{"brightness", 100}};
};
static_assert(dis::data::data_set<Ramps>);

// latents whose code varies over the data by more than `threshold` (variance); Burda et al. 2016
struct ActiveUnits {
  static constexpr std::string_view name = "active_units";
  double threshold = 0.01;
  std::size_t num_points = 10000;

  dis::metric::Score operator()(dis::metric::factor_source auto const& source, dis::Seed seed) const {
    dis::metric::RandomIntegers rng(seed, "metric/active_units");
    std::vector<std::size_t> points(num_points);
    dis::metric::Matrix<double> codes(num_points, source.latents());
    source.draw(rng, points);
    source.encode(points, codes.view());
    std::vector<double> variance(codes.columns);
    double active = 0;
    for (std::size_t l = 0; l < codes.columns; ++l) {
      double sum = 0, squares = 0;
      for (std::size_t i = 0; i < codes.rows; ++i) sum += codes(i, l);
      double const mean = sum / static_cast<double>(codes.rows);
      for (std::size_t i = 0; i < codes.rows; ++i) squares += (codes(i, l) - mean) * (codes(i, l) - mean);
      variance[l] = squares / static_cast<double>(codes.rows);
      active += variance[l] > threshold;
    }
    dis::metric::Score score;
    score.metric = name;
    score.definition = "Burda et al. 2016";
    score.value = active;
    score.settings = {{"rows", static_cast<double>(num_points)}, {"threshold", threshold}};
    score.tables = {dis::metric::Table::vector("variance", "latent", variance)};
    return score;
  }
};

namespace {

/// The first and the last value of one part of the loss over some steps on dSprites.
template <class M>
std::pair<double, double> trained(M const& method, std::size_t part, long steps = 20) {
  auto const data = dis::data::dsprites();
  dis::Model model{method, dis::backend::Cpu(1), data.image_shape(), dis::seed(0)};
  std::vector<double> values;
  dis::train(model, data, {.steps = steps, .batch_size = 16},
             [&](auto&, auto const& report) { values.push_back(report.parts[part]); });
  CHECK(std::ranges::all_of(values, [](double x) { return std::isfinite(x); }));
  return {values.front(), values.back()};
}

/// As printf("%.6f") has it.
std::string text(double x) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.6f", x);
  return digits;
}

}  // namespace

TEST_CASE("terms: derived gradients agree with central differences") {
  for (auto const& report :
       {dis::check_term(OrthogonalMeans{}), dis::check_term(Capacity{.c_max = 5, .steps = 100}),
        dis::check_term(LearntWeights{})}) {
    CHECK_MESSAGE(report.ok, report.text);
    CHECK(report.checked >= 56);
  }
}

TEST_CASE("terms on numbers of one's own: what Python prints, value and gradient") {
  // what another program computed for two images and two latents, row by row
  dis::PosteriorArrays const posterior{.mean = dis::host_matrix({{0.5, -1.0}, {2.0, 0.25}}),
                                       .log_variance = dis::host_matrix({{-0.5, 0.0}, {-2.0, -1.0}})};
  auto const kl = dis::value_and_gradient(dis::regularizer::Kl{}, posterior);
  // >>> m, v = np.array([[0.5, -1], [2, 0.25]]), np.array([[-0.5, 0], [-2, -1]])
  // >>> print("%.6f" % (0.5 * (m**2 + np.exp(v) - 1 - v)).sum(1).mean())
  CHECK(text(kl.value) == "1.730561");
  // >>> print(0.5 * (np.exp(v) - 1) / len(v))
  CHECK(text(kl.gradient("log_variance")[0]) == "-0.098367");
  CHECK(kl.gradient("mean")[2] == 1.0);

  auto const own = dis::value_and_gradient(OrthogonalMeans{}, posterior);
  // >>> print("%.6f" % (0.1 * 2 * np.cov(m.T, bias=True)[0, 1] ** 2))
  CHECK(text(own.value) == "0.043945");

  // a policy on a step: images in, the gradients of images and of every parameter out
  dis::HostArray<2> const images = dis::random_array(dis::Extents<2>{8, 16}, 1, 0, 1);
  auto const mmd = dis::value_and_gradient(dis::contrast::PriorMmd{}, {.images = images});
  CHECK(mmd.gradient("images").size() == 8 * 16);
  CHECK(mmd.gradient("encoder.1.weight").size() == 16 * 6);

  // the same numbers by plain loops
  auto const &m = posterior.mean.values, &v = posterior.log_variance.values;
  double plain = 0;
  for (std::size_t i = 0; i < 4; ++i) plain += 0.5 * (m[i] * m[i] + std::exp(v[i]) - 1 - v[i]) / 2;
  CHECK(text(plain) == text(kl.value));
  CHECK(text(0.5 * (std::exp(v[0]) - 1) / 2) == text(kl.gradient("log_variance")[0]));
  double const covariance = ((m[0] - 1.25) * (m[1] + 0.375) + (m[2] - 1.25) * (m[3] + 0.375)) / 2;
  CHECK(text(0.1 * 2 * covariance * covariance) == text(own.value));
}

TEST_CASE("terms: train in a method, appear by name, are set by name") {
  MyVae method;
  dis::set(method, "OrthogonalMeans.weight", "0.5");
  CHECK(method.get<OrthogonalMeans>().weight == 0.5);
  CHECK(dis::describe(method).find("Regularizer: OrthogonalMeans {weight = 0.5}") != std::string::npos);
  auto const [first, last] = trained(method, 2, 5);
  CHECK(first >= 0);
  CHECK(last >= 0);

  auto const capacity = trained(dis::With<dis::method::Vae, dis::Regularizer<Capacity>>{}, 1, 5);
  CHECK(capacity.first >= 0);
  // s starts at 0, where the term is the plain KL
  auto const learnt = trained(dis::With<dis::method::Vae, dis::Regularizer<LearntWeights>>{}, 1, 1);
  auto const plain = trained(dis::method::Vae{}, 1, 1);
  CHECK(learnt.first == doctest::Approx(plain.first));
}

TEST_CASE("a likelihood and an optimiser of one's own lower the reconstruction error") {
  using Robust = dis::With<dis::method::Vae, dis::Reconstruction<Charbonnier>, dis::Optimizer<SignDescent>>;
  auto const [first, last] = trained(Robust{}, 0);
  CHECK(last < first);
}

TEST_CASE("a prior of one's own: KL against numerical integration") {
  using B = dis::backend::BasicCpu<double>;
  dis::Tape<B> tape(B(1));
  double const head[] = {0.3, -0.8};  // mean, log_variance
  auto const q =
      WideNormal{.width = 1.5}.posterior(tape.constant(dis::Extents<2>{1, 2}, head), dis::Philox{});
  double const h = 1e-3;
  double kl = 0;
  for (double z = -15; z < 15; z += h) {
    auto const log_normal = [](double x, double mean, double variance) {
      return -0.5 * (std::log(2 * std::numbers::pi * variance) + (x - mean) * (x - mean) / variance);
    };
    double const log_q = log_normal(z, head[0], std::exp(head[1]));
    kl += h * std::exp(log_q) * (log_q - log_normal(z, 0, 1.5 * 1.5));
  }
  CHECK(*q.kl.value == doctest::Approx(kl).epsilon(1e-6));
  auto const [first, last] = trained(dis::With<dis::method::Vae, dis::Prior<WideNormal>>{}, 0);
  CHECK(last < first);
}

TEST_CASE("networks of one's own train") {
  auto const [first, last] = trained(SmallVae{}, 0);
  CHECK(last < first);
}

TEST_CASE("a policy with its own network: both optimisers move, the discriminator only by its own") {
  auto const data = dis::data::dsprites();
  dis::Model model{AdversarialAutoEncoder{}, dis::backend::Cpu(1), data.image_shape(), dis::seed(0)};
  auto const values = [&](std::string const& prefix) {
    std::vector<float> all;
    model.for_each_tensor([&](std::string const& name, auto const& extents, float* p) {
      std::size_t n = 1;
      for (auto const extent : extents) n *= static_cast<std::size_t>(extent);
      if (name.starts_with(prefix)) all.insert(all.end(), p, p + n);
    });
    return all;
  };
  auto const encoder = values("encoder."), discriminator = values("discriminator.layer.");
  CHECK(discriminator.size() == 10 * 100 + 100 + 100 * 100 + 100 + 100 + 1);
  dis::train(model, data, {.steps = 3, .batch_size = 16});
  CHECK(values("encoder.") != encoder);
  CHECK(values("discriminator.layer.") != discriminator);
  CHECK(model.counters() == std::vector<long>{3, 3});
}

TEST_CASE("a data set of one's own trains") {
  Ramps const data;
  dis::Model model{SmallVae{}, dis::backend::Cpu(1), data.image_shape(), dis::seed(0)};
  double first = 0, last = 0;
  dis::train(model, data, {.steps = 30, .batch_size = 20},
             [&](auto&, auto const& report) { (report.step == 1 ? first : last) = report.loss; });
  CHECK(last < first);
}

TEST_CASE("a metric of one's own on arrays") {
  std::vector<double> codes;
  std::vector<int> factors;
  for (int i = 0; i < 100; ++i) {
    codes.insert(codes.end(), {i % 10 / 10.0, 0.001 * i, 3.0});
    factors.push_back(i % 10);
  }
  dis::metric::ArraySource const source(dis::MatrixView<double const>{codes.data(), 100, 3},
                                        dis::MatrixView<int const>{factors.data(), 100, 1});
  auto const score = ActiveUnits{}(source, dis::seed(0));
  CHECK(score.value == 1);
  CHECK(score.table("variance")(0, 0) == doctest::Approx(0.0825).epsilon(0.05));
}
