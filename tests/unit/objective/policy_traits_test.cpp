// SPDX-License-Identifier: Apache-2.0
// policy_traits: defaults, what policies state, and before_epoch, which needs no further word.
#include <doctest/doctest.h>

#include <disentangle/adversary/total_correlation.hpp>
#include <disentangle/contrast/invariant_partition.hpp>
#include <disentangle/objective/policy_traits.hpp>
#include <disentangle/supervision/labelled_step.hpp>

#include <string>
#include <vector>

namespace dis = disentangle;

namespace {

struct Plain {
  int batches = 3, view = 2;  // hyper-parameters may have names of which static constants would be refused
};
struct Surveyor {
  void before_epoch(auto& epoch) const { static_cast<void>(epoch.number()); }
  static std::vector<std::string> measures(int latents) {
    return std::vector<std::string>(static_cast<std::size_t>(latents), "m");
  }
};
struct Silent : Surveyor {
  static constexpr bool surveys = false;
};

}  // namespace

TEST_CASE("policy_traits: what a policy leaves out has a default") {
  using traits = dis::policy_traits<Plain>;
  CHECK(traits::checked);
  CHECK(traits::minibatches == 1);
  CHECK(traits::views == 1);
  CHECK_FALSE(traits::labelled);
  CHECK_FALSE(traits::surveys);
  CHECK(traits::measures(3).empty());
}

TEST_CASE("policy_traits: what policies of the library state") {
  CHECK(dis::policy_traits<dis::adversary::TotalCorrelation<>>::minibatches == 2);
  CHECK(dis::policy_traits<dis::supervision::LabelledStep>::labelled);
  CHECK(dis::policy_traits<dis::contrast::InvariantPartition<>>::views == 2);
  CHECK(dis::policy_traits<dis::contrast::InvariantPartition<>>::surveys);
}

TEST_CASE("policy_traits: before_epoch alone makes a survey, and can be switched off") {
  CHECK(dis::policy_traits<Surveyor>::surveys);
  CHECK(dis::policy_traits<Surveyor>::measures(4).size() == 4);
  CHECK_FALSE(dis::policy_traits<Silent>::surveys);
}
