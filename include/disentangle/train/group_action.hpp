// SPDX-License-Identifier: Apache-2.0
// The group test on a model and a data set: what a step of a factor does to the model's codes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/data/data_set.hpp>
#include <disentangle/metric/group_action.hpp>
#include <disentangle/metric/matrix.hpp>
#include <disentangle/metric/score.hpp>
#include <disentangle/train/encoded_data.hpp>

namespace disentangle {

/// Codes and the pairs of them that differ by one step of a factor.
struct CodePairs {
  metric::Matrix<double> codes;               // (rows, latents)
  std::vector<metric::Generator> generators;  // one for each step
};

/// How the pairs are drawn.
struct GroupActionOptions {
  std::size_t samples = 5000;  ///< images u, or pairs of each generator where the data set is no grid
  std::uint64_t seed = 0;
};

/// Codes of random images and of their partners, each encoded once. In a grid every image has a partner for
/// every step (but the last value's of a step that is not cyclic); in another labelled data set those pairs
/// are taken that exist, at most `samples` for each step.
/// @throws ValueError for a factor that there is not and for a step without any pair.
inline CodePairs code_pairs(EncodedData& data, std::span<metric::FactorStep const> steps,
                            GroupActionOptions const& options = {}) {
  std::vector<metric::Generator> generators;  // of images at first
  if (data.is_grid()) {
    auto const images = data.labelled_images(options.samples, Seed{options.seed}, "evaluate/group_action");
    metric::Matrix<int> const labels = data.labels(images);
    for (metric::FactorStep const& step : steps) {
      if (step.factor >= data.factors().size())
        throw ValueError("group_action: found factor " + std::to_string(step.factor) + ", but " +
                         data.name() + " has " + std::to_string(data.factors().size()) + ", numbered from 0");
      Factor const& factor = data.factors()[step.factor];
      metric::Generator g{factor.name, {}, {}};
      for (std::size_t i = 0; i < images.size(); ++i) {
        std::vector<int> values(labels.row(i).begin(), labels.row(i).end());
        int& value = values[step.factor];
        if (++value == factor.cardinality) {
          if (!step.cyclic) continue;
          value = 0;
        }
        g.from.push_back(images[i]);
        g.to.push_back(data.image_of(values));
      }
      generators.push_back(std::move(g));
    }
  } else {
    auto const images = data.labelled_images(0, Seed{options.seed}, "evaluate/group_action");
    generators = metric::step_generators(data.labels(images).view(), data.factors(), steps);
    for (metric::Generator& g : generators) {
      for (auto* list : {&g.from, &g.to}) {
        list->resize(std::min(list->size(), options.samples));
        for (std::size_t& row : *list) row = images[row];
      }
    }
  }
  std::map<std::size_t, std::size_t> row_of;
  std::vector<std::size_t> images;
  for (metric::Generator& g : generators) {
    for (auto* list : {&g.from, &g.to}) {
      for (std::size_t& row : *list) {
        auto const [at, fresh] = row_of.emplace(row, images.size());
        if (fresh) images.push_back(row);
        row = at->second;
      }
    }
  }
  CodePairs pairs{metric::Matrix<double>(images.size(), data.latents()), std::move(generators)};
  data.codes(images, pairs.codes.view());
  return pairs;
}

/// The group test of a model's codes, posterior means or features:
///     dis::group_action(model, data, {{.factor = 2, .cyclic = true}, {.factor = 5}})
/// @param steps  the generators: a factor's step by one value, and whether it wraps around
template <class Model, data::data_set Data>
metric::Score group_action(Model& model, Data const& data, std::vector<metric::FactorStep> const& steps,
                           GroupActionOptions const& options = {}, metric::GroupAction const& test = {}) {
  EncodedData encoded(model, data);
  CodePairs const pairs = code_pairs(encoded, steps, options);
  metric::Score score = test(pairs.codes, pairs.generators);
  score.settings.emplace_back("samples", static_cast<double>(options.samples));
  score.settings.emplace_back("seed", static_cast<double>(options.seed));
  score.choices.emplace_back("representation", "posterior mean");
  return score;
}

}  // namespace disentangle
