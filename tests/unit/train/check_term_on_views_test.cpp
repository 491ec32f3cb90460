// SPDX-License-Identifier: Apache-2.0
// The library's policies on views of images, each alone on a TermStep.
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <disentangle/contrast/info_nce.hpp>
#include <disentangle/contrast/instance_contrast.hpp>
#include <disentangle/contrast/invariant_partition.hpp>
#include <disentangle/contrast/mix_up_partition.hpp>
#include <disentangle/train/check_term.hpp>

namespace dis = disentangle;
namespace contrast = disentangle::contrast;

namespace {

using Head = contrast::ProjectionHead<5, 4>;

template <class Policy>
void check(Policy const& policy, dis::StepArrays const& arrays = {}) {
  auto const report = dis::check_term(policy, arrays, dis::SmallEncoderNetwork{});
  CHECK_MESSAGE(report.ok, report.text);
  CHECK(report.checked > 200);
}

/// Two partitions of the six images.
dis::StepArrays partitioned() {
  return {.records = {{"partition.subsets", {0, 0, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1}},
                      {"partition.epochs", {0, 50}},
                      {"partition.risks", {0, 0}}}};
}

}  // namespace

TEST_CASE("InstanceContrast: SimCLR, DCL and HCL") {
  check(contrast::InstanceContrast<contrast::Biased, Head>{});
  check(contrast::InstanceContrast<contrast::Debiased, Head>{});
  check(contrast::InstanceContrast<contrast::HardNegatives, Head>{});
}

TEST_CASE("InvariantPartition: without partitions, and with two") {
  contrast::InvariantPartition<contrast::Biased, Head> const term{.penalty = 0.7};
  check(term);
  check(term, partitioned());
  auto const none = dis::value_and_gradient(term, dis::StepArrays{}, dis::SmallEncoderNetwork{});
  auto const two = dis::value_and_gradient(term, partitioned(), dis::SmallEncoderNetwork{});
  CHECK(none.value != two.value);
}

TEST_CASE("MixUpPartition with two partitions") {
  check(contrast::MixUpPartition<Head>{.penalty = 0.7}, partitioned());
}

TEST_CASE("what a policy does not take or keep is refused in words") {
  using Term = contrast::InstanceContrast<contrast::Biased, Head>;
  dis::SmallEncoderNetwork const networks{};
  dis::HostArray<2> const images = dis::random_array(dis::Extents<2>{3, 16}, 1, 0, 1);
  auto const words = [&](dis::StepArrays const& arrays) -> std::string {
    try {
      static_cast<void>(dis::value_and_gradient(Term{}, arrays, networks));
    } catch (dis::Error const& e) {
      return e.what();
    }
    return "nothing";
  };
  CHECK(words({.records = {{"partition.subsets", {1}}}}).find("expected none") != std::string::npos);
  CHECK(words({.views = {images, images}}).find("found 2 further views, expected at most 1") !=
        std::string::npos);
  CHECK(words({.minibatches = {images}}).find("found 1 further minibatches, expected at most 0") !=
        std::string::npos);
  CHECK(words({.parameters = {{"encoder.7.weight", {1}}}}).find("expected one of encoder.1.weight, ") !=
        std::string::npos);
  CHECK(words({.images = dis::random_array(dis::Extents<2>{3, 15}, 1, 0, 1)})
            .find("(3, 15), expected (n, 16)") != std::string::npos);
}
