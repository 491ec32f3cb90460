// SPDX-License-Identifier: Apache-2.0
// The backend with the leading dimensions of a product exchanged: the emulation must not let it pass.
#include <cmath>
#include <vector>

#include <doctest/doctest.h>

#include <cublas_v2.h>

namespace {

bool mutated = false;

cublasStatus_t exchanged(cublasHandle_t handle, cublasOperation_t left, cublasOperation_t right, int m, int n,
                         int k, float const* alpha, float const* a, int lda, float const* b, int ldb,
                         float const* beta, float* c, int ldc) {
  return cublasSgemm(handle, left, right, m, n, k, alpha, a, mutated ? ldb : lda, b, mutated ? lda : ldb,
                     beta, c, ldc);
}

}  // namespace

#undef cublasSgemm
#define cublasSgemm exchanged
#include <disentangle/backend/cuda/cuda.hpp>

namespace dis = disentangle;

TEST_CASE("exchanged leading dimensions are refused or give a wrong product") {
  constexpr std::ptrdiff_t m = 3, n = 5, k = 4;
  std::vector<float> a(m * k), b(k * n), c(m * n), expected(m * n, 0.0f);
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = static_cast<float>(i) - 3;
  for (std::size_t i = 0; i < b.size(); ++i) b[i] = static_cast<float>(i % 7) + 1;
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      for (std::size_t l = 0; l < k; ++l) expected[i * n + j] += a[i * k + l] * b[l * n + j];
    }
  }
  auto const caught = [&] {
    dis::backend::Cuda backend;
    float* const p = backend.allocate(64);
    backend.upload(a.data(), p, a.size());
    backend.upload(b.data(), p + 16, b.size());
    bool wrong = false;
    try {
      backend.multiply(m, n, k, p, {k, 1}, p + 16, {n, 1}, p + 40, {n, 1}, false);
      backend.download(p + 40, c.data(), c.size());
      wrong = c != expected;
    } catch (dis::CudaError const&) {
      wrong = true;
    }
    backend.deallocate(p, 64);
    return wrong;
  };
  CHECK(!caught());
  mutated = true;
  CHECK(caught());
}
