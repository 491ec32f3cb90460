// SPDX-License-Identifier: Apache-2.0
// An Eigen matrix in Eigen's default layout, by columns, given as codes; and an expression, which has no
// memory.
// expected-error 1: this Eigen matrix is stored by columns: make it an Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>
// expected-error 2: an Eigen expression has no memory: evaluate it first
#include <disentangle/backend/eigen/interoperation.hpp>

namespace dis = disentangle;

#ifndef MISTAKE
#define MISTAKE 0
#endif
dis::MatrixView<float> codes(Eigen::MatrixXf& matrix, dis::EigenRows<float>& rows) {
#if MISTAKE == 1
  return dis::matrix_view(matrix);
#elif MISTAKE == 2
  return dis::matrix_view(2.0f * rows);
#else
  rows = dis::row_major(matrix);
  return dis::matrix_view(rows);
#endif
}
