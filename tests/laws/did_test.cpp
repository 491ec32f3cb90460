// SPDX-License-Identifier: Apache-2.0
// What must hold of DiD's difference term whatever the networks: the self-checks of its specification, and
// its degeneracy. The literal squared form cannot tell n different directions from two opposite clusters; the
// unsquared form can.
#include <cmath>
#include <cstring>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/contrast/inter_factor_difference.hpp>
#include <disentangle/core/reflection.hpp>
#include <disentangle/nn/initialisation.hpp>

#include "tests/support/generator_step.hpp"

using namespace disentangle;
using namespace disentangle::contrast;

namespace {

constexpr int n = 10;
using Image = ImageShape<4, 4, 1>;
using Trunk = test::DenseTrunk<64>;
template <int Outputs = n>
using Term = InterFactorDifference<Trunk, SubtractedPair, Outputs>;
/// A generator that is a fixed linear map of the code to 16 pixels; H learns.
template <int Outputs = n>
using Toy = test::GeneratorStep<backend::Cpu, Term<Outputs>, n, Image>;
constexpr double bound = 2.0 * n / (n - 1);

double distance(std::vector<double> const& a, std::vector<double> const& b) {
  double total = 0;
  for (std::size_t k = 0; k < a.size(); ++k) total += (a[k] - b[k]) * (a[k] - b[k]);
  return std::sqrt(total);
}
/// The means over i != j of |v_i - v_j|^2 and of |v_i - v_j|.
std::pair<double, double> means(std::vector<std::vector<double>> const& v) {
  double squared = 0, plain = 0, pairs = 0;
  for (std::size_t i = 0; i < v.size(); ++i) {
    for (std::size_t j = 0; j < v.size(); ++j) {
      if (i == j) continue;
      double const d = distance(v[i], v[j]);
      squared += d * d;
      plain += d;
      ++pairs;
    }
  }
  return {squared / pairs, plain / pairs};
}
/// n unit vectors at equal angles: the corners of a regular simplex.
std::vector<std::vector<double>> simplex() {
  std::vector<std::vector<double>> v(n, std::vector<double>(n, -1.0 / n));
  for (std::size_t i = 0; i < n; ++i) {
    v[i][i] += 1;
    double const length = std::sqrt((1 - 1.0 / n) * (1 - 1.0 / n) + (n - 1) * 1.0 / n / n);
    for (double& x : v[i]) x /= length;
  }
  return v;
}
/// Half of the dimensions at +u, half at -u.
std::vector<std::vector<double>> two_clusters() {
  std::vector<std::vector<double>> v(n, std::vector<double>(n, 0.0));
  for (std::size_t i = 0; i < n; ++i) v[i][0] = i < n / 2 ? 1 : -1;
  return v;
}

struct Measured {
  double squared = 0, plain = 0, accuracy = 0;
};
/// The means of the measures over some batches of the step as it is.
template <class Step>
Measured measure(Step& step) {
  Measured sum{};
  constexpr int batches = 300;
  for (int i = 0; i < batches; ++i) {
    step.go_to(step.number() + 1);
    static_cast<void>(step.value());
    auto const measured = step.measured();
    sum.squared += measured[0] / batches;
    sum.plain += measured[2] / batches;
    sum.accuracy += measured[3] / batches;
  }
  return sum;
}
/// What the toys start from: a generator that is held, started as a parameter named "generator.0.weight".
StepArrays toy_start() {
  std::vector<double> weight(n * Image::size);
  nn::weight_initialiser(nn::Initialisation::he_normal, nn::LayerKind::dense, n, Image::size)(
      Philox{3, stream("generator.0.weight"), 0}, weight.data(), 0, weight.size());
  return {.parameters = {{"decoder.0.weight", weight}}, .held = {"decoder."}, .seed = 3};
}
/// Steps of H alone; the last one's loss.
template <class Step>
double train(Step& step, long steps) {
  double loss = 0;
  for (long i = 0; i < steps; ++i) {
    long const number = step.number() + 1;
    step.go_to(number);
    loss = step.train(optim::Adam{.learning_rate = 3e-3});
    step.go_to(number);
  }
  return loss;
}
template <int Outputs = n>
Measured trained(Term<Outputs> term, long steps = 1500) {
  Toy<Outputs> toy(term, 64, toy_start());
  train(toy, steps);
  auto const found = measure(toy);
  // docs/methods/did.md has these lines as a table
  MESSAGE(Outputs << " numbers, " << enumerator_name(term.form) << ", pull " << term.pull
                  << ": squared distance " << found.squared << ", distance " << found.plain << ", accuracy "
                  << found.accuracy);
  return found;
}

}  // namespace

TEST_CASE("(a) with unit vectors a pair scores within [-4, 0], whatever H and G") {
  for (std::uint64_t number = 0; number < 20; ++number) {
    Toy<> toy({}, 1, toy_start());  // batches of one pair
    toy.go_to(static_cast<long>(number));
    double const loss = toy.value();
    CHECK(loss <= 0);
    CHECK(loss >= -4);
    CHECK(toy.measured()[0] == doctest::Approx(-loss));
    CHECK(toy.measured()[1] == doctest::Approx(bound));
  }
}

TEST_CASE("the identity behind the bound: sum |v_i - v_j|^2 = 2 n^2 - 2 |sum v_i|^2 for unit vectors") {
  Philox const random{1, 2, 3};
  std::vector<std::vector<double>> v(n, std::vector<double>(n));
  std::vector<double> sum(n), zero(n);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < n; ++k) v[i][k] = random.normal(i * n + k);
    double const length = distance(v[i], zero);
    for (double& x : v[i]) x /= length;
    for (std::size_t k = 0; k < n; ++k) sum[k] += v[i][k];
  }
  double const total = means(v).first * n * (n - 1), length = distance(sum, zero);
  CHECK(total == doctest::Approx(2.0 * n * n - 2 * length * length));
  CHECK(means(v).first <= bound);
}

TEST_CASE("the tie: the squared form scores a simplex and two clusters alike, the unsquared form does not") {
  auto const [simplex_squared, simplex_plain] = means(simplex());
  auto const [clusters_squared, clusters_plain] = means(two_clusters());
  CHECK(simplex_squared == doctest::Approx(bound));
  CHECK(clusters_squared == doctest::Approx(bound));
  CHECK(simplex_plain == doctest::Approx(std::sqrt(bound)));
  CHECK(clusters_plain == doctest::Approx(bound / 2));
  CHECK(simplex_plain > clusters_plain + 0.37);
}

TEST_CASE("(b) H on a linear generator approaches the bound; one that knows nothing scores 2") {
  Toy<> toy({}, 64, toy_start());
  // a random H that sees only signs: v is an odd function of the change, nearly, and scores about 2 or less
  auto const before = measure(toy);
  CHECK(before.squared < 2.05);
  train(toy, 1500);
  auto const after = measure(toy);
  CHECK(after.squared > 2.15);
  CHECK(after.squared < bound + 0.02);  // above the bound would be a leak between i and j
}

TEST_CASE(
    "(c) in the plane the literal squared form collapses towards two clusters, the unsquared one does not") {
  auto const literal = trained<2>({}, 4000);
  auto const unsquared = trained<2>({.form = DifferenceForm::distance}, 4000);
  CHECK(literal.squared > bound - 0.03);    // its optimum
  CHECK(literal.plain < bound / 2 + 0.14);  // two clusters: 1.111; ten directions at equal angles: 1.403
  CHECK(unsquared.plain > literal.plain + 0.1);
}

TEST_CASE("(c) with room for n directions the literal form stops short of them, all others find them") {
  auto const literal = trained({});
  auto const unsquared = trained({.form = DifferenceForm::distance});
  auto const pulled = trained({.form = DifferenceForm::distance, .pull = 1});
  auto const contrastive = trained({.form = DifferenceForm::contrastive});
  double const at_simplex = std::sqrt(bound);  // 1.491; two clusters: 1.111
  CHECK(literal.squared > bound - 0.03);       // as good as any by its own measure
  CHECK(literal.plain < at_simplex - 0.1);
  for (auto const& directions : {unsquared, pulled, contrastive}) {
    CHECK(directions.squared > bound - 0.03);
    CHECK(directions.squared < bound + 0.02);
    CHECK(directions.plain > at_simplex - 0.02);
    CHECK(directions.accuracy > 0.98);
  }
}

TEST_CASE("from two clusters the literal form does not move, the unsquared one goes to the simplex") {
  using Double = backend::BasicCpu<double>;
  auto const ascend = [](bool squared) {  // on the mean over i != j, by the vectors themselves
    Tape<Double> tape{Double(1)};
    auto vectors = two_clusters();
    Philox const random{1, 2, 3};
    for (std::size_t k = 0; k < n * n; ++k) vectors[k / n][k % n] += 0.02 * random.normal(k);
    for (int iteration = 0; iteration < 3000; ++iteration) {
      tape.reset();
      auto const v = tape.variable(Extents<2>{n, n}, true);
      for (std::ptrdiff_t k = 0; k < n * n; ++k)
        v.value[k] = vectors[static_cast<std::size_t>(k / n)][static_cast<std::size_t>(k % n)];
      auto const unit = contrast::detail::unit_rows(v);
      for (std::ptrdiff_t k = 0; k < n * n; ++k)
        vectors[static_cast<std::size_t>(k / n)][static_cast<std::size_t>(k % n)] = unit.value[k];
      auto const d2 = materialise(sum(square(pairwise_differences(unit, unit)), axis<2>));
      auto const value = squared ? materialise(mean(d2)) : materialise(mean(sqrt(d2 + 1e-9)));
      tape.backward(value);
      for (std::ptrdiff_t k = 0; k < n * n; ++k)
        vectors[static_cast<std::size_t>(k / n)][static_cast<std::size_t>(k % n)] += 0.3 * v.gradient[k];
    }
    return means(vectors);
  };
  auto const [literal_squared, literal_plain] = ascend(true);
  CHECK(literal_squared == doctest::Approx(bound).epsilon(1e-3));
  CHECK(literal_plain < bound / 2 + 0.05);
  auto const [unsquared_squared, unsquared_plain] = ascend(false);
  CHECK(unsquared_squared == doctest::Approx(bound).epsilon(1e-3));
  CHECK(unsquared_plain == doctest::Approx(std::sqrt(bound)).epsilon(1e-3));
}

TEST_CASE("(e) a change of one dimension leaves all others bit-identical, and is at least the floor") {
  for (auto const law : {PerturbationLaw::redraw, PerturbationLaw::additive}) {
    for (std::uint64_t number = 1; number < 50; ++number) {
      Toy<> toy({.perturbation = {.law = law}}, 64);
      toy.go_to(static_cast<long>(number));
      auto& seen = toy.fresh_view();
      auto const c = seen.own_codes();
      auto const [i, j] = contrast::detail::choose_dimensions(seen.tape(), 64, n, seen.random("dimensions"));
      auto const c1 = contrast::detail::perturbed(seen, c, i, toy.policy().perturbation, "first");
      std::size_t wrong = 0;
      for (std::ptrdiff_t k = 0; k < c.size(); ++k) {
        bool const same = std::memcmp(c.value + k, c1.value + k, sizeof(float)) == 0;
        bool const chosen = i.value[k] == 1;
        bool const far =
            std::abs(c1.value[k] - c.value[k]) >= 0.5f - 1e-6f && std::abs(c1.value[k]) <= 1 + 1e-6f;
        wrong += (chosen ? far : same) && !(chosen && j.value[k] == 1) ? 0 : 1;
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("without a bound the literal formula has no floor: H grows and grows") {
  Toy<> toy({.bound = DifferenceBound::none}, 64, toy_start());
  double const early = train(toy, 100), late = train(toy, 300);
  CHECK(early < -4);
  CHECK(late < 10 * early);
}
