// SPDX-License-Identifier: Apache-2.0
// DisCo's contrast: value against plain loops, gradient, what is refused, and that H learns to tell
// variations apart.
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/contrast/variation_contrast.hpp>

#include "tests/support/generator_step.hpp"

using namespace disentangle;
using namespace disentangle::contrast;
using Image = ImageShape<2, 3, 1>;
using Double = backend::BasicCpu<double>;
constexpr int latent = 4;
using Term = VariationContrast<test::DenseTrunk<6, nn::Tanh>, 5>;

static_assert(step_policy<VariationContrast<>>);

namespace {

using Rows = std::vector<std::vector<double>>;
double dot(std::vector<double> const& a, std::vector<double> const& b) {
  double total = 0;
  for (std::size_t k = 0; k < a.size(); ++k) total += a[k] * b[k];
  return total;
}

/// The term by plain loops; the target dimension and the negatives' are found from what changed. `fixed`, if
/// it has rows, are the variations of the negatives; else they are made, and left there.
template <class Step>
double reference(Step& step, Rows& fixed) {
  auto const& how = step.policy();
  auto& seen = step.fresh_view();
  RecordingOff<Double> const guard(seen.tape());
  Philox const random = seen.random("variation.dimensions");
  auto const target = static_cast<int>(random.integer(0, latent));
  auto const variations = [&](int rows, bool of_target, char const* codes, char const* change) {
    auto const c = seen.codes(rows, codes), moved = seen.redraw(c, how.perturbation.minimum, change);
    Rows result;
    for (int r = 0; r < rows; ++r) {
      int const away = 1 + static_cast<int>(random.integer(static_cast<std::uint64_t>(r + 1), latent - 1));
      int const which = of_target ? target : (target + away) % latent;
      std::vector<double> changed(c.value + r * latent, c.value + (r + 1) * latent);
      changed[static_cast<std::size_t>(which)] = moved.value[r * latent + which];
      auto const v = seen.state()(seen.generate(slice(c, axis<0>, r, r + 1)),
                                  seen.generate(seen.tape().constant(Extents<2>{1, latent}, changed.data())),
                                  how.trains);
      std::vector<double> row(v.value, v.value + v.size());
      for (double& x : row) x = std::abs(x);
      double const length = std::sqrt(dot(row, row));
      for (double& x : row) x /= length;
      result.push_back(row);
    }
    return result;
  };
  auto const own = variations(how.queries + how.positives, true, "variation.codes", "variation.change");
  if (fixed.empty())
    fixed = variations(how.negatives, false, "variation.other_codes", "variation.other_change");
  Rows const& others = fixed;
  double bce = 0, entropy = 0;
  for (int q = 0; q < how.queries; ++q) {
    auto const& query = own[static_cast<std::size_t>(q)];
    for (int p = 0; p < how.positives; ++p) {
      bce -= std::log(1 / (1 + std::exp(-dot(query, own[static_cast<std::size_t>(how.queries + p)]))));
    }
    for (auto const& other : others) {
      double const l = dot(query, other), share = 1 / (1 + std::exp(-l)), label = l > how.flip ? l : 0;
      bce -= label * std::log(share) + (1 - label) * std::log(1 - share);
    }
    double all = 0;
    for (double x : query) all += std::exp(x);
    for (double x : query) entropy -= std::exp(x) / all * std::log(std::exp(x) / all);
  }
  return how.weight *
         (bce / (how.queries * (how.positives + how.negatives)) + how.entropy * entropy / how.queries);
}

}  // namespace

TEST_CASE("value; with a low flip many negatives are relabelled") {
  for (double const flip : {0.95, 0.3}) {
    test::GeneratorStep<Double, Term, latent, Image> step(
        {.weight = 0.8, .queries = 3, .positives = 2, .negatives = 4, .entropy = 0.6, .flip = flip}, 5);
    Rows others;
    CHECK(step.value() == doctest::Approx(reference(step, others)).epsilon(1e-9));
  }
}

TEST_CASE("the gradient is that of the value with the negatives held, for H and for the generator") {
  test::GeneratorStep<Double, Term, latent, Image> step(
      {.queries = 3, .positives = 2, .negatives = 4, .entropy = 0.6, .flip = 2}, 5);
  Rows others;
  reference(step, others);
  int compared = 0, moved = 0;
  for (auto const& gradient : step.value_and_gradient().gradients) {
    if (gradient.name == "images") continue;
    auto weights = step.parameter(gradient.name);
    for (std::size_t i = 0; i < weights.size(); i += 3) {
      double const kept = weights[i], derived = gradient.values[i], h = 1e-5;
      auto const at = [&](double weight) {
        weights[i] = weight;
        step.set_parameter(gradient.name, weights);
        return reference(step, others);
      };
      double const above = at(kept + h), below = at(kept - h);
      at(kept);
      CHECK((above - below) / (2 * h) == doctest::Approx(derived).epsilon(1e-5).scale(1e-2));
      ++compared;
      moved += std::abs(derived) > 1e-4;
    }
  }
  CHECK(compared > 40);
  CHECK(moved > compared / 4);
}

TEST_CASE("no queries, positives or negatives are refused in words") {
  test::GeneratorStep<Double, Term, latent, Image> step({.negatives = 0}, 5);
  CHECK_THROWS_WITH_AS(static_cast<void>(step.value()),
                       "VariationContrast: found 32 queries, 32 positives, 0 negatives and 4 latents, "
                       "expected at least one of "
                       "each and two latents",
                       ValueError);
}

TEST_CASE("on a linear generator H learns to tell variations of one dimension from those of others") {
  test::GeneratorStep<backend::Cpu, VariationContrast<test::DenseTrunk<48>, 8>, latent, Image> step(
      {}, 8, {.held = {"decoder."}, .seed = 3});
  auto const accuracy = [&] {
    double mean = 0;
    for (int i = 0; i < 20; ++i) {
      step.go_to(step.number() + 1);
      static_cast<void>(step.value());
      mean += step.measured()[0] / 20;
    }
    return mean;
  };
  double const before = accuracy();
  for (int i = 0; i < 800; ++i) step.train(optim::Adam{.learning_rate = 1e-2});
  double const after = accuracy();
  CHECK(after > before + 0.05);
  CHECK(after > 0.9);
}
