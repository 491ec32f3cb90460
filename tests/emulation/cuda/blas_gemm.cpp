// SPDX-License-Identifier: Apache-2.0
// cuBLAS: matrix products. Matrices are column-major.
#include "blas.hpp"

#include "memory.hpp"
#include "multiply.hpp"
#include "report.hpp"
#include "streams.hpp"

namespace disentangle::emulation::detail {
namespace {

/// A matrix as it is stored: `rows` x `columns`, column-major, with `leading` elements from one column to the
/// next.
struct Stored {
  void const* data;
  long long rows, columns, leading, stride;  // stride: elements from one matrix of a batch to the next
  bool transposed;
  bool is_valid() const { return leading >= std::max(1LL, rows); }
  /// Bytes from the first element to the last of all the batch.
  std::size_t extent(long long batch, std::size_t element) const {
    if (rows == 0 || columns == 0 || batch == 0) return 0;
    return static_cast<std::size_t>((batch - 1) * stride + (columns - 1) * leading + rows) * element;
  }
};

struct Product {
  char const* name;
  long long m, n, k, batch;
  Stored a, b, c;
  bool reduced_precision;
};

template <class T>
Packed<T> pack(Stored const& matrix, long long batch) {
  auto const rows = static_cast<std::size_t>(matrix.transposed ? matrix.columns : matrix.rows);
  auto const columns = static_cast<std::size_t>(matrix.transposed ? matrix.rows : matrix.columns);
  Packed<T> packed(rows, columns);
  T const* const data = static_cast<T const*>(matrix.data) + batch * matrix.stride;
  auto const leading = static_cast<std::size_t>(matrix.leading);
  if (matrix.transposed) {
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t j = 0; j < columns; ++j) packed(i, j) = data[i * leading + j];
  } else {
    for (std::size_t j = 0; j < columns; ++j)
      for (std::size_t i = 0; i < rows; ++i) packed(i, j) = data[j * leading + i];
  }
  return packed;
}

template <class T>
void run(Product const& product, T alpha, T beta) {
  auto const m = static_cast<std::size_t>(product.m), n = static_cast<std::size_t>(product.n);
  auto const k = static_cast<std::size_t>(product.k), leading = static_cast<std::size_t>(product.c.leading);
  for (long long batch = 0; batch < product.batch; ++batch) {
    Packed<T> result(m, n);
    if (alpha != T{0} && k != 0) {  // otherwise neither A nor B is read
      auto a = pack<T>(product.a, batch), b = pack<T>(product.b, batch);
      if (product.reduced_precision) {
        round_to_tf32(a);
        round_to_tf32(b);
      }
      multiply_add(m, n, k, a, b, result);
    }
    T* const c = static_cast<T*>(const_cast<void*>(product.c.data)) + batch * product.c.stride;
    for (std::size_t j = 0; j < n; ++j)
      for (std::size_t i = 0; i < m; ++i) {
        T& value = c[j * leading + i];
        T const scaled = alpha == T{0} ? T{0} : alpha * result(i, j);
        value = beta == T{0} ? scaled : scaled + beta * value;  // with beta 0, C is not read
      }
  }
}

template <class T>
void check_operands(Product const& product, T alpha,
                    void check(char const*, char const*, void const*, std::size_t)) {
  if (alpha != T{0} && product.k != 0) {
    check(product.name, "A", product.a.data, product.a.extent(product.batch, sizeof(T)));
    check(product.name, "B", product.b.data, product.b.extent(product.batch, sizeof(T)));
  }
  check(product.name, "C", product.c.data, product.c.extent(product.batch, sizeof(T)));
}

template <class T>
Operation operation_of(Product const& product, T alpha, T beta, cublasContext const& context) {
  static char const tag = 0;  // stands for the kernel: one for each element type
  Operation operation;
  operation.type = cudaGraphNodeTypeKernel;
  operation.name = product.name;
  operation.function = &tag;
  operation.parameters = {product.m,
                          product.n,
                          product.k,
                          product.batch,
                          product.a.leading,
                          product.b.leading,
                          product.c.leading,
                          product.a.stride,
                          product.b.stride,
                          product.c.stride,
                          product.a.transposed,
                          product.b.transposed};
  operation.run = [product, alpha, beta, workspace = context.workspace, bytes = context.workspace_bytes] {
    check_operands(product, alpha, require_live);
    require_live(product.name, "its workspace", workspace, bytes);
    if (bytes != 0) poison(workspace, bytes);
    run(product, alpha, beta);
  };
  return operation;
}

bool is_operation(cublasOperation_t operation) {
  return operation == CUBLAS_OP_N || operation == CUBLAS_OP_T || operation == CUBLAS_OP_C;
}

template <class T>
cublasStatus_t multiply(cublasContext const& context, cublasOperation_t op_a, cublasOperation_t op_b,
                        Product product, void const* alpha_pointer, void const* beta_pointer) {
  if (!is_operation(op_a) || !is_operation(op_b) || product.m < 0 || product.n < 0 || product.k < 0 ||
      product.batch < 0)
    return CUBLAS_STATUS_INVALID_VALUE;
  product.a.transposed = op_a != CUBLAS_OP_N;
  product.b.transposed = op_b != CUBLAS_OP_N;
  product.c.transposed = false;
  auto const store = [](Stored& matrix, long long rows, long long columns) {
    matrix.rows = matrix.transposed ? columns : rows;
    matrix.columns = matrix.transposed ? rows : columns;
    return matrix.is_valid();
  };
  if (!store(product.a, product.m, product.k) || !store(product.b, product.k, product.n) ||
      !store(product.c, product.m, product.n))
    return CUBLAS_STATUS_INVALID_VALUE;
  if (product.m == 0 || product.n == 0 || product.batch == 0) return CUBLAS_STATUS_SUCCESS;
  if (alpha_pointer == nullptr || beta_pointer == nullptr || product.c.data == nullptr)
    return CUBLAS_STATUS_INVALID_VALUE;
  if (product.batch > 1 && product.c.stride < (product.n - 1) * product.c.leading + product.m)
    fail("%s: the matrices C of the batch overlap: stride %lld", product.name, product.c.stride);
  if (is_device_address(alpha_pointer) || is_device_address(beta_pointer))
    fail("%s: alpha or beta lies in device memory, but the pointer mode is that of the host", product.name);
  T const alpha = *static_cast<T const*>(alpha_pointer), beta = *static_cast<T const*>(beta_pointer);
  check_operands(product, alpha, require_allocated);
  bool const captured = is_captured(context.stream);
  if (submit(context.stream, operation_of(product, alpha, beta, context)) != cudaSuccess)
    return CUBLAS_STATUS_EXECUTION_FAILED;
  if (!captured) ++settings().counters.gemms;
  return CUBLAS_STATUS_SUCCESS;
}

bool uses_tf32(cublasContext const& context) { return context.math == CUBLAS_TF32_TENSOR_OP_MATH; }

template <class T>
cublasStatus_t plain(char const* name, cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b,
                     int m, int n, int k, T const* alpha, Stored a, Stored b, T const* beta, Stored c,
                     int batch) {
  return with_handle(name, handle, [&] {
    Product const product{name, m, n, k, batch, a, b, c, uses_tf32(*handle)};
    return multiply<T>(*handle, op_a, op_b, product, alpha, beta);
  });
}

Stored matrix(void const* data, long long leading, long long stride = 0) {
  return {data, 0, 0, leading, stride, false};
}

bool is_single(cublasComputeType_t type) {
  return type == CUBLAS_COMPUTE_32F || type == CUBLAS_COMPUTE_32F_PEDANTIC ||
         type == CUBLAS_COMPUTE_32F_FAST_TF32;
}

/// cublasGemmEx and its batched form: one type for all, with the compute type of the same width.
cublasStatus_t mixed(char const* name, cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b,
                     int m, int n, int k, void const* alpha, Stored a, Stored b, void const* beta, Stored c,
                     int batch, cudaDataType type_a, cudaDataType type_b, cudaDataType type_c,
                     cublasComputeType_t compute) {
  return with_handle(name, handle, [&] {
    if (type_a != type_b || type_a != type_c) return CUBLAS_STATUS_NOT_SUPPORTED;
    Product product{name, m, n, k, batch, a, b, c, false};
    if (type_a == CUDA_R_32F && is_single(compute)) {
      product.reduced_precision =
          compute == CUBLAS_COMPUTE_32F_FAST_TF32 || (compute == CUBLAS_COMPUTE_32F && uses_tf32(*handle));
      return multiply<float>(*handle, op_a, op_b, product, alpha, beta);
    }
    if (type_a == CUDA_R_64F && (compute == CUBLAS_COMPUTE_64F || compute == CUBLAS_COMPUTE_64F_PEDANTIC))
      return multiply<double>(*handle, op_a, op_b, product, alpha, beta);
    return CUBLAS_STATUS_NOT_SUPPORTED;
  });
}

}  // namespace

}  // namespace disentangle::emulation::detail

using namespace disentangle::emulation::detail;

extern "C" {

cublasStatus_t cublasSgemm(cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b, int m,
                           int n, int k, float const* alpha, float const* a, int lda, float const* b, int ldb,
                           float const* beta, float* c, int ldc) {
  return plain<float>("cublasSgemm", handle, op_a, op_b, m, n, k, alpha, matrix(a, lda), matrix(b, ldb), beta,
                      matrix(c, ldc), 1);
}

cublasStatus_t cublasDgemm(cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b, int m,
                           int n, int k, double const* alpha, double const* a, int lda, double const* b,
                           int ldb, double const* beta, double* c, int ldc) {
  return plain<double>("cublasDgemm", handle, op_a, op_b, m, n, k, alpha, matrix(a, lda), matrix(b, ldb),
                       beta, matrix(c, ldc), 1);
}

cublasStatus_t cublasSgemmStridedBatched(cublasHandle_t handle, cublasOperation_t op_a,
                                         cublasOperation_t op_b, int m, int n, int k, float const* alpha,
                                         float const* a, int lda, long long stride_a, float const* b, int ldb,
                                         long long stride_b, float const* beta, float* c, int ldc,
                                         long long stride_c, int batch) {
  return plain<float>("cublasSgemmStridedBatched", handle, op_a, op_b, m, n, k, alpha,
                      matrix(a, lda, stride_a), matrix(b, ldb, stride_b), beta, matrix(c, ldc, stride_c),
                      batch);
}

cublasStatus_t cublasDgemmStridedBatched(cublasHandle_t handle, cublasOperation_t op_a,
                                         cublasOperation_t op_b, int m, int n, int k, double const* alpha,
                                         double const* a, int lda, long long stride_a, double const* b,
                                         int ldb, long long stride_b, double const* beta, double* c, int ldc,
                                         long long stride_c, int batch) {
  return plain<double>("cublasDgemmStridedBatched", handle, op_a, op_b, m, n, k, alpha,
                       matrix(a, lda, stride_a), matrix(b, ldb, stride_b), beta, matrix(c, ldc, stride_c),
                       batch);
}

cublasStatus_t cublasGemmEx(cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b, int m,
                            int n, int k, void const* alpha, void const* a, cudaDataType type_a, int lda,
                            void const* b, cudaDataType type_b, int ldb, void const* beta, void* c,
                            cudaDataType type_c, int ldc, cublasComputeType_t compute, cublasGemmAlgo_t) {
  return mixed("cublasGemmEx", handle, op_a, op_b, m, n, k, alpha, matrix(a, lda), matrix(b, ldb), beta,
               matrix(c, ldc), 1, type_a, type_b, type_c, compute);
}

cublasStatus_t cublasGemmStridedBatchedEx(cublasHandle_t handle, cublasOperation_t op_a,
                                          cublasOperation_t op_b, int m, int n, int k, void const* alpha,
                                          void const* a, cudaDataType type_a, int lda, long long stride_a,
                                          void const* b, cudaDataType type_b, int ldb, long long stride_b,
                                          void const* beta, void* c, cudaDataType type_c, int ldc,
                                          long long stride_c, int batch, cublasComputeType_t compute,
                                          cublasGemmAlgo_t) {
  return mixed("cublasGemmStridedBatchedEx", handle, op_a, op_b, m, n, k, alpha, matrix(a, lda, stride_a),
               matrix(b, ldb, stride_b), beta, matrix(c, ldc, stride_c), batch, type_a, type_b, type_c,
               compute);
}

}  // extern "C"
