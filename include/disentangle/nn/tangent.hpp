// SPDX-License-Identifier: Apache-2.0
// Tangents: what a layer offers beside forward and backward so that penalties on a network's gradient need no
// second tape.
#pragma once

#include <cstddef>

#include <disentangle/autodiff/materialise.hpp>
#include <disentangle/autodiff/memory_view.hpp>
#include <disentangle/nn/activations.hpp>
#include <disentangle/nn/layer.hpp>

namespace disentangle::nn {

/// Adjoints on the way back through a layer's forward tangent pass, (batch, shape) each. A layer whose
/// derivative does not depend on its input (dense and convolution with a piecewise linear activation) passes
/// no adjoint of the input itself on.
template <class Scalar>
struct TangentAdjoints {
  Scalar* out;          ///< of the layer's output, if `curved`; memory that may be overwritten anyhow
  bool curved;          ///< whether `out` holds anything but zero
  Scalar* out_tangent;  ///< of the tangent of the output; may be overwritten
  Scalar* in;           ///< of the input: to be assigned where the layer says that it is not zero
  Scalar* in_tangent;   ///< of the tangent of the input: to be assigned; null: not wanted
};

/// The contract of a layer that a gradient penalty can go through, beside that of layer_on:
///   void tangent(pass, in, out, in_tangent, out_tangent, kept)
///        writes out_tangent = J in_tangent, J the Jacobian of the layer at `in`
///   bool tangent_backward(pass, in, out, in_tangent, out_tangent, kept, TangentAdjoints)
///        the adjoint of (in, in_tangent) -> (out, out_tangent); gradients of weights are added unless the
///        pass is frozen.
///        Returns whether it assigned the adjoint of `in`; if not, that is zero.
template <class L, class Backend>
concept tangent_layer_on =
    requires(L layer, Pass<Backend> pass, typename Backend::scalar const* in, typename Backend::scalar* out,
             TangentAdjoints<typename Backend::scalar> const& adjoints) {
      layer.tangent(pass, in, in, in, out, in);
      { layer.tangent_backward(pass, in, in, in, in, in, adjoints) } -> std::convertible_to<bool>;
    };

namespace detail {

/// From the adjoints of y = f(z) and of its tangent f'(z) tz, in place, to those of z and tz. Returns whether
/// that of z is anything but zero. f'' is stated by y: tanh -2 y f', sigmoid (1 - 2 y) f', so that f'' tz is
/// a multiple of y's tangent.
template <class Act, class Backend, class Scalar>
bool through_activation(Pass<Backend> pass, std::size_t size, Scalar const* y, Scalar const* y_tangent,
                        TangentAdjoints<Scalar> const& a) {
  auto& backend = pass.backend();
  auto const slope = static_cast<Scalar>(Act::slope);
  if (a.curved) backend.template activation_adjoint<Act::kind>(y, a.out, size, slope);
  bool curved = a.curved;
  if constexpr (Act::kind == Activation::tanh || Act::kind == Activation::sigmoid) {
    RecordingOff<Backend> const guard(pass.tape);
    auto const flat = [&](auto* p) {
      return memory_view(pass.tape, p, Extents<1>{static_cast<std::ptrdiff_t>(size)});
    };
    auto const bend = [&] {
      if constexpr (Act::kind == Activation::tanh) {
        return -2.0 * flat(y) * flat(y_tangent) * flat(a.out_tangent);
      } else {
        return (1.0 - 2.0 * flat(y)) * flat(y_tangent) * flat(a.out_tangent);
      }
    }();
    if (a.curved) {
      assign(flat(a.out), flat(a.out) + bend);
    } else {
      assign(flat(a.out), bend);
    }
    curved = true;
  } else {
    static_cast<void>(y_tangent);
  }
  backend.template activation_adjoint<Act::kind>(y, a.out_tangent, size, slope);
  return curved;
}

}  // namespace detail

}  // namespace disentangle::nn
