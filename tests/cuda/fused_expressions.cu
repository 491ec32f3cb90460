// SPDX-License-Identifier: Apache-2.0
// Compiled, never run: check_registers.cmake reads what the assembler says about the kernels of these
// formulas.
#include <disentangle/autodiff/autodiff.hpp>
#include <disentangle/backend/cuda/cuda.hpp>

namespace dis = disentangle;
using dis::backend::Cuda;

// kernels: 1
void value_of_a_formula(dis::Variable<Cuda, 2> x, dis::Variable<Cuda, 2> y, dis::Variable<Cuda, 2> out) {
  dis::assign(out, 0.5 * (dis::square(x) + dis::exp(y) - y - 1.0) + dis::softplus(x * y));
}

// kernels: 3 (leaves that threads do not share; a block, a thread for each result of a broadcast leaf)
void adjoint_of_a_formula(dis::Variable<Cuda, 2> x, dis::Variable<Cuda, 1> y, dis::Variable<Cuda, 2> seed) {
  dis::pull_back(0.5 * (dis::square(x) + dis::exp(y) - y - 1.0) + dis::softplus(x * y), seed);
}
