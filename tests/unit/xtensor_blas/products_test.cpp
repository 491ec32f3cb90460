// SPDX-License-Identifier: Apache-2.0
// Matrix products through xtensor-blas: against the CPU backend for every layout, and a model trained with
// them.
#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/backend/xtensor/xtensor_blas.hpp>
#include <disentangle/core/philox.hpp>

#include "tests/support/small_model.hpp"

using namespace disentangle;
using test::Bars;
using test::SmallImage;
using test::SmallTcVae;

namespace {

using Strides = backend::BasicCpu<double>::Strides;

std::vector<double> numbers(std::size_t n, std::uint64_t number) {
  std::vector<double> result(n);
  for (std::size_t i = 0; i < n; ++i) result[i] = static_cast<double>(Philox{number, 1, 0}.normal(i));
  return result;
}

/// The strides of a (rows, columns) matrix: whole by rows, whole by columns, or every second row of a larger
/// one.
Strides strides(char layout, std::ptrdiff_t rows, std::ptrdiff_t columns) {
  return layout == 'r' ? Strides{columns, 1} : layout == 'c' ? Strides{1, rows} : Strides{2 * columns, 1};
}

std::vector<double> losses(auto backend, int steps) {
  SmallTcVae method;
  method.get<optim::Adam>().learning_rate = 3e-3;
  Model model{method, backend, SmallImage{}, seed(3)};
  std::vector<double> result;
  for (int i = 0; i < steps; ++i) {
    Bars const bars(32, static_cast<std::size_t>(i));
    result.push_back(model.step(bars.batch()).loss);
  }
  return result;
}

}  // namespace

TEST_CASE("products of all layouts, assigned and added") {
  backend::BasicCpu<double> cpu(1);
  backend::BasicXtensorBlas<double> blas(1);
  for (auto const& [rows, columns, inner] :
       {std::array<std::ptrdiff_t, 3>{5, 7, 3}, {1, 6, 4}, {6, 1, 4}, {4, 5, 1}, {40, 33, 50}}) {
    std::ptrdiff_t const m = rows, n = columns, k = inner;  // clang 14 captures no structured bindings
    for (char a : {'r', 'c', 's'}) {
      for (char b : {'r', 'c', 's'}) {
        for (char c : {'r', 'c', 's'}) {
          for (bool accumulate : {false, true}) {
            auto const size = static_cast<std::size_t>(2 * std::max({m * n, n * k, m * k}));
            auto const x = numbers(size, 1), y = numbers(size, 2);
            auto expected = numbers(size, 3), found = expected;
            auto const multiply = [&](auto& backend, std::vector<double>& to) {
              backend.multiply(m, n, k, x.data(), strides(a, m, k), y.data(), strides(b, k, n), to.data(),
                               strides(c, m, n), accumulate);
            };
            multiply(cpu, expected);
            multiply(blas, found);
            double worst = 0;
            for (std::size_t i = 0; i < size; ++i) worst = std::fmax(worst, std::abs(found[i] - expected[i]));
            CHECK_MESSAGE(worst < 1e-12, m << " " << n << " " << k << " " << a << b << c << accumulate);
          }
        }
      }
    }
  }
}

TEST_CASE("a dense layer with bias and activation") {
  backend::Cpu cpu(1);
  backend::XtensorBlas blas(2);
  auto const as_float = [](std::vector<double> const& v) { return std::vector<float>(v.begin(), v.end()); };
  auto const x = as_float(numbers(9 * 20, 1)), w = as_float(numbers(20 * 13, 2)),
             bias = as_float(numbers(13, 3));
  std::vector<float> expected(9 * 13), found(9 * 13);
  for (float const* b : {bias.data(), static_cast<float const*>(nullptr)}) {
    cpu.dense<Activation::relu>(9, 20, 13, x.data(), w.data(), b, expected.data(), 0);
    blas.dense<Activation::relu>(9, 20, 13, x.data(), w.data(), b, found.data(), 0);
    for (std::size_t i = 0; i < found.size(); ++i) CHECK(std::abs(found[i] - expected[i]) < 1e-5f);
  }
}

TEST_CASE("a model trains as on Cpu, to the same bits for any number of threads") {
  auto const own = losses(backend::Cpu(2), 30), blas = losses(backend::XtensorBlas(2), 30);
  for (std::size_t i = 0; i < own.size(); ++i) CHECK(std::abs(own[i] - blas[i]) < 1e-3 * std::abs(own[i]));
  CHECK(losses(backend::XtensorBlas(1), 10) == losses(backend::XtensorBlas(2), 10));
}
