// SPDX-License-Identifier: Apache-2.0
// Builder<Backend>: where a policy's state gets its parameters when a model is assembled.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <disentangle/nn/setting.hpp>
#include <disentangle/nn/update.hpp>

namespace disentangle::nn {

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

  /// A further set with its own optimiser; lives as long as the model.
  template <optimizer_policy Optimiser>
  OwnParameters<Backend>& own_parameters(std::string name, Optimiser const& optimiser) {
    own_.push_back(std::make_unique<detail::OptimisedParameters<Backend, Optimiser>>(
        main_.tape(), std::move(name), optimiser));
    return *own_.back();
  }

  /// A second optimiser over those of the method's own parameters whose names begin with one of the prefixes
  /// ("encoder.trunk"): a labelled step that trains the trunk and the class head only. Declare those
  /// parameters before.
  template <optimizer_policy Optimiser>
  OwnParameters<Backend>& shared_parameters(std::string name, std::vector<std::string> prefixes,
                                            Optimiser const& optimiser) {
    own_.push_back(std::make_unique<detail::SharedParameters<Backend, Optimiser>>(
        main_, std::move(name), std::move(prefixes), optimiser));
    return *own_.back();
  }

 private:
  Parameters<Backend>& main_;
  std::vector<std::unique_ptr<OwnParameters<Backend>>>& own_;
};

}  // namespace disentangle::nn
