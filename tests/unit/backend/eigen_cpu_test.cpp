// SPDX-License-Identifier: Apache-2.0
// A model on Eigen's matrix products trains as on our own, up to rounding, and to the same bits for any
// threads.
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/backend/eigen/eigen_cpu.hpp>

#include "tests/support/small_model.hpp"

using namespace disentangle;
using test::Bars;
using test::SmallImage;
using test::SmallTcVae;

namespace {

/// The losses of some steps.
template <class Backend>
std::vector<double> losses(unsigned threads, int steps) {
  SmallTcVae method;
  method.get<optim::Adam>().learning_rate = 3e-3;
  Model model{method, Backend(threads), SmallImage{}, seed(3)};
  std::vector<double> result;
  for (int i = 0; i < steps; ++i) {
    Bars const bars(32, static_cast<std::size_t>(i));
    result.push_back(model.step(bars.batch()).loss);
  }
  return result;
}

}  // namespace

TEST_CASE("a model on EigenCpu trains as on Cpu") {
  auto const own = losses<backend::Cpu>(2, 30), eigen = losses<backend::EigenCpu>(2, 30);
  for (std::size_t i = 0; i < own.size(); ++i) {
    CHECK(std::abs(own[i] - eigen[i]) < 1e-3 * std::abs(own[i]));
  }
  CHECK(eigen.back() < eigen.front());
}

TEST_CASE("EigenCpu gives the same bits for every number of threads") {
  auto const one = losses<backend::EigenCpu>(1, 10);
  CHECK(one == losses<backend::EigenCpu>(2, 10));
  CHECK(one == losses<backend::EigenCpu>(3, 10));
}
