// SPDX-License-Identifier: Apache-2.0
// The generative methods of the shelf on backend::Cuda, with the small networks of tests/support: compiled and linked
// everywhere nvcc is; on a device, losses against the CPU's and the same bits with and without graphs.
#include <string>
#include <vector>

#include <disentangle/backend/cpu/cpu.hpp>
#include <disentangle/contrast/variation_contrast.hpp>

#include "device.hpp"
#include "tests/support/small_generative.hpp"

namespace dis = disentangle;

namespace {

using DisCo = dis::With<dis::test::SmallNetworks<dis::method::Did>,
                        dis::Contrast<dis::contrast::VariationContrast<dis::test::SmallTrunk, 8>>>;

/// The losses of ten steps, each read back.
template <class Model>
std::vector<double> losses(Model& model) {
  std::vector<double> found;
  for (std::size_t step = 0; step < 10; ++step) {
    found.push_back(model.step(dis::test::SmallBatches(8, step).both, true).loss);
  }
  return found;
}

template <class Method>
void check(char const* name) {
  using Image = dis::test::SmallImage;
  dis::Model cpu{Method{}, dis::backend::Cpu{1}, Image{}, dis::seed(0)};
  dis::Model replayed{Method{}, dis::backend::Cuda{}, Image{}, dis::seed(0)};
  dis::Model launched{Method{}, dis::backend::Cuda{{.graphs = false}}, Image{}, dis::seed(0)};
  auto const expected = losses(cpu), found = losses(replayed);
  for (std::size_t step = 0; step < found.size(); ++step) {
    dis::testing::expect_near(std::string(name) + " step " + std::to_string(step + 1), found[step],
                              expected[step], 1e-2);
  }
  dis::testing::expect_near(std::string(name) + " same bits with and without graphs",
                            found == losses(launched), 1, 0);
}

}  // namespace

int main() {
  if (dis::testing::skips_without_device()) return dis::testing::skipped;
  check<dis::test::SmallWganGp>("WganGp");
  check<dis::test::SmallDid>("Did");
  check<dis::test::SmallInfoGanCr>("InfoGanCr");
  check<DisCo>("WganGp with DisCo's contrast");
  return dis::testing::failures == 0 ? 0 : 1;
}
