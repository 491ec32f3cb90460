// SPDX-License-Identifier: Apache-2.0
// Every method on backend::Cuda: compiled and linked everywhere nvcc is; on a device, the losses and
// parameters of some steps against the CPU's, the same bits in two runs, and the time of a step.
#include <algorithm>
#include <array>
#include <chrono>
#include <span>
#include <vector>

#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/data/dsprites.hpp>
#include <disentangle/method/beta_tc_vae.hpp>
#include <disentangle/method/beta_vae.hpp>
#include <disentangle/method/vae.hpp>
#include <disentangle/train/model.hpp>

#include "device.hpp"

namespace dis = disentangle;

namespace {

constexpr std::size_t batch = 64;

std::vector<float> const& images() {
  static std::vector<float> const pixels = [] {
    auto const data = dis::data::dsprites();
    std::vector<float> all(8 * batch * 64 * 64);
    std::vector<std::size_t> indices(8 * batch);
    for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = i * 104'729 % data.size();
    data.images(indices, all);
    return all;
  }();
  return pixels;
}

dis::Minibatch minibatch(std::size_t step) {
  return {.images = std::span(images()).subspan(step % 8 * batch * 64 * 64, batch * 64 * 64),
          .labels = {},
          .size = batch,
          .data_size = 737'280};
}

template <class Model>
std::vector<double> parameters(Model& model) {
  std::vector<double> all;
  model.for_each_tensor([&](std::string const&, auto const& extents, auto* p) {
    std::size_t n = 1;
    for (auto extent : extents) n *= static_cast<std::size_t>(extent);
    std::vector<double> host(n);
    model.backend().download(p, host.data(), n);
    all.insert(all.end(), host.begin(), host.end());
  });
  return all;
}

template <class Method>
void check(char const* name, Method const& method) {
  using Image = dis::ImageShape<64, 64, 1>;
  dis::Model cpu{method, dis::backend::Cpu{}, Image{}, dis::seed(0)};
  dis::Model first{method, dis::backend::Cuda{}, Image{}, dis::seed(0)};
  dis::Model second{method, dis::backend::Cuda{{.graphs = false}}, Image{}, dis::seed(0)};
  for (std::size_t step = 0; step < 10; ++step) {
    double const expected = cpu.step(minibatch(step)).loss;
    double const found = first.step(minibatch(step), true).loss;
    second.step(minibatch(step));
    dis::testing::expect_near(std::string(name) + " step " + std::to_string(step + 1), found, expected, 2e-4);
  }
  auto const a = parameters(first), b = parameters(second), c = parameters(cpu);
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(a[i] - c[i]));
  dis::testing::expect_near(std::string(name) + " parameters, largest difference from the CPU's", worst, 0,
                            5e-3);
  dis::testing::expect_near(std::string(name) + " same bits with and without graphs", a == b, 1, 0);

  for (auto* model : {&first, &second}) {
    for (std::size_t step = 10; step < 60; ++step) model->step(minibatch(step));
    model->backend().synchronise();
    auto const start = std::chrono::steady_clock::now();
    constexpr int steps = 500;
    for (std::size_t step = 0; step < steps; ++step) model->step(minibatch(step));
    model->backend().synchronise();
    double const seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::printf("time    %s %s: %.3f ms per step of %zu images\n", name,
                model == &first ? "as a graph" : "kernel by kernel", 1e3 * seconds / steps, batch);
  }
}

}  // namespace

int main() {
  if (dis::testing::skips_without_device()) return dis::testing::skipped;
  check("Vae", dis::method::Vae{});
  check("BetaVae", dis::method::BetaVae{});
  check("BetaTcVae", dis::method::BetaTcVae{});
  return dis::testing::failures == 0 ? 0 : 1;
}
