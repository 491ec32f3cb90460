// SPDX-License-Identifier: Apache-2.0
// A formula on the CUDA backend; where there is no device, one line that says so.
#include <cstdio>
#include <disentangle/autodiff/autodiff.hpp>
#include <disentangle/backend/cuda/cuda.hpp>

namespace dis = disentangle;

int main() {
  std::string const missing = dis::backend::cuda::missing_device();
  if (!missing.empty()) {
    std::printf("%s\n", missing.c_str());
    return 0;
  }
  dis::Tape<dis::backend::Cuda> tape{dis::backend::Cuda()};
  float const numbers[]{1, 2, 3};
  auto const x = tape.constant(dis::Extents<1>{3}, numbers);
  auto const y = dis::materialise(square(x) - 1.0);
  float found[3];
  tape.backend().download(y.value, found, 3);
  return found[0] + found[1] + found[2] == 11 ? 0 : 1;
}
