// SPDX-License-Identifier: Apache-2.0
// A random division of a data set into a part to train on and a part to test on.
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/number_text.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/data/data_set.hpp>
#include <disentangle/data/subset.hpp>

namespace disentangle::data {

/// Two parts of a data set that have no image in common and together are the whole.
template <data_set Data>
struct Split {
  Subset<Data> train;
  Subset<Data> test;
};

/// Puts round(test_fraction * size) images, drawn at random by the seed, into `test` and the others into
/// `train`, each part in the order of the whole. Throws ValueError unless 0 < test_fraction < 1 and both
/// parts get an image.
template <data_set Data>
[[nodiscard]] Split<Data> split(Data data, double test_fraction, Seed seed) {
  std::size_t const size = data.size();
  double const wanted = std::round(test_fraction * static_cast<double>(size));
  if (!(test_fraction > 0 && test_fraction < 1) || wanted < 1 || wanted > static_cast<double>(size) - 1) {
    throw ValueError("split: a test fraction of " + number_text(test_fraction) + " of the " +
                     std::to_string(size) + " images of " + data.name() + " leaves a part empty");
  }
  Permutation const order(Philox{seed.value, stream("split"), 0}, size);
  std::vector<bool> in_test(size);
  for (std::size_t i = 0; i < static_cast<std::size_t>(wanted); ++i)
    in_test[static_cast<std::size_t>(order(i))] = true;
  std::vector<std::size_t> train, test;
  for (std::size_t i = 0; i < size; ++i) (in_test[i] ? test : train).push_back(i);
  return {{data, std::move(train)}, {data, std::move(test)}};
}

}  // namespace disentangle::data
