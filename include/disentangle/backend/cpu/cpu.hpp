// SPDX-License-Identifier: Apache-2.0
// The CPU backend: SIMD kernels over a pool of threads. Results are the same bits for every number of
// threads.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>

#include <disentangle/backend/cpu/convolution.hpp>
#include <disentangle/backend/cpu/fused_loops.hpp>
#include <disentangle/backend/cpu/gemm.hpp>
#include <disentangle/backend/cpu/instruction_set.hpp>
#include <disentangle/backend/cpu/memory.hpp>
#include <disentangle/backend/cpu/partner_first.hpp>
#include <disentangle/backend/cpu/scalar_pack.hpp>
#include <disentangle/backend/expression/loop.hpp>
#include <disentangle/backend/expression/tree.hpp>
#include <disentangle/core/config.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/core/thread_pool.hpp>

namespace disentangle::backend::inline DISENTANGLE_INSTRUCTION_SET {

/// A handle to a pool of threads; copying it is cheap and shares the pool. T is the scalar of every tensor.
template <class T>
class BasicCpu {
 public:
  using scalar = T;
#if defined(DISENTANGLE_CUDACC)
  using Pack = cpu::ScalarPack<T>;
#else
  using Pack = cpu::simd::Pack<T>;
#endif
  using Strides = std::array<std::ptrdiff_t, 2>;

  /// @param threads number of threads, the calling one included; 0 takes one per hardware thread.
  explicit BasicCpu(unsigned threads = 0) : pool_(std::make_shared<ThreadPool>(threads)) {}

  unsigned threads() const { return pool_->size(); }
  ThreadPool& pool() { return *pool_; }

  // ---- storage ------------------------------------------------------------------------------------------
  T* allocate(std::size_t n) { return cpu::allocate<T>(n); }
  void deallocate(T* p, std::size_t n) { cpu::deallocate(p, n); }

  DISENTANGLE_OUT_OF_LINE void fill(T* p, std::size_t n, T value, std::ptrdiff_t stride = 1) {
    for (std::size_t i = 0; i < n; ++i) p[static_cast<std::ptrdiff_t>(i) * stride] = value;
  }
  template <class Number>
  DISENTANGLE_OUT_OF_LINE void upload(Number const* host, T* p, std::size_t n) {
    std::transform(host, host + n, p, [](Number x) { return static_cast<T>(x); });
  }
  template <class Number>
  DISENTANGLE_OUT_OF_LINE void download(T const* p, Number* host, std::size_t n) {
    std::transform(p, p + n, host, [](T x) { return static_cast<Number>(x); });
  }

  // ---- fused loops over bound expressions ---------------------------------------------------------------
  template <class Destination, expression::bound_expression<T> Bound>
  void map(expression::Loop const& loop, Destination const& destination, Bound const& bound) {
    cpu::fused_map<Pack>(*pool_, loop, destination, bound);
  }
  template <expression::bound_expression<T> Bound, expression::bound_expression<T> Seed>
  void adjoint(expression::Loop const& loop, Bound const& bound, Seed const& seed) {
    cpu::fused_adjoint<Pack>(*pool_, loop, bound, seed);
  }
  template <expression::bound_expression<T> Bound, class Scratch>
  void sum(expression::Loop const& loop, Bound const& bound, T* out, Scratch&& scratch) {
    T* const partials = scratch(cpu::fused_sum_partials(loop));
    *out = cpu::fused_sum<Pack>(*pool_, loop, bound, partials);
  }
  template <class Destination, expression::bound_expression<T> Bound>
  void reduce(expression::Loop const& loop, Reduction kind, Destination const& destination,
              Bound const& bound) {
    cpu::fused_reduce<Pack>(*pool_, loop, kind, destination, bound);
  }

  // ---- matrices -----------------------------------------------------------------------------------------
  /// C (+)= A B with A (m, k), B (k, n), C (m, n), each with its row and column strides.
  DISENTANGLE_OUT_OF_LINE void multiply(std::ptrdiff_t m, std::ptrdiff_t n, std::ptrdiff_t k, T const* a,
                                        Strides sa, T const* b, Strides sb, T* c, Strides sc,
                                        bool accumulate) {
    auto const size = [](std::ptrdiff_t x) { return static_cast<std::size_t>(x); };
    cpu::Operand<T> const left{a, sa[0], sa[1]}, right{b, sb[0], sb[1]};
    if (sc[1] == 1 || n == 1) {
      cpu::gemm(*pool_, size(m), size(n), size(k), left, right, c, size(sc[0]), accumulate);
    } else if (sc[0] == 1 || m == 1) {  // C stored by columns: its transpose is the product of the transposes
      cpu::gemm(*pool_, size(n), size(m), size(k), right.transposed(), left.transposed(), c, size(sc[1]),
                accumulate);
    } else {  // a view with a stride in both directions: rare and small
      for (std::ptrdiff_t i = 0; i < m; ++i) {
        for (std::ptrdiff_t j = 0; j < n; ++j) {
          T total = accumulate ? c[i * sc[0] + j * sc[1]] : T(0);
          for (std::ptrdiff_t l = 0; l < k; ++l) total += left(i, l) * right(l, j);
          c[i * sc[0] + j * sc[1]] = total;
        }
      }
    }
  }

  // ---- layers -------------------------------------------------------------------------------------------
  /// out = f(x W + b), x (batch, inputs), W (inputs, features).
  template <Activation A>
  void dense(std::ptrdiff_t batch, std::ptrdiff_t inputs, std::ptrdiff_t features, T const* x,
             T const* weight, T const* bias, T* out, T slope) {
    auto const n = [](std::ptrdiff_t value) { return static_cast<std::size_t>(value); };
    cpu::gemm<A>(*pool_, n(batch), n(features), n(inputs), cpu::row_major(x, n(inputs)),
                 cpu::row_major(weight, n(features)), out, n(features), false, bias, slope);
  }
  /// d *= f'(.) given the outputs y.
  template <Activation A>
  void activation_adjoint(T const* y, T* d, std::size_t n, T slope) {
    constexpr std::size_t piece = 8192;
    pool_->for_each((n + piece - 1) / piece, [&](std::size_t task) {
      std::size_t const first = task * piece;
      cpu::apply_activation_adjoint<A>(y + first, d + first, std::min(piece, n - first), slope);
    });
  }
  /// to (+)= the sums of the columns of a (rows, columns) matrix.
  DISENTANGLE_OUT_OF_LINE void column_sums(std::ptrdiff_t rows, std::ptrdiff_t columns, T const* from, T* to,
                                           bool accumulate) {
    if (!accumulate) std::fill_n(to, columns, T(0));
    for (std::ptrdiff_t i = 0; i < rows; ++i) {
      for (std::ptrdiff_t j = 0; j < columns; ++j) to[j] += from[i * columns + j];
    }
  }

  /// out = f(conv(in, W) + b); bias null: none.
  template <class Geometry, Activation A>
  void convolution_forward(std::ptrdiff_t batch, T const* in, T const* weight, T const* bias, T* out, T slope,
                           auto&) {
    cpu::convolution_forward<Geometry, A>(*pool_, static_cast<std::size_t>(batch), in, weight, bias, out,
                                          slope);
  }
  /// All adjoints of out = f(conv(in, W) + b). out_gradient is overwritten; in_gradient null: not wanted;
  /// weight_gradient null: the weights are frozen; bias_gradient null: not wanted.
  template <class Geometry, Activation A>
  void convolution_adjoint(std::ptrdiff_t batch, T const* in, T const* weight, T const* out, T* out_gradient,
                           T* in_gradient, T* weight_gradient, T* bias_gradient, bool accumulate, T slope,
                           auto& tape) {
    auto const n = static_cast<std::size_t>(batch);
    T* const workspace = tape.scratch(cpu::convolution_workspace<Geometry>(n));
    if (weight_gradient != nullptr) {
      cpu::convolution_adjoint<Geometry, A>(*pool_, n, in, weight, out, out_gradient, in_gradient,
                                            weight_gradient, bias_gradient, accumulate, workspace, slope);
    } else if (in_gradient != nullptr) {
      cpu::activation_adjoint<A>(*pool_, n, Geometry::out_size, out, out_gradient, slope);
      cpu::convolution_input_adjoint<Geometry>(*pool_, n, static_cast<T const*>(out_gradient), weight,
                                               in_gradient, workspace);
    }
  }
  template <class Geometry, Activation A>
  void transposed_convolution_forward(std::ptrdiff_t batch, T const* in, T const* weight, T const* bias,
                                      T* out, T slope, auto& tape) {
    auto const n = static_cast<std::size_t>(batch);
    cpu::transposed_convolution_forward<Geometry, A>(
        *pool_, n, in, weight, bias, out, tape.scratch(cpu::convolution_workspace<Geometry>(n)), slope);
  }
  template <class Geometry, Activation A>
  void transposed_convolution_adjoint(std::ptrdiff_t batch, T const* in, T const* weight, T const* out,
                                      T* out_gradient, T* in_gradient, T* weight_gradient, T* bias_gradient,
                                      bool accumulate, T slope, auto& tape) {
    auto const n = static_cast<std::size_t>(batch);
    T* const workspace = tape.scratch(cpu::convolution_workspace<Geometry>(n));
    if (weight_gradient != nullptr) {
      cpu::transposed_convolution_adjoint<Geometry, A>(*pool_, n, in, weight, out, out_gradient, in_gradient,
                                                       weight_gradient, bias_gradient, accumulate, workspace,
                                                       slope);
    } else if (in_gradient != nullptr) {
      cpu::activation_adjoint<A>(*pool_, n, Geometry::out_size, out, out_gradient, slope);
      cpu::transposed_convolution_input_adjoint<Geometry>(*pool_, n, static_cast<T const*>(out_gradient),
                                                          weight, in_gradient);
    }
  }

  /// One optimiser step over flat buffers: kernel(w, g, moments) for every parameter.
  template <class Kernel, std::size_t Moments>
  DISENTANGLE_COLD void update(Kernel const& kernel, std::size_t n, T* w, T const* g,
                               std::array<T*, Moments> const& moments) {
    constexpr std::size_t piece = 16384;
    pool_->for_each((n + piece - 1) / piece, [&](std::size_t task) {
      std::size_t const end = std::min(n, (task + 1) * piece);
      for (std::size_t i = task * piece; i < end;
           i += Pack::size) {  // n is a multiple of the pack: blocks are padded
        Pack weight = Pack::load(w + i);
        FixedArray<Pack, Moments> m{};
        for (std::size_t k = 0; k < Moments; ++k) m[k] = Pack::load(moments[k] + i);
        kernel(weight, Pack::load(g + i), m);
        weight.store(w + i);
        for (std::size_t k = 0; k < Moments; ++k) m[k].store(moments[k] + i);
      }
    });
  }

  // ---- rows ---------------------------------------------------------------------------------------------
  DISENTANGLE_OUT_OF_LINE void gather_rows(T const* from, int const* rows, std::ptrdiff_t n,
                                           std::ptrdiff_t width, T* to) {
    for (std::ptrdiff_t i = 0; i < n; ++i) std::copy_n(from + rows[i] * width, width, to + i * width);
  }
  DISENTANGLE_OUT_OF_LINE void scatter_add_rows(T const* from, int const* rows, std::ptrdiff_t n,
                                                std::ptrdiff_t width, T* to) {
    for (std::ptrdiff_t i = 0; i < n; ++i) {
      for (std::ptrdiff_t j = 0; j < width; ++j) to[rows[i] * width + j] += from[i * width + j];
    }
  }

  // ---- similarities of views: a backend without these two has them from gather_rows -----------------------
  void partner_first(std::ptrdiff_t n, T const* similarity, T* out) {
    cpu::partner_first(*pool_, n, similarity, out);
  }
  void partner_first_adjoint(std::ptrdiff_t n, T const* out_gradient, T* place, T* sum) {
    cpu::partner_first_adjoint(*pool_, n, out_gradient, place, sum);
  }

  // ---- random numbers -----------------------------------------------------------------------------------
  DISENTANGLE_OUT_OF_LINE void normal(Philox const& random, T* p, std::size_t n) {
    for (std::size_t b = 0; 4 * b < n; ++b) {
      auto const z = random.normals(b);
      for (std::size_t i = 4 * b; i < std::min(n, 4 * b + 4); ++i) p[i] = static_cast<T>(z[i % 4]);
    }
  }
  DISENTANGLE_OUT_OF_LINE void uniform(Philox const& random, T* p, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) p[i] = static_cast<T>(random.uniform(i));
  }

 private:
  std::shared_ptr<ThreadPool> pool_;
};

/// The CPU in single precision: what methods train in.
using Cpu = BasicCpu<float>;

}  // namespace disentangle::backend::inline DISENTANGLE_INSTRUCTION_SET
