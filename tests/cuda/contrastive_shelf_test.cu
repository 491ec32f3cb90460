// SPDX-License-Identifier: Apache-2.0
// The contrastive methods of the shelf on backend::Cuda: compiled and linked everywhere nvcc is; on a device,
// losses against the CPU's and the same bits with and without graphs.
#include "shelf.hpp"
#include "tests/support/small_contrastive.hpp"

namespace {

/// A partition of 8 images, whose subsets differ in size.
struct WithPartition {
  void operator()(auto& model) const {
    model.for_each_record([]<class T>(std::string const& name, std::vector<T>& values) {
      if (name == "partition.epochs" || name == "partition.risks") values.assign(1, T(0));
      if (name == "partition.subsets") values = {0, 1, 0, 0, 1, 1, 0, 0};
    });
  }
};

}  // namespace

int main() {
  using disentangle::testing::check;
  if (disentangle::testing::skips_without_device()) return disentangle::testing::skipped;
  check<disentangle::test::SmallSimClr>("SimClr");
  check<disentangle::test::SmallDcl>("Dcl");
  check<disentangle::test::SmallHcl>("Hcl");
  check<disentangle::test::SmallIpIrm>("IpIrm", 1e-3, WithPartition{});
  check<disentangle::test::SmallDclIpIrm>("DclIpIrm", 1e-3, WithPartition{});
  check<disentangle::test::SmallHclIpIrm>("HclIpIrm", 1e-3, WithPartition{});
  check<disentangle::test::SmallMixUp>("SimClr with MixUp and a partition", 1e-3, WithPartition{});
  return disentangle::testing::failures == 0 ? 0 : 1;
}
