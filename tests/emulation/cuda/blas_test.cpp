// SPDX-License-Identifier: Apache-2.0
// Matrix products of the emulated cuBLAS against a plain loop.
#include <tests/emulation/cuda/emulation.hpp>
#include <tests/emulation/cuda/support/device_array.hpp>
#include <tests/emulation/cuda/support/run_apart.hpp>

#include <cmath>
#include <cublas_v2.h>
#include <doctest/doctest.h>
#include <limits>
#include <random>

namespace emulation = disentangle::emulation;
using namespace emulation_test;

namespace {

class Handle {
 public:
  Handle() { REQUIRE(cublasCreate(&handle_) == CUBLAS_STATUS_SUCCESS); }
  Handle(Handle const&) = delete;
  Handle& operator=(Handle const&) = delete;
  ~Handle() { cublasDestroy(handle_); }
  operator cublasHandle_t() const { return handle_; }

 private:
  cublasHandle_t handle_ = nullptr;
};

template <class T>
std::vector<T> random_values(std::size_t size, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<T> uniform(-1, 1);
  std::vector<T> values(size);
  for (T& value : values) value = uniform(generator);
  return values;
}

cublasStatus_t gemm(cublasHandle_t h, cublasOperation_t oa, cublasOperation_t ob, int m, int n, int k,
                    float alpha, float const* a, int lda, float const* b, int ldb, float beta, float* c,
                    int ldc) {
  return cublasSgemm(h, oa, ob, m, n, k, &alpha, a, lda, b, ldb, &beta, c, ldc);
}
cublasStatus_t gemm(cublasHandle_t h, cublasOperation_t oa, cublasOperation_t ob, int m, int n, int k,
                    double alpha, double const* a, int lda, double const* b, int ldb, double beta, double* c,
                    int ldc) {
  return cublasDgemm(h, oa, ob, m, n, k, &alpha, a, lda, b, ldb, &beta, c, ldc);
}

/// Element (i, j) of op(X), where X is stored column-major.
template <class T>
T element(std::vector<T> const& x, int leading, bool transposed, int i, int j) {
  return x[static_cast<std::size_t>(transposed ? i * leading + j : j * leading + i)];
}

template <class T>
void check_product(cublasHandle_t handle, bool ta, bool tb, int m, int n, int k, T alpha, T beta) {
  int const lda = (ta ? k : m) + 2, ldb = (tb ? n : k) + 1, ldc = m + 3;
  auto const a = random_values<T>(static_cast<std::size_t>(lda * (ta ? m : k)), 1);
  auto const b = random_values<T>(static_cast<std::size_t>(ldb * (tb ? k : n)), 2);
  auto const c = random_values<T>(static_cast<std::size_t>(ldc * n), 3);
  DeviceArray<T> const da(a), db(b), dc(c);
  auto const op_a = ta ? CUBLAS_OP_T : CUBLAS_OP_N, op_b = tb ? CUBLAS_OP_T : CUBLAS_OP_N;
  REQUIRE(gemm(handle, op_a, op_b, m, n, k, alpha, da.get(), lda, db.get(), ldb, beta, dc.get(), ldc) ==
          CUBLAS_STATUS_SUCCESS);
  auto const result = dc.values();
  T const tolerance = 20 * std::numeric_limits<T>::epsilon() * static_cast<T>(k + 1);
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < ldc; ++i) {
      auto const at = static_cast<std::size_t>(j * ldc + i);
      if (i >= m) {
        CHECK(result[at] == c[at]);  // between the columns
        continue;
      }
      T sum = 0;
      for (int l = 0; l < k; ++l) sum += element(a, lda, ta, i, l) * element(b, ldb, tb, l, j);
      CHECK(std::abs(result[at] - (alpha * sum + beta * c[at])) <= tolerance);
    }
}

}  // namespace

TEST_CASE_TEMPLATE("Products with all transposes, odd extents and leading dimensions", T, float, double) {
  emulation::reset();
  Handle const handle;
  for (bool const ta : {false, true})
    for (bool const tb : {false, true})
      for (int const m : {1, 5, 33})
        for (int const n : {1, 7, 65})
          for (int const k : {1, 6, 40}) check_product<T>(handle, ta, tb, m, n, k, T(1.5), T(-0.5));
  check_product<T>(handle, false, false, 4, 4, 0, T(1), T(2));  // k = 0: C is scaled
  CHECK(emulation::counters().gemms == 2 * 2 * 27 + 1);
}

TEST_CASE("With beta 0, C is not read, and with alpha 0, neither A nor B is") {
  emulation::reset();
  Handle const handle;
  DeviceArray<float> const a(std::vector<float>{1, 2, 3, 4}), poisoned(4), c(4);
  REQUIRE(gemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 2, 1.0f, a.get(), 2, a.get(), 2, 0.0f, c.get(), 2) ==
          CUBLAS_STATUS_SUCCESS);
  CHECK(c.values() == std::vector<float>{7, 10, 15, 22});
  REQUIRE(gemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 2, 0.0f, poisoned.get(), 2, nullptr, 2, 2.0f, c.get(),
               2) == CUBLAS_STATUS_SUCCESS);
  CHECK(c.values() == std::vector<float>{14, 20, 30, 44});
  REQUIRE(gemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 2, 1.0f, a.get(), 2, poisoned.get(), 2, 0.0f, c.get(),
               2) == CUBLAS_STATUS_SUCCESS);
  for (float const value : c.values()) CHECK(std::isnan(value));
}

TEST_CASE("Arguments are refused as the real library refuses them") {
  emulation::reset();
  Handle const handle;
  DeviceArray<float> const x(100);
  float* const p = x.get();
  constexpr auto n = CUBLAS_OP_N, t = CUBLAS_OP_T;
  constexpr auto invalid = CUBLAS_STATUS_INVALID_VALUE;
  CHECK(gemm(handle, n, n, 3, 4, 5, 1.f, p, 2, p, 5, 0.f, p, 3) == invalid);  // lda < m
  CHECK(gemm(handle, t, n, 3, 4, 5, 1.f, p, 4, p, 5, 0.f, p, 3) == invalid);  // lda < k
  CHECK(gemm(handle, n, n, 3, 4, 5, 1.f, p, 3, p, 4, 0.f, p, 3) == invalid);  // ldb < k
  CHECK(gemm(handle, n, t, 3, 4, 5, 1.f, p, 3, p, 3, 0.f, p, 3) == invalid);  // ldb < n
  CHECK(gemm(handle, n, n, 3, 4, 5, 1.f, p, 3, p, 5, 0.f, p, 2) == invalid);  // ldc < m
  CHECK(gemm(handle, n, n, -1, 4, 5, 1.f, p, 3, p, 5, 0.f, p, 3) == invalid);
  CHECK(gemm(handle, n, n, 3, 4, 5, 1.f, p, 3, p, 5, 0.f, nullptr, 3) == invalid);
  CHECK(gemm(handle, n, n, 0, 4, 5, 1.f, p, 1, p, 5, 0.f, p, 1) == CUBLAS_STATUS_SUCCESS);
  CHECK(cublasSgemm(handle, n, n, 1, 1, 1, nullptr, p, 1, p, 1, nullptr, p, 1) == invalid);
  CHECK(emulation::counters().gemms == 0);
}

TEST_CASE("A swapped leading dimension is refused, or gives a result that a test sees") {
  // C (m, n) = A (m, k) B (k, n), row-major, as C^T = B^T A^T; the mistake exchanges ldb and lda.
  auto const program = [](int m, int n, int k, bool mistaken) {
    return run_apart([=] {
      Handle const handle;
      auto const a = random_values<float>(static_cast<std::size_t>(m * k), 1);
      auto const b = random_values<float>(static_cast<std::size_t>(k * n), 2);
      DeviceArray<float> const da(a), db(b), dc(static_cast<std::size_t>(m * n));
      auto const status = gemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, n, m, k, 1.f, db.get(), mistaken ? k : n,
                               da.get(), mistaken ? n : k, 0.f, dc.get(), n);
      if (status != CUBLAS_STATUS_SUCCESS) {
        std::fputs("refused\n", stderr);
        _exit(4);
      }
      auto const c = dc.values();
      for (int i = 0; i < m; ++i)
        for (int j = 0; j < n; ++j) {
          float sum = 0;
          for (int l = 0; l < k; ++l)
            sum += a[static_cast<std::size_t>(i * k + l)] * b[static_cast<std::size_t>(l * n + j)];
          require_apart(std::abs(sum - c[static_cast<std::size_t>(i * n + j)]) < 1e-5f);
        }
    });
  };
  for (auto const& extents : {std::pair{3, 5}, {5, 3}, {4, 9}, {9, 4}}) {
    int const n = extents.first, k = extents.second;
    CAPTURE(n);
    CHECK(program(6, n, k, false).well());
    CHECK_FALSE(program(6, n, k, true).well());
  }
  CHECK(program(6, 5, 3, true).says("refused"));
}

TEST_CASE("Operands that reach beyond their allocation, or are host memory, end the program with words") {
  auto const program = [](std::size_t size_of_b, bool host) {
    return run_apart([=] {
      Handle const handle;
      DeviceArray<float> const a(std::vector<float>(6, 1.f)), b(std::vector<float>(size_of_b, 1.f)), c(4);
      std::vector<float> on_host(6);
      require_apart(gemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 3, 1.f, host ? on_host.data() : a.get(), 2,
                         b.get(), 3, 0.f, c.get(), 2) == CUBLAS_STATUS_SUCCESS);
      require(cudaDeviceSynchronize());
    });
  };
  CHECK(program(6, false).well());
  auto const short_b = program(5, false);
  CHECK_FALSE(short_b.normal);
  CHECK(short_b.says("cublasSgemm: B of 24 bytes from byte 0 goes beyond its allocation of 20 bytes"));
  auto const host = program(6, true);
  CHECK_FALSE(host.normal);
  CHECK(host.says("is not device memory"));
}

TEST_CASE("Batches with strides, and cublasGemmEx") {
  emulation::reset();
  Handle const handle;
  DeviceArray<float> const a(std::vector<float>{1, 2, 3, 4, 5, 6}), b(std::vector<float>{1, 10, 100}), c(3);
  float const one = 1, zero = 0;
  // Three products (1, 2) (2, 1) that share B's overlapping pairs.
  REQUIRE(cublasSgemmStridedBatched(handle, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 2, &one, a.get(), 1, 2, b.get(),
                                    2, 0, &zero, c.get(), 1, 1, 3) == CUBLAS_STATUS_SUCCESS);
  CHECK(c.values() == std::vector<float>{21, 43, 65});
  REQUIRE(cublasGemmEx(handle, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 3, &one, a.get(), CUDA_R_32F, 1, b.get(),
                       CUDA_R_32F, 3, &zero, c.get(), CUDA_R_32F, 1, CUBLAS_COMPUTE_32F,
                       CUBLAS_GEMM_DEFAULT) == CUBLAS_STATUS_SUCCESS);
  CHECK(c.values()[0] == 321);
  CHECK(cublasGemmEx(handle, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 3, &one, a.get(), CUDA_R_32F, 1, b.get(),
                     CUDA_R_32F, 3, &zero, c.get(), CUDA_R_32F, 1, CUBLAS_COMPUTE_64F,
                     CUBLAS_GEMM_DEFAULT) == CUBLAS_STATUS_NOT_SUPPORTED);
  DeviceArray<double> const x(std::vector<double>{1, 2}), y(1);
  double const alpha = 0.5, beta = 0;
  REQUIRE(cublasGemmEx(handle, CUBLAS_OP_T, CUBLAS_OP_N, 1, 1, 2, &alpha, x.get(), CUDA_R_64F, 2, x.get(),
                       CUDA_R_64F, 2, &beta, y.get(), CUDA_R_64F, 1, CUBLAS_COMPUTE_64F,
                       CUBLAS_GEMM_DEFAULT) == CUBLAS_STATUS_SUCCESS);
  CHECK(y.values()[0] == 2.5);
}

TEST_CASE("Results of a batch that overlap end the program") {
  auto const program = [](long long stride) {
    return run_apart([=] {
      Handle const handle;
      DeviceArray<float> const a(std::vector<float>{1, 2, 3, 4}), c(4);
      float const one = 1, zero = 0;
      // Two products (2, 1) (1, 1).
      require_apart(cublasSgemmStridedBatched(handle, CUBLAS_OP_N, CUBLAS_OP_N, 2, 1, 1, &one, a.get(), 2, 2,
                                              a.get(), 1, 0, &zero, c.get(), 2, stride,
                                              2) == CUBLAS_STATUS_SUCCESS);
      require_apart(c.values() == std::vector<float>{1, 2, 3, 4});
    });
  };
  CHECK(program(2).well());
  auto const ending = program(1);
  CHECK_FALSE(ending.normal);
  CHECK(ending.says("the matrices C of the batch overlap"));
}

TEST_CASE("TF32 keeps ten bits of the mantissa; the default mode keeps all") {
  emulation::reset();
  Handle const handle;
  float const value = 1 + 0x1p-12f;
  DeviceArray<float> const a(std::vector<float>{value}), b(std::vector<float>{1}), c(1);
  auto const product = [&] {
    REQUIRE(gemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 1, 1.f, a.get(), 1, b.get(), 1, 0.f, c.get(), 1) ==
            CUBLAS_STATUS_SUCCESS);
    return c.values()[0];
  };
  CHECK(product() == value);
  REQUIRE(cublasSetMathMode(handle, CUBLAS_TF32_TENSOR_OP_MATH) == CUBLAS_STATUS_SUCCESS);
  cublasMath_t mode;
  REQUIRE(cublasGetMathMode(handle, &mode) == CUBLAS_STATUS_SUCCESS);
  CHECK(mode == CUBLAS_TF32_TENSOR_OP_MATH);
  CHECK(product() == 1);
}

TEST_CASE("A product is enqueued on the stream of its handle, and uses its workspace") {
  emulation::reset();
  Handle const handle;
  OwnStream const stream;
  emulation::defer(stream);
  DeviceArray<float> const a(std::vector<float>{3}), c(std::vector<float>{0}),
      workspace(std::vector<float>(64, 1.f));
  REQUIRE(cublasSetStream(handle, stream) == CUBLAS_STATUS_SUCCESS);
  cudaStream_t found = nullptr;
  REQUIRE(cublasGetStream(handle, &found) == CUBLAS_STATUS_SUCCESS);
  CHECK(found == static_cast<cudaStream_t>(stream));
  REQUIRE(cublasSetWorkspace(handle, workspace.get(), 128) == CUBLAS_STATUS_SUCCESS);
  CHECK(cublasSetWorkspace(handle, workspace.get() + 1, 128) == CUBLAS_STATUS_INVALID_VALUE);
  REQUIRE(gemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 1, 1.f, a.get(), 1, a.get(), 1, 0.f, c.get(), 1) ==
          CUBLAS_STATUS_SUCCESS);
  CHECK(cudaStreamQuery(stream) == cudaErrorNotReady);
  CHECK(c.values() == std::vector<float>{9});
  auto const rest = workspace.values();
  CHECK(std::isnan(rest[0]));
  CHECK(std::isnan(rest[31]));
  CHECK(rest[32] == 1);
}

TEST_CASE("A destroyed handle is refused and told") {
  emulation::reset();
  cublasHandle_t handle = nullptr;
  REQUIRE(cublasCreate(&handle) == CUBLAS_STATUS_SUCCESS);
  CHECK(emulation::live().blas_handles == 1);
  REQUIRE(cublasDestroy(handle) == CUBLAS_STATUS_SUCCESS);
  CHECK(cublasDestroy(handle) == CUBLAS_STATUS_NOT_INITIALIZED);
  CHECK(emulation::take_reports().size() == 1);
}
