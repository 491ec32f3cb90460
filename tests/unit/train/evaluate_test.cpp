// SPDX-License-Identifier: Apache-2.0
#include <disentangle/train/evaluate_by_name.hpp>

#include <disentangle/data/subset.hpp>
#include <disentangle/metric/protocol.hpp>
#include <disentangle/train/train.hpp>

#include <tests/support/tiny.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <tuple>

namespace dis = disentangle;
namespace metric = disentangle::metric;
using namespace test_support;

namespace {

/// Codes blocks by their factors: latent 0 is y, latent 1 brightness, latent 2 x. Counts what it encodes.
struct Exact {
  using image_shape_type = Blocks::image_shape_type;
  static constexpr std::size_t latent_size = 3;
  std::size_t encoded = 0;
  void encode(std::span<float const> images, std::span<float> mean, std::span<float> log_variance) {
    CHECK(log_variance.empty());
    for (std::size_t i = 0; i * 64 < images.size(); ++i, ++encoded) {
      auto const image = images.subspan(i * 64, 64);
      auto const at = static_cast<std::size_t>(
          std::find_if(image.begin(), image.end(), [](float p) { return p > 0; }) - image.begin());
      mean[i * 3] = static_cast<float>(at / 8);
      mean[i * 3 + 1] = 4 * image[at];
      mean[i * 3 + 2] = static_cast<float>(at % 8);
    }
  }
};

/// Blocks of which some have no label of x.
struct Unlabelled : Blocks {
  int index(std::span<int const>) const = delete;
  void labels(std::span<std::size_t const> indices, std::span<int> out) const {
    Blocks::labels(indices, out);
    for (std::size_t i = 0; i < indices.size(); ++i) {
      if (indices[i] % 2 == 0) out[i * 3 + 1] = -1;
    }
  }
};
static_assert(!dis::data::factor_grid<Unlabelled>);

struct NoFactors : Blocks {
  std::vector<dis::Factor> none{};
  int index(std::span<int const>) const = delete;
  std::vector<dis::Factor> const& factors() const { return none; }
  void labels(std::span<std::size_t const>, std::span<int>) const {}
};

constexpr metric::FactorVae small_factor_vae{.num_train = 200, .num_eval = 100, .num_variance_estimate = 100};
constexpr metric::BetaVae small_beta_vae{.batch_size = 16, .num_train = 200, .num_eval = 100};

}  // namespace

TEST_CASE("perfect codes on a grid score 1, and every image is encoded once") {
  Exact model;
  auto const scores = dis::evaluate(model, Blocks{}, {}, metric::Mig{},
                                    metric::Dci{.num_train = 500, .num_test = 200, .rounds = 10},
                                    small_factor_vae, small_beta_vae);
  REQUIRE(scores.size() == 4);
  CHECK(scores[0].metric == "mig");
  CHECK(scores[0].value == doctest::Approx(1).epsilon(0.01));
  CHECK(scores[0].factor_names == std::vector<std::string>{"brightness", "x", "y"});
  CHECK(scores[1].value > 0.95);
  CHECK(scores[2].value == 1);
  CHECK(scores[3].value == 1);
  CHECK(model.encoded == 32);
  CHECK(scores[0].settings.back() == std::pair<std::string, double>{"seed", 0});
  CHECK(scores[0].choices.back() == std::pair<std::string, std::string>{"representation", "posterior mean"});
}

TEST_CASE("a protocol is its metrics with its settings, in its order") {
  Exact model;
  dis::EvaluateOptions const options{.seed = 3};
  auto const scores =
      dis::evaluate(model, Blocks{}, options, std::tuple{metric::Mig{.bins = 7}, metric::Modularity{}});
  auto const same = dis::evaluate(model, Blocks{}, options, metric::Mig{.bins = 7}, metric::Modularity{});
  REQUIRE(scores.size() == 2);
  CHECK(scores[0].value == same[0].value);
  CHECK(scores[0].settings == same[0].settings);
  CHECK(scores[1].metric == "modularity");
  std::vector<std::string> names;
  std::apply([&](auto const&... m) { (names.emplace_back(m.name), ...); }, metric::ip_irm_protocol());
  CHECK(names == std::vector<std::string>{"dci", "irs", "modularity", "explicitness",
                                          "downstream_logistic_regression", "downstream_trees",
                                          "nearest_neighbours", "linear_probe"});
  CHECK(std::get<5>(metric::ip_irm_protocol()).train_sizes == std::vector<std::size_t>{10'000});
  CHECK(std::get<6>(metric::ip_irm_protocol(0.2)).temperature == 0.2);
}

TEST_CASE("metrics of posteriors take means and deviations of random images, by value and by name") {
  auto model = tiny_model(TinyVae{});
  dis::train(model, Blocks{}, {.steps = 20, .batch_size = 8});
  dis::EncodedData encoded(model, Blocks{});
  std::vector<std::size_t> const images = encoded.labelled_images(0, dis::seed(5), "evaluate/posteriors");
  auto const q = encoded.posteriors(images);
  CHECK(q.means.rows == 32);
  std::vector<float> image(64), mean(q.means.columns), log_variance(q.means.columns);
  Blocks{}.images(std::span(images).subspan(7, 1), image);
  model.encode(image, mean, log_variance);
  for (std::size_t l = 0; l < mean.size(); ++l) {
    CHECK(q.means(7, l) == doctest::Approx(static_cast<double>(mean[l])).epsilon(1e-5));
    CHECK(q.deviations(7, l) ==
          doctest::Approx(std::exp(static_cast<double>(log_variance[l]) / 2)).epsilon(1e-5));
  }
  metric::Rmig const rmig{.num_samples = 50};
  auto const scores =
      dis::evaluate(model, Blocks{}, {.seed = 5}, rmig, metric::ChenMig{}, metric::Wsepin{.num_samples = 50});
  CHECK(scores[0].value == rmig(q.means, q.deviations, encoded.labels(images)).value);
  CHECK(scores[0].factor_names.size() == 3);
  CHECK(scores[1].value == metric::ChenMig{}(q.means, q.deviations, encoded.labels(images)).value);
  CHECK(scores[2].value == metric::Wsepin{.num_samples = 50}(q.means, q.deviations).value);
  auto const named = dis::evaluate(model, Blocks{}, {"chen_mig", "rmig:clarken92_quantised"}, {.seed = 5});
  CHECK(named[0].value == scores[1].value);
  CHECK(named[1].definition == "clarken92_quantised");
  auto const fewer = dis::evaluate(model, Blocks{}, {.posterior_rows = 20}, rmig);
  CHECK(fewer[0].settings[0] == std::pair<std::string, double>{"rows", 20});
}

TEST_CASE("metrics of posteriors refuse a model whose codes are points") {
  struct Points : Exact {
    void encode(std::span<float const> images, std::span<float> mean, std::span<float> log_variance) {
      Exact::encode(images, mean, {});
      std::fill(log_variance.begin(), log_variance.end(), 0.0f);
    }
  } model;
  CHECK_THROWS_WITH_AS(dis::evaluate<metric::Rmig>(model, Blocks{}),
                       "blocks: the model's codes are points (all log variances are 0), expected a posterior",
                       dis::ValueError);
}

TEST_CASE("types, values and names give the same scores, a seed the same, another seed others") {
  auto model = tiny_model(TinyVae{});
  dis::train(model, Blocks{}, {.steps = 50, .batch_size = 8});
  Blocks const data;
  auto const by_type = dis::evaluate<metric::Mig, metric::Sap>(model, data);
  auto const by_value = dis::evaluate(model, data, {}, metric::Mig{}, metric::Sap{});
  auto const by_name = dis::evaluate(model, data, {"mig", "sap"});
  REQUIRE(by_type.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(by_value[i].value == by_type[i].value);
    CHECK(by_name[i].value == by_type[i].value);
    CHECK(by_name[i].metric == by_type[i].metric);
  }
  auto const other = dis::evaluate<metric::Mig, metric::Sap>(model, data, {.seed = 1});
  CHECK(other[0].value != by_type[0].value);
  CHECK(other[0].value == doctest::Approx(by_type[0].value).epsilon(0.2));
  CHECK(dis::evaluate(model, data, {.seed = 3}, small_factor_vae)[0].value ==
        dis::evaluate(model, data, {.seed = 3, .threads = 1}, small_factor_vae)[0].value);
}

TEST_CASE("metrics of batches draw from a pool of images, or from all") {
  Exact model;
  Blocks const data;
  auto const pooled = dis::evaluate(model, data, {.pool = 24}, small_factor_vae);
  CHECK(model.encoded == 24);
  CHECK(pooled[0].settings[pooled[0].settings.size() - 2] == std::pair<std::string, double>{"pool", 24});
  CHECK(pooled[0].value == 1);
  auto const all = dis::evaluate(model, data, {.pool = 0}, small_factor_vae);
  CHECK(model.encoded == 24 + 32);
  for (auto const& [name, value] : all[0].settings) CHECK(name != "pool");
  // The whole grid is disentanglement_lib's protocol: what the metric gives on a source of all combinations.
  auto const encode = [](dis::MatrixView<int const> factors, dis::MatrixView<double> codes) {
    for (std::size_t i = 0; i < factors.rows; ++i) {
      codes(i, 0) = 2 * factors(i, 2);
      codes(i, 1) = factors(i, 0) == 0 ? 2 : 4;
      codes(i, 2) = 2 * factors(i, 1);
    }
  };
  metric::Score const direct =
      small_factor_vae(metric::FunctionSource(data.factors(), 3, encode), dis::seed(0));
  CHECK(all[0].table("train_votes").values == direct.table("train_votes").values);
  CHECK(all[0].table("eval_votes").values == direct.table("eval_votes").values);
}

TEST_CASE(
    "a data set that is no grid: different images, training and test rows apart, unlabelled ones left out") {
  Exact model;
  Unlabelled const data;
  auto const scores =
      dis::evaluate(model, data, {}, metric::Mig{}, metric::Dci{.rounds = 10}, small_factor_vae);
  CHECK(model.encoded == 16);
  CHECK(scores[0].settings[0] == std::pair<std::string, double>{"rows", 16});
  CHECK(scores[1].settings[0] == std::pair<std::string, double>{"train_rows", 10});
  CHECK(scores[1].settings[1] == std::pair<std::string, double>{"test_rows", 6});
  CHECK(scores[1].factor_names[1] == "x");
  CHECK(scores[2].value == 1);
  auto const part = dis::data::random_subset(Blocks{}, 20, dis::seed(1));
  Exact fresh;
  CHECK(dis::evaluate<metric::Mig>(fresh, part)[0].value > 0.5);
  CHECK(fresh.encoded == 20);
}

TEST_CASE("what cannot be scored is an error in words") {
  Exact model;
  CHECK_THROWS_WITH_AS(dis::evaluate<metric::Mig>(model, NoFactors{}), doctest::Contains("found no factors"),
                       dis::ValueError);
  CHECK_THROWS_WITH_AS(
      dis::evaluate(model, Blocks{}, {"mig", "migg"}),
      doctest::Contains("no metric 'migg'; there are: mig, dci, sap, factor_vae, beta_vae, "),
      dis::ValueError);
}

TEST_CASE("chance: codes of other images, where it is asked for and the metric does not know it") {
  Exact model;
  auto const scores =
      dis::evaluate(model, Blocks{}, {.chance_permutations = 2}, metric::Mig{.num_train = 2000},
                    small_factor_vae, metric::GaussianTotalCorrelation{});
  CHECK(scores[0].value > 0.9);
  REQUIRE(scores[0].chance.has_value());
  CHECK(*scores[0].chance < 0.5);
  CHECK(scores[0].settings.back() == std::pair<std::string, double>("chance_permutations", 2));
  CHECK(scores[1].chance.has_value());  // of its own: the share of the most frequent factor
  CHECK(scores[1].settings.back().first != "chance_permutations");
  CHECK_FALSE(scores[2].chance.has_value());  // sees no labels
  CHECK(
      scores[0].warnings ==
      std::vector<std::string>{"32 rows to draw from: with fewer than 100 codes that know nothing may score "
                               "high"});
  auto const plain = dis::evaluate(model, Blocks{}, {}, metric::Mig{.num_train = 2000});
  CHECK(plain[0].value == scores[0].value);
  CHECK_FALSE(plain[0].chance.has_value());
}
