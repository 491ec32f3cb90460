// SPDX-License-Identifier: Apache-2.0
// Methods that compare two views of a minibatch, with a small encoder: the three losses, and invariance
// across partitions.
#include "tests/backends/support/method_rows.hpp"
#include "tests/backends/support/topic.hpp"
#include "tests/support/small_contrastive.hpp"

using namespace disentangle;
using namespace disentangle::test;

namespace {

/// Two partitions of 16 images.
struct WithPartitions {
  void operator()(auto& model) const {
    model.for_each_record([]<class T>(std::string const& name, std::vector<T>& values) {
      if (name == "partition.epochs" || name == "partition.risks") values.assign(2, T(0));
      if (name != "partition.subsets") return;
      for (int i = 0; i < 32; ++i) values.push_back(T(i < 16 ? i % 2 : i % 3 == 0));
    });
  }
};

Register<TestedBackend> const registered("methods_contrastive", [](auto& rows) {
  // before batch normalisation a bias changes nothing, so its gradient is rounding
  Amounts const amounts{.batch = 9,
                        .steps = 3,
                        .images = 67,
                        .still = {"encoder.0.bias", "encoder.4.bias", "projection.0.bias"}};
  auto const row = [&](std::string const& name, auto method, auto prepare) {
    method_row<SmallImage>(rows, name, method, amounts, prepare);
  };
  row("SimClr", SmallSimClr{}, AsItStarts{});
  row("Dcl", SmallDcl{}, AsItStarts{});
  row("Hcl", SmallHcl{}, AsItStarts{});
  row("IpIrm", SmallIpIrm{}, WithPartitions{});
  row("DclIpIrm", SmallDclIpIrm{}, WithPartitions{});
  row("HclIpIrm", SmallHclIpIrm{}, WithPartitions{});
  row("SimClr with MixUp, partitions", SmallMixUp{}, WithPartitions{});
  SmallIpIrm scalar;
  auto& term = scalar.template get<SmallPartition<contrast::Biased>>();
  term.dummy = contrast::Dummy::scalar;
  term.over = contrast::OverPartitions::sum;
  row("IpIrm, scalar dummy, sum", scalar, WithPartitions{});
});

}  // namespace
