// SPDX-License-Identifier: Apache-2.0
// StartsAs<When, Then, Layer>: a layer that starts otherwise than its network.
#pragma once

#include <string>

#include <disentangle/nn/parameters.hpp>

namespace disentangle::nn {

/// `Layer`, whose weights start as `Then` in a network that starts as `When`; in any other network as that
/// starts. For the layers that a published network puts in place of another's, after that has begun:
///     StartsAs<Initialisation::he_fan_out, Initialisation::torch_default, FloorConv<64>>
/// Everything else, names of parameters included, is the layer's own.
template <Initialisation When, Initialisation Then, class Layer>
struct StartsAs {
  template <class Backend, class Input>
  class On : public Layer::template On<Backend, Input> {
   public:
    void declare(Parameters<Backend>& parameters, std::string const& prefix, Initialisation kind) {
      Layer::template On<Backend, Input>::declare(parameters, prefix, kind == When ? Then : kind);
    }
  };
};

}  // namespace disentangle::nn
