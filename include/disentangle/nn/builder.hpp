// SPDX-License-Identifier: Apache-2.0
// Builder<Backend>: where a policy's state gets its parameters when a model is assembled.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/core/error.hpp>
#include <disentangle/nn/setting.hpp>
#include <disentangle/nn/update.hpp>

namespace disentangle::nn {

/// The names under which a checkpoint keeps what the sets and the policies of a model hold.
class CheckpointNames {
 public:
  /// @throws ValueError for a name that is there already
  void add(std::string const& name) {
    if (names_.insert(name).second) return;
    throw ValueError(
        "found '" + name +
        "' twice among what a checkpoint of the model holds, expected each name once: a policy "
        "with a state stands in a method once; take the second out, or let it use names of its own");
  }
  template <class Backend>
  void add(Parameters<Backend> const& set, std::string const& prefix) {
    for (auto const* blocks : {&set.blocks(), &set.statistics()}) {
      for (auto const& block : *blocks) add(prefix + block.name);
    }
  }

 private:
  std::set<std::string> names_;
};

/// Passed to the constructor of a policy's State:
///
///     template <class Setting> struct State {
///       Variable<typename Setting::backend_type, 1> relevance;
///       explicit State(auto& build) {
///         build.parameters().declare(relevance, "relevance", Extents<1>{Setting::latent_size}, {});
///       }
///     };
template <class Backend>
class Builder {
 public:
  Builder(Parameters<Backend>& main, std::vector<std::unique_ptr<OwnParameters<Backend>>>& own)
      : main_(main), own_(own) {}

  /// The set that the method's own optimiser trains.
  Parameters<Backend>& parameters() { return main_; }

  /// A further set with its own optimiser; lives as long as the model. @throws ValueError for the name of
  /// another set
  template <optimizer_policy Optimiser>
  OwnParameters<Backend>& own_parameters(std::string name, Optimiser const& optimiser) {
    expect_new(name);
    own_.push_back(std::make_unique<detail::OptimisedParameters<Backend, Optimiser>>(
        main_.tape(), std::move(name), optimiser));
    return *own_.back();
  }

  /// A second optimiser over those of the method's own parameters whose names begin with one of the prefixes
  /// ("encoder.trunk"): a labelled step that trains the trunk and the class head only. Declare those
  /// parameters before. @throws ValueError for a prefix with which none begins, or the name of another set
  template <optimizer_policy Optimiser>
  OwnParameters<Backend>& shared_parameters(std::string name, std::vector<std::string> prefixes,
                                            Optimiser const& optimiser) {
    expect_new(name);
    own_.push_back(std::make_unique<detail::SharedParameters<Backend, Optimiser>>(
        main_, std::move(name), std::move(prefixes), optimiser));
    return *own_.back();
  }

 private:
  void expect_new(std::string const& name) const {
    bool known = name == main_.name() || name.empty();
    for (auto const& set : own_) known = known || set->parameters.name() == name;
    if (!known) return;
    throw ValueError("found a second set of parameters named '" + name +
                     "', expected each name once: a policy with an optimiser of its own stands in a method "
                     "once; take the second out, or let it name its set otherwise");
  }

  Parameters<Backend>& main_;
  std::vector<std::unique_ptr<OwnParameters<Backend>>>& own_;
};

}  // namespace disentangle::nn
