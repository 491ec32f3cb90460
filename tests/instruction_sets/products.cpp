// SPDX-License-Identifier: Apache-2.0
// Matrix products against a plain loop. Compiled twice, for two kinds of processors; PRODUCT_ERROR names the
// function. Nothing else is in this file, and it is optimised: what compilers inline decides whether two
// functions of one name meet.
#include "products.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include <disentangle/backend/cpu/gemm.hpp>
#include <disentangle/core/philox.hpp>

namespace {

std::vector<float> noise(std::size_t n, char const* name) {
  disentangle::Philox const random{0, disentangle::stream(name), 0};
  std::vector<float> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = random.uniform(i) - 0.5f;
  return x;
}

}  // namespace

double PRODUCT_ERROR() {
  namespace cpu = disentangle::backend::cpu;
  struct Sizes {
    std::size_t m, n, k;
  };
  disentangle::ThreadPool pool(2);
  double error = 0;
  for (auto const [m, n, k] :
       {Sizes{37, 51, 129}, Sizes{64, 256, 512}, Sizes{512, 64, 64}, Sizes{7, 300, 20}}) {
    auto const x = noise(m * k, "x"), y = noise(k * n, "y");
    for (bool const transposed : {false, true}) {
      auto const a = transposed ? cpu::row_major(x.data(), m).transposed() : cpu::row_major(x.data(), k);
      auto const b = transposed ? cpu::row_major(y.data(), k).transposed() : cpu::row_major(y.data(), n);
      std::vector<float> c(m * n, 0.0f);
      cpu::gemm(pool, m, n, k, a, b, c.data(), n);
      for (std::size_t i = 0; i < m; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
          double total = 0;
          for (std::size_t l = 0; l < k; ++l) {
            auto const p = static_cast<std::ptrdiff_t>(l);
            total += static_cast<double>(a(static_cast<std::ptrdiff_t>(i), p)) *
                     static_cast<double>(b(p, static_cast<std::ptrdiff_t>(j)));
          }
          error = std::max(error, std::abs(total - static_cast<double>(c[i * n + j])));
        }
      }
    }
  }
  return error;
}
