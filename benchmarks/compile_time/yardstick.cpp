// SPDX-License-Identifier: Apache-2.0
// The yardstick: a well known header library and one matrix product of it. Costs of compiling are told as
// multiples of this, so that machines, and hours of one machine, compare.
#include <Eigen/Core>

void product(float const* a, float const* b, float* c, int n) {
  Eigen::Map<Eigen::MatrixXf const> const left(a, n, n), right(b, n, n);
  Eigen::Map<Eigen::MatrixXf> result(c, n, n);
  result.noalias() += left * right;
}
