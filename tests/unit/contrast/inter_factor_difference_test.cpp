// SPDX-License-Identifier: Apache-2.0
// The contrastive-difference term: its value against plain loops for every option, its gradient in double,
// what it trains.
#include <cmath>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/contrast/inter_factor_difference.hpp>

#include "tests/support/generator_step.hpp"

using namespace disentangle;
using namespace disentangle::contrast;
using Image = ImageShape<2, 3, 2>;
using Trunk = test::DenseTrunk<6, nn::Tanh>;
using Double = backend::BasicCpu<double>;
constexpr int latent = 4;
constexpr std::ptrdiff_t batch = 5;

template <class Pair>
using Term = InterFactorDifference<Trunk, Pair>;
template <class Pair>
using Step = test::GeneratorStep<Double, Term<Pair>, latent, Image>;

static_assert(step_policy<InterFactorDifference<>>);
static_assert(step_policy<InterFactorDifference<encoder::InfoGanConv<>, SiamesePair, 3>>);

namespace {

std::vector<double> host(Variable<Double, 2> const& v) {
  auto const whole = reshape(v, v.extents);
  return {whole.value, whole.value + whole.size()};
}

/// The term by plain loops, from codes to the loss; H and G are applied to one pair at a time.
template <class S>
double reference(S& step) {
  auto& how = step.policy();
  auto& seen = step.fresh_view();
  RecordingOff<Double> const guard(seen.tape());
  auto const [i, j] =
      contrast::detail::choose_dimensions(seen.tape(), batch, latent, seen.random("difference.dimensions"));
  auto const c = seen.own_codes(),
             c1 = contrast::detail::perturbed(seen, c, i, how.perturbation, "difference.first"),
             c2 = contrast::detail::perturbed(seen, c, j, how.perturbation, "difference.second"),
             other = seen.codes(batch, "difference.other"),
             other1 = contrast::detail::perturbed(seen, other, i, how.perturbation, "difference.other_first");
  auto const differences = [&](auto const& a, auto const& b) {
    std::vector<std::vector<double>> rows;
    for (std::ptrdiff_t r = 0; r < batch; ++r) {
      auto const one = [&](auto const& codes) { return seen.generate(slice(codes, axis<0>, r, r + 1)); };
      auto v = host(seen.state()(one(a), one(b), how.trains));
      double length = 0;
      for (double x : v) length += x * x;
      for (double& x : v) {
        if (how.bound == DifferenceBound::unit_length) x /= std::sqrt(length);
        if (how.bound == DifferenceBound::tanh) x = std::tanh(x);
      }
      rows.push_back(v);
    }
    return rows;
  };
  auto const v1 = differences(c, c1), v2 = differences(c, c2), plus = differences(other, other1);
  auto const squared = [](auto const& a, auto const& b) {
    double total = 0;
    for (std::size_t k = 0; k < a.size(); ++k) total += (a[k] - b[k]) * (a[k] - b[k]);
    return total;
  };
  double loss = 0;
  if (how.form == DifferenceForm::contrastive) {
    auto v = v1;
    v.insert(v.end(), v2.begin(), v2.end());
    if (how.pull != 0) v.insert(v.end(), plus.begin(), plus.end());
    std::vector<int> dimension;
    for (int part = 0; part < 3; ++part) {
      auto const mask = host(part == 1 ? j : i);
      for (std::ptrdiff_t r = 0; r < batch; ++r) {
        for (int k = 0; k < latent; ++k) {
          if (mask[static_cast<std::size_t>(r * latent + k)] == 1) dimension.push_back(k);
        }
      }
    }
    int rows = 0;
    for (std::size_t a = 0; a < v.size(); ++a) {
      auto const similarity = [&](std::size_t b) {
        double total = 0;
        for (std::size_t k = 0; k < v[a].size(); ++k) total += v[a][k] * v[b][k];
        return total / how.temperature;
      };
      double all = 0, of_row = 0;
      int partners = 0;
      for (std::size_t b = 0; b < v.size(); ++b) all += b == a ? 0 : std::exp(similarity(b));
      for (std::size_t b = 0; b < v.size(); ++b) {
        if (b == a || dimension[b] != dimension[a]) continue;
        of_row += similarity(b) - std::log(all);
        ++partners;
      }
      if (partners > 0) {
        loss -= of_row / partners;
        ++rows;
      }
    }
    loss /= rows;
  } else {
    for (std::size_t r = 0; r < v1.size(); ++r) {
      double const d = squared(v1[r], v2[r]);
      loss -= (how.form == DifferenceForm::distance ? std::sqrt(d) : d) / batch;
    }
  }
  if (how.pull != 0) {
    for (std::size_t r = 0; r < v1.size(); ++r) loss += how.pull * squared(v1[r], plus[r]) / batch;
  }
  return how.weight * loss;
}

template <class Pair>
void check(Term<Pair> const& term) {
  Step<Pair> step(term, batch);
  CHECK(step.value() == doctest::Approx(reference(step)).epsilon(1e-9));
  auto const report = step.check();
  CHECK_MESSAGE(report.ok, report.text);
}

}  // namespace

TEST_CASE("values against plain loops, and gradients for H and the generator") {
  using enum DifferenceForm;
  using enum DifferenceBound;
  SUBCASE("the formula of the sources, read literally") {
    check<ChannelPair>({.weight = 0.7, .bound = none});
  }
  SUBCASE("bounded") { check<ChannelPair>({.weight = 0.7}); }
  SUBCASE("the distance itself") { check<ChannelPair>({.form = distance}); }
  SUBCASE("tanh") { check<ChannelPair>({.form = distance, .bound = DifferenceBound::tanh}); }
  SUBCASE("push and pull, Siamese") { check<SiamesePair>({.pull = 1}); }
  SUBCASE("supervised-contrastive, subtracted images") {
    check<SubtractedPair>({.form = contrastive, .temperature = 0.3});
  }
  SUBCASE("supervised-contrastive with a pull, additive changes") {
    check<SubtractedPair>({.form = contrastive,
                           .pull = 0.5,
                           .perturbation = {.law = PerturbationLaw::additive, .minimum = 0.3}});
  }
}

TEST_CASE("which networks it trains") {
  using enum TrainsNetworks;
  auto const moved = [](TrainsNetworks trains) {
    Step<ChannelPair> step({.trains = trains}, batch);
    test::Trained const trained(step);
    return std::pair{trained.others, trained.generator};
  };
  CHECK(moved(generator_and_difference_encoder) == std::pair{true, true});
  CHECK(moved(difference_encoder) == std::pair{true, false});
  CHECK(moved(generator) == std::pair{false, true});
}

TEST_CASE("one latent is refused in words") {
  test::GeneratorStep<Double, Term<SubtractedPair>, 1, Image> step({}, batch);
  CHECK_THROWS_WITH_AS(static_cast<void>(step.value()),
                       "perturbed dimensions: found codes of 1 latent, expected two or more", ShapeError);
}

TEST_CASE("channels are those of both images, pixel by pixel") {
  Tape<Double> tape{Double(1)};
  std::vector<double> x(Image::size), y(Image::size);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = static_cast<double>(i);
    y[i] = 100 + x[i];
  }
  Extents<2> const extents{1, static_cast<std::ptrdiff_t>(Image::size)};
  auto const echo = [](auto const& v, nn::Mode) { return materialise(1.0 * v); };
  auto const pair = host(ChannelPair::difference<Image>(echo, tape.constant(extents, x.data()),
                                                        tape.constant(extents, y.data()), {}));
  CHECK(std::vector<double>(pair.begin(), pair.begin() + 8) ==
        std::vector<double>{0, 1, 100, 101, 2, 3, 102, 103});
  CHECK(pair.size() == 2 * x.size());
}
