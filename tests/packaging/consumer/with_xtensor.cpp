// SPDX-License-Identifier: Apache-2.0
// A formula on the xtensor backend, and its value as an xtensor.
#include <disentangle/autodiff/autodiff.hpp>
#include <disentangle/backend/xtensor/interoperation.hpp>
#include <disentangle/backend/xtensor/xtensor.hpp>

namespace dis = disentangle;

int main() {
  dis::Tape<dis::backend::Xtensor> tape(dis::backend::Xtensor(1));
  float const numbers[]{1, 2, 3};
  auto const x = tape.constant(dis::Extents<1>{3}, numbers);
  auto const y = dis::materialise(square(x) - 1.0);
  return xt::sum(dis::as_xtensor(y))() == 11 ? 0 : 1;
}
