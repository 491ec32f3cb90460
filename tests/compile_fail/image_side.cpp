// SPDX-License-Identifier: Apache-2.0
// Images whose side the chain of kernels does not divide, or that are smaller than it.
// expected-error: Conv: the stride does not divide the image side
// expected-error 2 gcc: the image is smaller than the kernel
// expected-error 2 clang: the image is smaller than
#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/method/vae.hpp>
#include <disentangle/train/model.hpp>

namespace dis = disentangle;

#ifndef MISTAKE
constexpr int side = 48;
#elif MISTAKE == 1
constexpr int side = 60;
#else
constexpr int side = 8;
#endif
void build() {
  dis::Model model{dis::method::Vae{}, dis::backend::Cpu(1), dis::ImageShape<side, side, 1>{}, dis::seed(0)};
}
