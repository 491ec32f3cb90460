// SPDX-License-Identifier: Apache-2.0
// Aim: a backend of your own, whole: the CPU backend with matrix products that add in double. A backend
//      inherits what it does not replace, and every method trains on it unchanged. docs/backends.md lists
//      what there is to replace.
// Command: 09_your_own_backend 200      (steps)
// Expected output: the same loss as on backend::Cpu to rounding, and how many products there were.
// test: 3
// prints: backend::Cpu     loss [0-9.]+
// prints: DoubleSumCpu     loss [0-9.]+, [0-9]+ matrix products
#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/data/dsprites.hpp>
#include <disentangle/method/beta_tc_vae.hpp>
#include <disentangle/train/model.hpp>
#include <disentangle/train/train.hpp>

#include <cstdio>
#include <cstdlib>
#include <memory>

namespace dis = disentangle;

class DoubleSumCpu : public dis::backend::Cpu {
 public:
  using dis::backend::Cpu::Cpu;

  /// C (+)= A B with A (m, k), B (k, n), C (m, n), each with its row and column strides.
  void multiply(std::ptrdiff_t m, std::ptrdiff_t n, std::ptrdiff_t k, float const* a, Strides sa,
                float const* b, Strides sb, float* c, Strides sc, bool accumulate) {
    ++*products;
    pool().for_each(static_cast<std::size_t>(m), [&](std::size_t row) {
      auto const i = static_cast<std::ptrdiff_t>(row);
      for (std::ptrdiff_t j = 0; j < n; ++j) {
        float& target = c[i * sc[0] + j * sc[1]];
        double total = accumulate ? target : 0.0;
        for (std::ptrdiff_t l = 0; l < k; ++l)
          total += double{a[i * sa[0] + l * sa[1]]} * b[l * sb[0] + j * sb[1]];
        target = static_cast<float>(total);
      }
    });
  }

  // a backend is a handle: its copies share what it counts
  std::shared_ptr<long> products = std::make_shared<long>(0);
};

template <class Backend>
double final_loss(Backend backend, long steps) {
  auto const data = dis::data::dsprites();
  dis::Model model{dis::method::BetaTcVae{}, backend, data.image_shape(), dis::seed(0)};
  return dis::train(model, data, {.steps = steps, .batch_size = 16}).loss;
}

int main(int argc, char** argv) {
  long const steps = argc > 1 ? std::atol(argv[1]) : 200;
  std::printf("backend::Cpu     loss %.4f\n", final_loss(dis::backend::Cpu{}, steps));
  DoubleSumCpu const mine;
  double const loss = final_loss(mine, steps);
  std::printf("DoubleSumCpu     loss %.4f, %ld matrix products\n", loss, *mine.products);
}
