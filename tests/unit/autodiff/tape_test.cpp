// SPDX-License-Identifier: Apache-2.0
// The tape as a machine: few records, no allocation after the first pass, the same bits for every number of
// threads, float near double, recording off; and the gradient checker finds the mistakes that it is there to
// find.
#include <bit>
#include <cstdint>
#include <string>
#include <typeinfo>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/autodiff/gradient_check.hpp>

#include "tests/support/count_allocations.hpp"
#include "tests/support/evaluate.hpp"

using namespace disentangle;
using test::value_and_gradient;

namespace {

std::vector<std::uint32_t> bits(std::vector<float> const& v) {
  std::vector<std::uint32_t> b;
  for (float x : v) b.push_back(std::bit_cast<std::uint32_t>(x));
  return b;
}

/// The same bits with 1, 2 and 3 threads, and (NearDouble) nearly the numbers of double.
template <bool NearDouble = false, class F>
void check_threads(char const* name, F const& f, HostArray<2> const& x) {
  CAPTURE(name);
  auto const one = value_and_gradient<float>(1, f, x);
  for (unsigned threads : {2u, 3u}) {
    auto const more = value_and_gradient<float>(threads, f, x);
    CHECK(bits(more.value) == bits(one.value));
    CHECK(bits(more.gradient) == bits(one.gradient));
  }
  if constexpr (NearDouble) {
    auto const exact = value_and_gradient<double>(2, f, x);
    CHECK(test::difference(one.value, exact.value) < 2e-4);
    CHECK(test::difference(one.gradient, exact.gradient) < 2e-4);
  }
}

}  // namespace

TEST_CASE("large tensors: the same bits for every number of threads") {
  auto const wide = random_array(Extents<2>{7, 30011}, 1), tall = random_array(Extents<2>{30011, 7}, 2);
  auto const square_matrix = random_array(Extents<2>{300, 300}, 3);
  auto const formula = [](auto x) { return tanh(x) * exp(-x * x) + 1 / (2 + x); };
  check_threads<true>("map", formula, wide);
  check_threads("map", formula, tall);
  check_threads(
      "sum", [](auto x) { return sum(x * x); }, tall);
  check_threads<true>(
      "sum of columns", [](auto x) { return sum(exp(x), axis<0>) * (1.0 / 30011); }, tall);
  check_threads(
      "sum of rows", [](auto x) { return mean(exp(x), axis<1>); }, tall);
  check_threads<true>(
      "logsumexp", [](auto x) { return logsumexp(x, axis<1>) + sum(max(x, axis<0>)); }, tall);
  check_threads(
      "broadcast", [](auto x) { return x * mean(x, axis<0>) + insert_axis(mean(x, axis<1>), axis<1>); },
      tall);
  check_threads(
      "itself transposed", [](auto x) { return x * transpose(x) + exp(transpose(x)); }, square_matrix);
  check_threads(
      "overlap", [](auto x) { return slice(x, axis<0>, 0, 299) * slice(x, axis<0>, 1, 300); }, square_matrix);
  check_threads<true>(
      "matmul", [](auto x) { return 0.01 * matmul(x, transpose(x)); }, square_matrix);
  check_threads(
      "pairs", [](auto x) { return mean(square(pairwise_differences(x, x)), axis<2>); },
      random_array(Extents<2>{64, 10}, 4));
}

TEST_CASE("a fused expression is one record") {
  auto const x = random_array(Extents<2>{3, 4}, 1);
  auto const records = [&](auto const& f) {
    return value_and_gradient<double>(1, f, x).records - 1;
  };  // less the contraction
  CHECK(records([](auto v) { return exp(v) * v + log1p(v * v) - tanh(v / 2) * where(v > 0, v, -v); }) == 1);
  CHECK(records([](auto v) { return sum(exp(v) * v); }) == 1);
  CHECK(records([](auto v) { return slice(transpose(v), axis<1>, 0, 2); }) == 0);  // views need none
  CHECK(records([](auto v) { return matmul(v, transpose(v)); }) == 1);
  CHECK(records([](auto v) { return logsumexp(v, axis<1>); }) <= 2);
  CHECK(records([](auto v) { return 0.1 * sum(square(off_diagonal(covariance(v)))); }) <= 5);
}

TEST_CASE("a pass over the same shapes allocates nothing after the first") {
  using Backend = backend::Cpu;
  Tape<Backend> tape{Backend(2)};
  auto const host = random_array(Extents<2>{500, 40}, 1);
  auto const pass = [&] {
    tape.reset();
    auto const x = tape.variable(host.extents, true);
    tape.backend().upload(host.values.data(), x.value, host.values.size());
    auto const c = covariance(x);
    auto const y = logsumexp(x * x, axis<1>) + sum(softmax(x, axis<1>) * x, axis<1>);
    auto const loss =
        materialise(sum(square(off_diagonal(c))) + mean(y) + sum(gather(x, std::array<int, 3>{1, 2, 1})) +
                    sum(concatenate(axis<1>, x, exp(x))));
    tape.backend().fill(loss.gradient, 1, 1.0f);
    tape.backward();
    return *x.gradient;
  };
  float const first = pass();
  pass();  // the arena's blocks become one
  std::size_t const before = test::allocations();
  for (int i = 0; i < 3; ++i) CHECK(pass() == first);
  CHECK(test::allocations() == before);
  if (DISENTANGLE_TEST_COUNTS_ALLOCATIONS) {  // the counter counts
    std::vector<int> const kept(1000, static_cast<int>(before));
    CHECK(test::allocations() > before);
    CHECK(kept[999] == static_cast<int>(before));
  }
}

TEST_CASE("without recording nothing is recorded and nothing has a gradient") {
  using Backend = backend::BasicCpu<double>;
  Tape<Backend> tape{Backend(1)};
  auto const x = tape.variable(Extents<2>{3, 4}, true);
  tape.backend().fill(x.value, 12, 0.5);
  {
    RecordingOff<Backend> const guard(tape);
    auto const y = materialise(exp(x) + sum(x) + reshape(transpose(x), Extents<2>{3, 4}));
    CHECK(y.gradient == nullptr);
    auto const z = concatenate(axis<0>, x, max(x, axis<0>) * x, gather(x, std::array<int, 1>{2}));
    CHECK(z.gradient == nullptr);
    CHECK(logsumexp(matmul(x, transpose(x))).gradient == nullptr);
    CHECK(tape.records() == 0);
  }
  CHECK(tape.recording());
  CHECK(sum(x).gradient != nullptr);
  CHECK(tape.records() == 1);
}

TEST_CASE("a variable that outlived a reset of its tape is refused in words where it is used") {
  using Double = backend::BasicCpu<double>;
  Tape<Double> tape{Double(1)};
  auto const old = tape.variable(Extents<2>{2, 3}, true);
  auto const view = insert_axis(transpose(old), axis<0>);
  tape.backend().fill(old.value, 6, 1.0);
  double permanent_value = 2, permanent_gradient = 0;
  Variable<Double, 0> const permanent{&tape, &permanent_value, &permanent_gradient, {}, {}};
  tape.reset();
  auto const fresh = tape.variable(Extents<2>{2, 3}, true);
  tape.backend().fill(fresh.value, 6, 1.0);
  CHECK(*materialise(sum(fresh * permanent)).value == 12);
  if (DISENTANGLE_CHECKED) {
    CHECK_THROWS_WITH_AS(
        sum(old),
        "variable (2, 3): found one of pass 1 of its tape, expected one of pass 2: the tape was reset "
        "after it was made, and its memory holds other things now; make it anew after Tape::reset()",
        ValueError);
    CHECK_THROWS_AS(materialise(view + 1.0), ValueError);
    CHECK_THROWS_AS(reshape(view, Extents<1>{6}), ValueError);
    CHECK_THROWS_AS(matmul(fresh, transpose(old)), ValueError);
    CHECK_THROWS_AS(diagonal(slice(old, axis<1>, 0, 2)), ValueError);
  } else {
    CHECK(sizeof(old) == sizeof(void*) * 3 + sizeof(Extents<2>) * 2);
  }
}

TEST_CASE("the name of the backend says whether variables are checked: files of both kinds share no Model") {
  std::string const name = typeid(backend::Cpu).name();
  CHECK((name.find("_checked") != std::string::npos) == (DISENTANGLE_CHECKED == 1));
}

TEST_CASE("backward(loss) is the seed and the way back in one call") {
  using Double = backend::BasicCpu<double>;
  Tape<Double> tape{Double(1)};
  auto const x = tape.variable(Extents<1>{3}, true);
  tape.backend().fill(x.value, 3, 2.0);
  tape.backward(sum(square(x)));
  for (int i = 0; i < 3; ++i) CHECK(x.gradient[i] == 4);
  tape.backward(sum(stop_gradient(x)));  // depends on nothing
  for (int i = 0; i < 3; ++i) CHECK(x.gradient[i] == 4);
}

TEST_CASE("memory that is never written shows when the tape is poisoned") {
  using Backend = backend::BasicCpu<double>;
  Tape<Backend> tape{Backend(1)};
  tape.set_poisoned(true);
  auto const v = tape.variable(Extents<1>{3}, true);
  for (int i = 0; i < 3; ++i) {
    CHECK(std::isinf(v.value[i]));
    CHECK(v.gradient[i] == 0);
  }
}

namespace {

using Checked = backend::BasicCpu<double>;

/// A copy of x whose way back is the caller's: what a wrong operation looks like.
template <class Backward>
Variable<Checked, 1> with_adjoint(Variable<Checked, 1> x, Backward backward) {
  auto const y = x.tape->variable(x.extents, true);
  x.tape->backend().upload(x.value, y.value, static_cast<std::size_t>(x.size()));
  x.tape->record([x, y, backward] {
    for (std::ptrdiff_t i = 0; i < x.size(); ++i) backward(x.gradient[i], y.gradient[i]);
  });
  return y;
}

}  // namespace

TEST_CASE("the gradient checker accepts what is right and names what is wrong") {
  auto const x = random_array(Extents<1>{5}, 1);
  auto const check = [&](auto backward) {
    return check_gradient([=](auto v) { return with_adjoint(v, backward); }, x);
  };
  auto const right = check([](double& to, double g) { to += g; });
  CHECK_MESSAGE(right.ok, right.text);
  CHECK(right.checked == 5);

  CHECK_FALSE(check([](double& to, double g) { to = g; }).ok);           // assigns instead of adding
  CHECK_FALSE(check([](double&, double) {}).ok);                         // forgets
  CHECK_FALSE(check([](double& to, double g) { to += 1.001 * g; }).ok);  // nearly right
  CHECK_FALSE(check([](double& to, double g) { to += g / 0.0; }).ok);
  auto const wrong = check_gradient(
      [](auto v, auto w) {
        return with_adjoint(v, [](double& to, double g) { to += g; }) +
               with_adjoint(w, [](double& to, double g) { to -= g; });
      },
      x, x);
  CHECK_FALSE(wrong.ok);
  CHECK(wrong.input == "input 1");
  CHECK(wrong.derived == doctest::Approx(-wrong.numerical));
  CHECK(wrong.text.find("gradients differ: worst of 10 elements is input 1[") == 0);
}

TEST_CASE("the gradient checker finds a tensor that was not written, and a formula that is not pure") {
  auto const x = random_array(Extents<1>{5}, 1);
  CHECK_FALSE(check_gradient([](auto v) { return v + v.tape->variable(v.extents, false); }, x).ok);
  int calls = 0;
  auto const impure = check_gradient([&](auto v) { return v * 1.0 + (++calls == 1 ? 1.0 : 0.0); }, x);
  CHECK_FALSE(impure.ok);
  CHECK(impure.text.find("with recording") != std::string::npos);
}
