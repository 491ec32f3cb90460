// SPDX-License-Identifier: Apache-2.0
// The CPU backend: SIMD kernels over a pool of threads. Results are the same bits for every number of threads.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <new>

#include <disentangle/backend/cpu/fused_loops.hpp>
#include <disentangle/backend/cpu/thread_pool.hpp>
#include <disentangle/core/philox.hpp>

namespace disentangle::backend {

/// A handle to a pool of threads; copying it is cheap and shares the pool. T is the scalar of every tensor.
template <class T>
class BasicCpu {
 public:
  using scalar = T;
  using Pack = cpu::simd::Pack<T>;
  using Strides = std::array<std::ptrdiff_t, 2>;

  /// @param threads number of threads, the calling one included; 0 takes one per hardware thread.
  explicit BasicCpu(unsigned threads = 0) : pool_(std::make_shared<cpu::ThreadPool>(threads)) {}

  unsigned threads() const { return pool_->size(); }
  cpu::ThreadPool& pool() { return *pool_; }

  // ---- storage -------------------------------------------------------------------------------------------------------
  T* allocate(std::size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), std::align_val_t{64})); }
  void deallocate(T* p, std::size_t) { ::operator delete(p, std::align_val_t{64}); }

  void fill(T* p, std::size_t n, T value, std::ptrdiff_t stride = 1) {
    for (std::size_t i = 0; i < n; ++i) p[static_cast<std::ptrdiff_t>(i) * stride] = value;
  }
  template <class Number>
  void upload(Number const* host, T* p, std::size_t n) {
    std::transform(host, host + n, p, [](Number x) { return static_cast<T>(x); });
  }
  template <class Number>
  void download(T const* p, Number* host, std::size_t n) {
    std::transform(p, p + n, host, [](T x) { return static_cast<Number>(x); });
  }

  // ---- fused loops over bound expressions ----------------------------------------------------------------------------
  template <class Loop, class Destination, class Bound>
  void map(Loop const& loop, Destination const& destination, Bound const& bound) {
    cpu::fused_map<Pack>(*pool_, loop, destination, bound);
  }
  template <class Loop, class Bound, class Seed>
  void adjoint(Loop const& loop, Bound const& bound, Seed const& seed) {
    cpu::fused_adjoint<Pack>(*pool_, loop, bound, seed);
  }
  template <class Loop, class Bound, class Scratch>
  void sum(Loop const& loop, Bound const& bound, T* out, Scratch&& scratch) {
    T* const partials = scratch(cpu::fused_sum_partials(loop));
    *out = cpu::fused_sum<Pack>(*pool_, loop, bound, partials);
  }
  template <class Loop, class Destination, class Bound>
  void reduce(Loop const& loop, Reduction kind, Destination const& destination, Bound const& bound) {
    cpu::fused_reduce<Pack>(*pool_, loop, kind, destination, bound);
  }

  // ---- matrices ------------------------------------------------------------------------------------------------------
  /// C (+)= A B with A (m, k), B (k, n), C (m, n), each with its row and column strides.
  void multiply(std::ptrdiff_t m, std::ptrdiff_t n, std::ptrdiff_t k, T const* a, Strides sa, T const* b, Strides sb, T* c,
                Strides sc, bool accumulate) {
    for (std::ptrdiff_t i = 0; i < m; ++i) {
      for (std::ptrdiff_t j = 0; j < n; ++j) {
        T total = accumulate ? c[i * sc[0] + j * sc[1]] : T(0);
        for (std::ptrdiff_t l = 0; l < k; ++l) total += a[i * sa[0] + l * sa[1]] * b[l * sb[0] + j * sb[1]];
        c[i * sc[0] + j * sc[1]] = total;
      }
    }
  }

  // ---- rows ----------------------------------------------------------------------------------------------------------
  void gather_rows(T const* from, int const* rows, std::ptrdiff_t n, std::ptrdiff_t width, T* to) {
    for (std::ptrdiff_t i = 0; i < n; ++i) std::copy_n(from + rows[i] * width, width, to + i * width);
  }
  void scatter_add_rows(T const* from, int const* rows, std::ptrdiff_t n, std::ptrdiff_t width, T* to) {
    for (std::ptrdiff_t i = 0; i < n; ++i) {
      for (std::ptrdiff_t j = 0; j < width; ++j) to[rows[i] * width + j] += from[i * width + j];
    }
  }

  // ---- random numbers ------------------------------------------------------------------------------------------------
  void normal(Philox const& random, T* p, std::size_t n) {
    for (std::size_t b = 0; 4 * b < n; ++b) {
      auto const z = random.normals(b);
      for (std::size_t i = 4 * b; i < std::min(n, 4 * b + 4); ++i) p[i] = static_cast<T>(z[i % 4]);
    }
  }
  void uniform(Philox const& random, T* p, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) p[i] = static_cast<T>(random.uniform(i));
  }

 private:
  std::shared_ptr<cpu::ThreadPool> pool_;
};

/// The CPU in single precision: what methods train in.
using Cpu = BasicCpu<float>;

/// dis::backend::cpu(2): the CPU with so many threads (0: one per hardware thread).
inline Cpu make_cpu(unsigned threads = 0) { return Cpu(threads); }

}  // namespace disentangle::backend
