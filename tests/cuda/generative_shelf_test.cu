// SPDX-License-Identifier: Apache-2.0
// The generative methods of the shelf on backend::Cuda, with the small networks of tests/support: compiled
// and linked everywhere nvcc is; on a device, losses against the CPU's and the same bits with and without
// graphs.
#include <disentangle/contrast/variation_contrast.hpp>

#include "shelf.hpp"
#include "tests/support/small_generative.hpp"

namespace dis = disentangle;

namespace {

using DisCo = dis::With<dis::test::SmallNetworks<dis::method::Did>,
                        dis::Contrast<dis::contrast::VariationContrast<dis::test::SmallTrunk, 8>>>;

}  // namespace

int main() {
  using dis::testing::check;
  if (dis::testing::skips_without_device()) return dis::testing::skipped;
  check<dis::test::SmallWganGp>("WganGp", 1e-2);
  check<dis::test::SmallDid>("Did", 1e-2);
  check<dis::test::SmallInfoGanCr>("InfoGanCr", 1e-2);
  check<DisCo>("WganGp with DisCo's contrast", 1e-2);
  return dis::testing::failures == 0 ? 0 : 1;
}
