// SPDX-License-Identifier: Apache-2.0
// A fully connected layer: out = f(x W + b), W (inputs, features).
#pragma once

#include <disentangle/nn/activations.hpp>
#include <disentangle/nn/layer.hpp>

namespace disentangle::nn {

template <int Features, class Act = Identity>
struct Dense {
  static_assert(Features > 0,
                "[disentangle] Dense: no features; the image is smaller than the layers' chain of strides");
  template <class Backend, class Input>
  class On {
   public:
    using scalar = typename Backend::scalar;
    using output_shape = FeatureShape<Features>;
    static constexpr auto inputs = static_cast<std::ptrdiff_t>(Input::size);

    void declare(Parameters<Backend>& parameters, std::string const& prefix, Initialisation kind) {
      parameters.declare(weight_, prefix + ".weight", {inputs, Features},
                         weight_initialiser(kind, inputs, Features));
      parameters.declare(bias_, prefix + ".bias", {Features}, bias_initialiser(kind, inputs));
    }
    std::size_t kept(std::ptrdiff_t) const { return 0; }

    void forward(Pass<Backend> pass, scalar const* in, scalar* out, scalar*) {
      pass.backend().template dense<Act::kind>(pass.batch, inputs, std::ptrdiff_t{Features}, in,
                                               weight_.variable.value, bias_.variable.value, out,
                                               static_cast<scalar>(Act::slope));
    }
    void backward(Pass<Backend> pass, scalar const* in, scalar const* out, scalar* out_gradient,
                  scalar* in_gradient, scalar const*) {
      auto& backend = pass.backend();
      auto const size = static_cast<std::size_t>(pass.batch) * Features;
      backend.template activation_adjoint<Act::kind>(out, out_gradient, size,
                                                     static_cast<scalar>(Act::slope));
      if (!pass.mode.frozen) {
        backend.multiply(inputs, Features, pass.batch, in, {1, inputs}, out_gradient, {Features, 1},
                         weight_.variable.gradient, {Features, 1}, weight_.accumulate());
        backend.column_sums(pass.batch, std::ptrdiff_t{Features}, out_gradient, bias_.variable.gradient,
                            bias_.accumulate());
      }
      if (in_gradient != nullptr) {
        backend.multiply(pass.batch, inputs, Features, out_gradient, {Features, 1}, weight_.variable.value,
                         {1, Features}, in_gradient, {inputs, 1}, false);
      }
    }

   private:
    Weight<Backend, 2> weight_;
    Weight<Backend, 1> bias_;
  };
};

}  // namespace disentangle::nn
