// SPDX-License-Identifier: Apache-2.0
// Matrix products against plain loops in double: shapes that no block divides, transposes, accumulation,
// epilogues; through Eigen; the same bits for any number of threads.
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/backend/eigen/gemm.hpp>
#include <disentangle/core/philox.hpp>

using disentangle::Activation;
using disentangle::ThreadPool;
using namespace disentangle::backend::cpu;

namespace {

template <class T>
std::vector<T> numbers(std::size_t n, std::uint32_t stream) {
  disentangle::Philox const random{7, stream, 0};
  std::vector<T> r(n);
  for (std::size_t i = 0; i < n; ++i) r[i] = static_cast<T>(random.uniform(i) - 0.5f);
  return r;
}

struct Extents {
  std::size_t m, n, k;
};

template <Activation activation, class T>
void check_product(Extents e, bool transpose_a, bool transpose_b, bool accumulate, bool with_bias) {
  std::size_t const m = e.m, n = e.n, k = e.k;
  CAPTURE(m);
  CAPTURE(n);
  CAPTURE(k);
  CAPTURE(transpose_a);
  CAPTURE(transpose_b);
  CAPTURE(accumulate);
  // rows some scalars apart, so that a wrong stride shows
  std::size_t const a_stride = (transpose_a ? m : k) + 3, b_stride = (transpose_b ? k : n) + 5,
                    c_stride = n + 7;
  auto const a_data = numbers<T>((transpose_a ? k : m) * a_stride, 1);
  auto const b_data = numbers<T>((transpose_b ? n : k) * b_stride, 2);
  auto const c_data = numbers<T>(m * c_stride, 3);
  auto const bias = numbers<T>(n, 4);
  auto a = row_major(a_data.data(), a_stride), b = row_major(b_data.data(), b_stride);
  if (transpose_a) a = a.transposed();
  if (transpose_b) b = b.transposed();
  std::vector<T> first;
  for (unsigned threads : {1u, 2u, 3u}) {
    ThreadPool pool(threads);
    auto c = c_data;
    if (!accumulate)
      for (std::size_t i = 0; i < m; ++i)
        for (std::size_t j = 0; j < n; ++j) c[i * c_stride + j] = std::numeric_limits<T>::quiet_NaN();
    disentangle::backend::eigen::gemm<activation>(pool, m, n, k, a, b, c.data(), c_stride, accumulate,
                                                  with_bias ? bias.data() : nullptr, static_cast<T>(0.2));
    if (threads != 1) {
      CHECK(std::memcmp(c.data(), first.data(), c.size() * sizeof(T)) == 0);
      continue;
    }
    first = c;
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < m; ++i) {
      for (std::size_t j = 0; j < c_stride; ++j) {
        auto const at = i * c_stride + j;
        if (j >= n) {
          wrong += c[at] != c_data[at];
          continue;
        }
        double x = accumulate ? static_cast<double>(c_data[at]) : 0;
        for (std::size_t p = 0; p < k; ++p) {
          auto const ip = static_cast<std::ptrdiff_t>(p);
          x += static_cast<double>(a(static_cast<std::ptrdiff_t>(i), ip)) *
               static_cast<double>(b(ip, static_cast<std::ptrdiff_t>(j)));
        }
        if (with_bias) x += static_cast<double>(bias[j]);
        if (activation == Activation::relu) x = x > 0 ? x : 0;
        if (activation == Activation::leaky_relu) x = x > 0 ? x : 0.2 * x;
        if (activation == Activation::tanh) x = std::tanh(x);
        if (activation == Activation::sigmoid) x = 1 / (1 + std::exp(-x));
        double const tolerance =
            (std::is_same_v<T, float> ? 1e-6 : 1e-14) * std::sqrt(static_cast<double>(k) + 1);
        wrong += !(std::abs(static_cast<double>(c[at]) - x) <= tolerance * (1 + std::abs(x)));
      }
    }
    CHECK(wrong == 0);
  }
}

}  // namespace

TEST_CASE_TEMPLATE("bias and activation are applied to the finished sums", T, float, double) {
  for (bool b : {false, true})
    for (bool accumulate : {false, true})
      for (Extents e : {Extents{64, 150, 300}, Extents{5, 40, 7}}) {
        check_product<Activation::relu, T>(e, false, b, accumulate, true);
        check_product<Activation::leaky_relu, T>(e, false, b, accumulate, true);
        check_product<Activation::tanh, T>(e, false, b, accumulate, true);
        check_product<Activation::sigmoid, T>(e, true, b, accumulate, false);
      }
}
TEST_CASE("empty products") {
  ThreadPool pool(2);
  float c = 5;
  disentangle::backend::eigen::gemm(pool, 0, 4, 4, row_major(&c, 4), row_major(&c, 4), &c, 4);
  disentangle::backend::eigen::gemm(pool, 4, 0, 4, row_major(&c, 4), row_major(&c, 4), &c, 4);
  CHECK(c == 5);
}
