// SPDX-License-Identifier: Apache-2.0
// The CPU backend with Eigen's matrix product in place of our own: to compare the two, or where a tuned Eigen
// is at hand. It is also the smallest example of a backend that overrides some primitives of another.
#pragma once

#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/backend/cpu/instruction_set.hpp>
#include <disentangle/backend/eigen/gemm.hpp>

namespace disentangle::backend::inline DISENTANGLE_INSTRUCTION_SET {

/// As Cpu, with matrix products and dense layers through Eigen, one single-threaded product per fixed block
/// of columns. Results are the same bits for every number of threads, and differ from Cpu's in rounding.
/// Eigen allocates packing buffers for large products, so steps of large dense layers allocate.
class EigenCpu : public Cpu {
 public:
  using Cpu::Cpu;

  /// C (+)= A B with A (m, k), B (k, n), C (m, n), each with its row and column strides.
  void multiply(std::ptrdiff_t m, std::ptrdiff_t n, std::ptrdiff_t k, float const* a, Strides sa,
                float const* b, Strides sb, float* c, Strides sc, bool accumulate) {
    bool const unit_strides = (sa[0] == 1 || sa[1] == 1) && (sb[0] == 1 || sb[1] == 1) && sc[1] == 1;
    if (!unit_strides) {
      Cpu::multiply(m, n, k, a, sa, b, sb, c, sc, accumulate);
      return;
    }
    eigen::gemm(pool(), static_cast<std::size_t>(m), static_cast<std::size_t>(n), static_cast<std::size_t>(k),
                cpu::Operand<float>{a, sa[0], sa[1]}, cpu::Operand<float>{b, sb[0], sb[1]}, c,
                static_cast<std::size_t>(sc[0]), accumulate);
  }

  /// out = f(x W + b), x (batch, inputs), W (inputs, features).
  template <Activation A>
  void dense(std::ptrdiff_t batch, std::ptrdiff_t inputs, std::ptrdiff_t features, float const* x,
             float const* weight, float const* bias, float* out, float slope) {
    auto const n = [](std::ptrdiff_t value) { return static_cast<std::size_t>(value); };
    eigen::gemm<A>(pool(), n(batch), n(features), n(inputs), cpu::row_major(x, n(inputs)),
                   cpu::row_major(weight, n(features)), out, n(features), false, bias, slope);
  }
};

}  // namespace disentangle::backend::inline DISENTANGLE_INSTRUCTION_SET
