// SPDX-License-Identifier: Apache-2.0
// What the terms on partitions of the data set share: the partitions found so far, the search for a further
// one, the images of a minibatch that are in a subset.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/contrast/mixed_partition_search.hpp>
#include <disentangle/contrast/partition_search.hpp>
#include <disentangle/contrast/projection_head.hpp>

namespace disentangle::contrast::detail {

/// The head of a method and the partitions that it retains.
template <class Head, class Setting>
struct PartitionState : Projection<Head, Setting> {
  using Projection<Head, Setting>::Projection;

  std::vector<int> subsets;   // of each partition the subset of each image, one partition behind the other
  std::vector<int> epochs;    // before which each was found
  std::vector<double> risks;  // that each was found with

  std::size_t count() const { return epochs.size(); }
  std::span<int const> partition(std::size_t p) const {
    std::size_t const n = subsets.size() / count();
    return std::span(subsets).subspan(p * n, n);
  }
  void forget_first() {
    subsets.erase(subsets.begin(), subsets.begin() + static_cast<std::ptrdiff_t>(subsets.size() / count()));
    epochs.erase(epochs.begin());
    risks.erase(risks.begin());
  }
  void for_each_record(auto&& visit) {
    visit("partition.subsets", subsets);
    visit("partition.epochs", epochs);
    visit("partition.risks", risks);
  }
};

/// A partition by the offline search: both views of the data set are made and encoded once.
Partition survey(auto& epoch, auto const& project, PartitionSearch const& how, Seed seed) {
  auto const first = epoch.rows(0, project), second = epoch.rows(1, project);
  return find_partition<float>(first.view(), second.view(), how, seed);
}

/// A partition by the online search: each of its epochs makes both views anew, mixes the first and encodes
/// them.
Partition survey(auto& epoch, auto const& project, MixedPartitionSearch const& how, Seed seed) {
  std::vector<std::size_t> others;
  std::vector<float> mixed_with;
  return find_mixed_partition<float>(
      epoch.size(),
      [&](int pass, std::span<std::size_t const> members, ImageMixture const& mixture) {
        auto const mix = [&](std::size_t begin, std::size_t count, std::span<float> out) {
          others.resize(count);
          mixed_with.resize(out.size());
          for (std::size_t i = 0; i < count; ++i)
            others[i] = members[static_cast<std::size_t>(mixture.partner[begin + i])];
          epoch.images(2 * pass, members.subspan(begin, count), out);
          epoch.images(2 * pass, others, mixed_with);
          std::size_t const pixels = out.size() / count;
          for (std::size_t i = 0; i < out.size(); ++i) {
            float const share = mixture.share[begin + i / pixels];
            out[i] = share * out[i] + (1 - share) * mixed_with[i];
          }
        };
        auto const plain = [&](std::size_t begin, std::size_t count, std::span<float> out) {
          epoch.images(2 * pass + 1, members.subspan(begin, count), out);
        };
        return std::pair(epoch.rows(members.size(), mix, project),
                         epoch.rows(members.size(), plain, project));
      },
      how, seed);
}

/// Searches a partition before the epochs in which the policy is due, and keeps it.
void search_if_due(auto& epoch, auto const& policy) {
  if (policy.every < 1 || policy.retained < 0) {
    throw ValueError("partitions: found every " + std::to_string(policy.every) + " and retained " +
                     std::to_string(policy.retained) + ", expected at least 1 and 0");
  }
  if (epoch.number() < policy.first_epoch || (epoch.number() - policy.first_epoch) % policy.every != 0)
    return;
  auto& state = epoch.state();
  if (state.count() != 0 && state.epochs.back() == epoch.number()) return;  // a run that stopped here goes on
  auto const project = [&](auto& step, auto const& images) {
    return state(step, images, nn::Mode{.training = false});
  };
  auto const bits = epoch.random("partition search").block(0);
  Partition const found = survey(epoch, project, policy.search, seed(std::uint64_t{bits[0]} << 32 | bits[1]));
  auto const subsets = found.subsets();
  if (state.count() != 0 && state.partition(0).size() != subsets.size()) {
    throw ValueError("partitions: found a data set of " + std::to_string(subsets.size()) +
                     " images, expected the " + std::to_string(state.partition(0).size()) +
                     " of the partitions before");
  }
  state.subsets.insert(state.subsets.end(), subsets.begin(), subsets.end());
  state.epochs.push_back(static_cast<int>(epoch.number()));
  state.risks.push_back(found.risk);
  while (policy.retained > 0 && state.count() > static_cast<std::size_t>(policy.retained))
    state.forget_first();
}

/// The rows of a minibatch whose images are in subset k.
std::span<int const> find_members(auto& tape, std::span<std::size_t const> indices,
                                  std::span<int const> partition, int k) {
  if (indices.empty()) {
    throw ValueError(
        "partitions: the minibatch does not say which images it holds; expected Minibatch::indices");
  }
  int* const members = tape.template host<int>(indices.size());
  std::size_t n = 0;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    if (indices[i] >= partition.size()) {
      throw ValueError("partitions: found image " + std::to_string(indices[i]) + ", expected one of the " +
                       std::to_string(partition.size()) + " that the partitions are of");
    }
    if (partition[indices[i]] == k) members[n++] = static_cast<int>(i);
  }
  return {members, n};
}

}  // namespace disentangle::contrast::detail
