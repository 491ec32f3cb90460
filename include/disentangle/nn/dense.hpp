// SPDX-License-Identifier: Apache-2.0
// A fully connected layer: out = f(x W + b), W (inputs, features).
#pragma once

#include <disentangle/core/config.hpp>
#include <disentangle/nn/activations.hpp>
#include <disentangle/nn/tangent.hpp>

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

    DISENTANGLE_COLD void declare(Parameters<Backend>& parameters, std::string const& prefix,
                                  Initialisation kind) {
      parameters.declare(weight_, prefix + ".weight", {inputs, Features},
                         weight_initialiser(kind, LayerKind::dense, inputs, Features));
      parameters.declare(bias_, prefix + ".bias", {Features},
                         bias_initialiser(kind, LayerKind::dense, inputs, Features));
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
    void tangent(Pass<Backend> pass, scalar const*, scalar const* out, scalar const* in_tangent,
                 scalar* out_tangent, scalar const*) {
      pass.backend().multiply(pass.batch, std::ptrdiff_t{Features}, inputs, in_tangent, {inputs, 1},
                              weight_.variable.value, {Features, 1}, out_tangent, {Features, 1}, false);
      pass.backend().template activation_adjoint<Act::kind>(
          out, out_tangent, static_cast<std::size_t>(pass.batch) * Features, static_cast<scalar>(Act::slope));
    }
    bool tangent_backward(Pass<Backend> pass, scalar const* in, scalar const* out, scalar const* in_tangent,
                          scalar const* out_tangent, scalar const*, TangentAdjoints<scalar> const& a) {
      auto& backend = pass.backend();
      bool const curved = detail::through_activation<Act>(
          pass, static_cast<std::size_t>(pass.batch) * Features, out, out_tangent, a);
      auto const to_weights = [&](scalar const* x, scalar const* adjoint) {
        backend.multiply(inputs, Features, pass.batch, x, {1, inputs}, adjoint, {Features, 1},
                         weight_.variable.gradient, {Features, 1}, weight_.accumulate());
      };
      auto const to_input = [&](scalar const* adjoint, scalar* target) {
        backend.multiply(pass.batch, inputs, Features, adjoint, {Features, 1}, weight_.variable.value,
                         {1, Features}, target, {inputs, 1}, false);
      };
      if (!pass.mode.frozen) {
        to_weights(in_tangent, a.out_tangent);
        if (curved) {
          to_weights(in, a.out);
          backend.column_sums(pass.batch, std::ptrdiff_t{Features}, a.out, bias_.variable.gradient,
                              bias_.accumulate());
        }
      }
      if (a.in_tangent != nullptr) to_input(a.out_tangent, a.in_tangent);
      if (curved) to_input(a.out, a.in);
      return curved;
    }

   private:
    Weight<Backend, 2> weight_;
    Weight<Backend, 1> bias_;
  };
};

}  // namespace disentangle::nn
