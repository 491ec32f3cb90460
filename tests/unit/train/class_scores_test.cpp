// SPDX-License-Identifier: Apache-2.0
// class_codes, generate and class_scores on models whose answers are known: images are a class and a style.
#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/prior/class_mixture.hpp>
#include <disentangle/prior/gumbel_softmax.hpp>
#include <disentangle/train/class_scores.hpp>

using namespace disentangle;

namespace {

/// 600 images of two pixels: class / 4 and a style in [0, 1). Some have no label.
struct Pairs {
  using image_shape_type = ImageShape<1, 2, 1>;
  std::vector<Factor> list{{"class", 3}};
  int missing = 0;  // every so many-th label; 0: none
  image_shape_type image_shape() const { return {}; }
  std::string name() const { return "pairs"; }
  std::size_t size() const { return 600; }
  std::vector<Factor> const& factors() const { return list; }
  void images(std::span<std::size_t const> indices, std::span<float> out) const {
    for (std::size_t i = 0; i < indices.size(); ++i) {
      out[2 * i] = static_cast<float>(indices[i] % 3) / 4;
      out[2 * i + 1] = Philox{1, 2, 3}.uniform(indices[i]);
    }
  }
  void labels(std::span<std::size_t const> indices, std::span<int> out) const {
    for (std::size_t i = 0; i < indices.size(); ++i) {
      bool const gone = missing != 0 && indices[i] % static_cast<std::size_t>(missing) == 0;
      out[i] = gone ? -1 : static_cast<int>(indices[i] % 3);
    }
  }
};

/// z_0 is the style, z_1 what `leaks` says of the class; u sits at the class's component; q(c|x) is right but
/// for class 2.
template <class Prior>
struct Oracle {
  static constexpr std::size_t class_values = 3, latent_size = Prior::classes::total == 3 ? 4 : 0;
  using image_shape_type = ImageShape<1, 2, 1>;
  struct Bound {
    Prior prior{};
    template <Role>
    Prior const& get() const {
      return prior;
    }
  } bound{};
  struct Memory {
    void download(float const* from, float* to, std::size_t n) const { std::copy_n(from, n, to); }
  };
  float leaks = 0;
  bool calls_two_one = false;
  float mean[6] = {-5, 0, 0, 0, 5, 1}, rho[6] = {};
  std::vector<float> asked{};

  Bound const& method() const { return bound; }
  Memory backend() const { return {}; }
  template <class Visitor>
  void for_each_tensor(Visitor&& visit) {
    visit(std::string("prior.mean"), std::vector<std::ptrdiff_t>{3, 2}, mean);
    visit(std::string("prior.rho"), std::vector<std::ptrdiff_t>{3, 2}, rho);
  }
  void encode(std::span<float const> images, std::span<float> means, std::span<float> log_variances) const {
    for (std::size_t i = 0; i < images.size() / 2; ++i) {
      auto const k = static_cast<std::size_t>(4 * images[2 * i]);
      means[4 * i] = images[2 * i + 1];
      means[4 * i + 1] = leaks * static_cast<float>(k);
      means[4 * i + 2] = mean[2 * k] + 0.1f;
      means[4 * i + 3] = mean[2 * k + 1];
    }
    std::fill(log_variances.begin(), log_variances.end(), 0.0f);
  }
  void classify(std::span<float const> images, std::span<float> q) const {
    for (std::size_t i = 0; i < images.size() / 2; ++i) {
      auto k = static_cast<std::size_t>(4 * images[2 * i]);
      if (calls_two_one && k == 2) k = 1;
      for (std::size_t j = 0; j < 3; ++j) q[3 * i + j] = j == k ? 0.8f : 0.1f;
    }
  }
  void decode(std::span<float const> codes, std::span<float> images) {
    asked.assign(codes.begin(), codes.end());
    std::fill(images.begin(), images.end(), 0.5f);
  }
};
using Parted = Oracle<prior::ClassMixture<prior::PartedCode<2, 2, 3>>>;
using Joint = Oracle<prior::GumbelSoftmax<3>>;

}  // namespace

TEST_CASE("a model that knows classes and leaks nothing into z") {
  Parted model;
  auto const scores = class_scores(model, Pairs{}, {.threads = 1});
  CHECK(scores.images == 600);
  CHECK(scores.accuracy == 1);
  CHECK(scores.purity == 1);
  CHECK(scores.chance == doctest::Approx(1.0 / 3));
  CHECK(scores.leakage < 0.43);
  CHECK(scores.related_probe == 1);
}

TEST_CASE("what goes wrong is seen where it goes wrong") {
  Parted model;
  model.leaks = 1;
  CHECK(class_scores(model, Pairs{}, {.threads = 1}).leakage == 1);
  model.leaks = 0;
  model.calls_two_one = true;
  auto const scores = class_scores(model, Pairs{}, {.threads = 1});
  CHECK(scores.accuracy == doctest::Approx(2.0 / 3));
  CHECK(scores.purity == 1);          // u does not look at q(c|x)
  for (float& m : model.mean) m = 0;  // all components in one place
  CHECK(class_scores(model, Pairs{}, {.threads = 1}).purity == doctest::Approx(1.0 / 3));
}

TEST_CASE("by name they are scores as of any metric") {
  ClassScores const found{
      .accuracy = 0.5, .purity = 0.25, .leakage = 0.75, .related_probe = 1, .chance = 0.125, .images = 8};
  std::vector<double> values;
  for (std::string const& name : class_metric_names()) {
    auto const score = class_score(found, name, {.seed = 3});
    CHECK(score.metric == name);
    CHECK(score.lower_is_better == (name == "class_leakage"));
    CHECK(score.part("chance") == 0.125);
    CHECK(score.part(name) == score.value);
    CHECK(score.settings[0] == std::pair<std::string, double>("rows", 8));
    CHECK(score.settings[1] == std::pair<std::string, double>("seed", 3));
    values.push_back(score.value);
  }
  CHECK(values == std::vector{0.5, 0.25, 0.75});
  CHECK_THROWS_WITH_AS(
      class_score(found, "class_mig"),
      "no score of classes 'class_mig'; there are: class_accuracy, class_purity, class_leakage", ValueError);
}

TEST_CASE("images without a label are left out; factors that do not fit are named") {
  Parted model;
  CHECK(class_scores(model, Pairs{.missing = 4}, {.threads = 1}).images == 450);
  CHECK(class_scores(model, Pairs{}, {.images = 100, .threads = 1}).images == 100);
  CHECK_THROWS_WITH_AS(
      class_scores(model, Pairs{.list = {{"class", 4}}}, {}),
      "class_scores: found factor 'class' of 4 values, expected one of 3 values as class variable 0 has",
      ValueError);
  CHECK_THROWS_AS(class_scores(model, Pairs{}, {.factor = 1}), ValueError);
  CHECK_THROWS_AS(class_scores(model, Pairs{.missing = 1}, {}), ValueError);
}

TEST_CASE("codes of a class: its component, the same z for all classes; of JointVAE one-hot") {
  Parted model;
  auto const codes = class_codes(model);
  CHECK(codes.independent == 2);
  CHECK(codes.size() == 4);
  CHECK(codes.mean(0, 2)[0] == 5);
  CHECK(codes.deviation(0, 1)[0] == doctest::Approx(std::exp(-0.5)));
  std::size_t const zero[] = {0}, two[] = {2}, three[] = {3};
  CHECK(codes.middle(two) == std::vector<float>{0, 0, 5, 1});
  auto const a = codes.draw(zero, 7, 3), b = codes.draw(two, 7, 3);
  CHECK(a[0] == b[0]);
  CHECK(a[2] < b[2]);
  CHECK(codes.draw(two, 7, 3) == b);
  CHECK_THROWS_AS(codes.middle(three), ValueError);

  CHECK(generate(model, 1, 5, seed(2)).size() == 10);
  for (std::size_t i = 0; i < 5; ++i) CHECK(std::abs(model.asked[4 * i + 2]) < 3);
  CHECK_THROWS_AS(generate(model, 3, 1), ValueError);

  Joint joint;
  auto const one_hot = class_codes(joint);
  CHECK(one_hot.independent == 1);
  CHECK(one_hot.middle(two) == std::vector<float>{0, 0, 0, 1});
  CHECK(one_hot.draw(zero, 7, 3)[1] == 1);
}
