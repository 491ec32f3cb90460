// SPDX-License-Identifier: Apache-2.0
// A formula on the backend with Eigen's products, and its value as an Eigen matrix.
#include <disentangle/autodiff/autodiff.hpp>
#include <disentangle/backend/eigen/eigen_cpu.hpp>
#include <disentangle/backend/eigen/interoperation.hpp>

namespace dis = disentangle;

int main() {
  dis::Tape<dis::backend::EigenCpu> tape(dis::backend::EigenCpu(1));
  float const numbers[]{1, 2, 3, 4};
  auto const x = tape.constant(dis::Extents<2>{2, 2}, numbers);
  auto const y = dis::materialise(dis::matmul(x, x) - 1.0);
  return dis::as_eigen(y).sum() == 50 ? 0 : 1;  // 7 + 10 + 15 + 22 - 4
}
