// SPDX-License-Identifier: Apache-2.0
// A formula and a training of a few steps. Compiled twice, for two kinds of processors; TRAINING names the
// function.
#include "products.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <typeinfo>

#include <disentangle/autodiff/reductions.hpp>
#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/backend/cpu/processor.hpp>
#if __has_include(<Eigen/Core>)
#include <disentangle/backend/eigen/eigen_cpu.hpp>
#endif
#include <disentangle/contrast/soft_partition.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/data/arrays.hpp>
#include <disentangle/decoder/higgins_mlp.hpp>
#include <disentangle/encoder/higgins_mlp.hpp>
#include <disentangle/method/beta_vae.hpp>
#include <disentangle/metric/linear_probe.hpp>
#include <disentangle/metric/nearest_neighbours.hpp>
#include <disentangle/train/model.hpp>
#include <disentangle/train/train.hpp>

namespace dis = disentangle;

namespace {

std::vector<float> noise(std::size_t n, char const* name) {
  dis::Philox const random{0, dis::stream(name), 0};
  std::vector<float> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = random.uniform(i) - 0.5f;
  return x;
}

double formula_error() {
  std::size_t const n = 77;
  auto const x = noise(n, "x");
  using Backend = dis::backend::Cpu;
  dis::Tape<Backend> tape{Backend(1)};
  auto const input = tape.variable(dis::Extents<1>{static_cast<std::ptrdiff_t>(n)}, true);
  tape.backend().upload(x.data(), input.value, n);
  auto const loss = dis::sum(dis::exp(input) * input);
  tape.backend().fill(loss.gradient, 1, 1.0f);
  tape.backward();
  double error = 0, total = 0;
  for (std::size_t i = 0; i < n; ++i) {
    double const at = static_cast<double>(x[i]);
    total += std::exp(at) * at;
    error = std::max(error, std::abs(std::exp(at) * (at + 1) - static_cast<double>(input.gradient[i])));
  }
  return std::max(error, std::abs(total - static_cast<double>(*loss.value)));
}

/// A callback of train() that keeps the losses.
struct Losses {
  std::vector<double>* of_steps;
  void on_step(auto&, auto const& report) { of_steps->push_back(report.loss); }
};

}  // namespace

Training TRAINING() {
  using Shape = dis::ImageShape<8, 8, 1>;
  using Method = dis::With<dis::method::BetaVae, dis::Encoder<dis::encoder::HigginsMlp<3>>,
                           dis::Decoder<dis::decoder::HigginsMlp>>;
  using Model = dis::Model<Method, dis::backend::Cpu, Shape>;
  Training p;
  p.instruction_set = dis::backend::cpu::instruction_set;
  p.unused = dis::backend::cpu::unused_instruction_set();
  for (char const* const name :
       {typeid(Model).name(), typeid(dis::metric::LinearProbe).name(),
        typeid(dis::metric::NearestNeighbours).name(), typeid(dis::contrast::SoftPartition<float>).name()})
    p.names += name + std::string(" ");
#if __has_include(<Eigen/Core>)
  p.names += typeid(dis::backend::EigenCpu).name();
#endif
  p.formula_error = formula_error();

  auto images = noise(64 * 64, "images");
  for (float& x : images) x += 0.5f;
  Model model{Method{}, dis::backend::Cpu(2), Shape{}, dis::seed(0)};
  auto const data = dis::data::arrays<Shape>(images);
  dis::train(model, data, {.steps = 5, .batch_size = 32}, Losses{&p.losses});
  p.codes.resize(64 * 3);
  model.encode(images, p.codes, {});
  return p;
}
