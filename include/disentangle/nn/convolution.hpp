// SPDX-License-Identifier: Apache-2.0
// Convolution and transposed convolution layers on NHWC images, with bias and activation fused into the
// store.
#pragma once

#include <disentangle/backend/convolution_geometry.hpp>
#include <disentangle/core/config.hpp>
#include <disentangle/nn/activations.hpp>
#include <disentangle/nn/tangent.hpp>

namespace disentangle::nn {

/// Whether a layer has a bias. Before BatchNorm, which takes the mean away again, one would do nothing.
enum class Bias { none, learnt };

namespace detail {

/// A convolution layer on a backend and an input shape.
template <class Backend, class Input, int Channels, int Kernel, int Stride, int Padding, int PaddingX,
          class Act, Bias B>
class Convolution {
 public:
  static_assert(
      Input::height + 2 * Padding >= Kernel && Input::width + 2 * PaddingX >= Kernel,
      "[disentangle] Conv: the image is smaller than the kernel; use fewer layers or larger images");
  using scalar = typename Backend::scalar;
  using geometry = backend::ConvolutionGeometry<Input::height, Input::width, Input::channels, Channels,
                                                Kernel, Stride, Padding, PaddingX>;
  using output_shape = ImageShape<geometry::out_height, geometry::out_width, Channels>;

  DISENTANGLE_COLD void declare(Parameters<Backend>& parameters, std::string const& prefix,
                                Initialisation kind) {
    double const area = Kernel * Kernel, fan_in = area * Input::channels, fan_out = area * Channels;
    parameters.declare(weight_, prefix + ".weight", {Kernel, Kernel, Input::channels, Channels},
                       weight_initialiser(kind, LayerKind::convolution, fan_in, fan_out));
    if constexpr (B == Bias::learnt) {
      parameters.declare(bias_, prefix + ".bias", {Channels},
                         bias_initialiser(kind, LayerKind::convolution, fan_in, fan_out));
    }
  }
  std::size_t kept(std::ptrdiff_t) const { return 0; }

  void forward(Pass<Backend> pass, scalar const* in, scalar* out, scalar*) {
    pass.backend().template convolution_forward<geometry, Act::kind>(
        pass.batch, in, weight_.variable.value, bias_.variable.value, out, static_cast<scalar>(Act::slope),
        pass.tape);
  }
  void backward(Pass<Backend> pass, scalar const* in, scalar const* out, scalar* out_gradient,
                scalar* in_gradient, scalar const*) {
    bool const train = !pass.mode.frozen;
    pass.backend().template convolution_adjoint<geometry, Act::kind>(
        pass.batch, in, weight_.variable.value, out, out_gradient, in_gradient,
        train ? weight_.variable.gradient : nullptr, bias_.variable.gradient, train && weight_.accumulate(),
        static_cast<scalar>(Act::slope), pass.tape);
    if (train) bias_.accumulate();
  }
  void tangent(Pass<Backend> pass, scalar const*, scalar const* out, scalar const* in_tangent,
               scalar* out_tangent, scalar const*) {
    auto& backend = pass.backend();
    backend.template convolution_forward<geometry, Activation::identity>(
        pass.batch, in_tangent, weight_.variable.value, nullptr, out_tangent, scalar(0), pass.tape);
    backend.template activation_adjoint<Act::kind>(out, out_tangent,
                                                   static_cast<std::size_t>(pass.batch) * output_shape::size,
                                                   static_cast<scalar>(Act::slope));
  }
  bool tangent_backward(Pass<Backend> pass, scalar const* in, scalar const* out, scalar const* in_tangent,
                        scalar const* out_tangent, scalar const*, TangentAdjoints<scalar> const& a) {
    auto& backend = pass.backend();
    bool const curved = detail::through_activation<Act>(
        pass, static_cast<std::size_t>(pass.batch) * output_shape::size, out, out_tangent, a);
    bool const train = !pass.mode.frozen;
    auto const adjoint = [&](scalar const* x, scalar* of_output, scalar* of_input, scalar* of_bias) {
      backend.template convolution_adjoint<geometry, Activation::identity>(
          pass.batch, x, weight_.variable.value, out, of_output, of_input,
          train ? weight_.variable.gradient : nullptr, of_bias, train && weight_.accumulate(), scalar(0),
          pass.tape);
    };
    if constexpr (B == Bias::learnt) {
      if (train && !bias_.accumulate()) backend.fill(bias_.variable.gradient, Channels, scalar(0));
    }
    adjoint(in_tangent, a.out_tangent, a.in_tangent, nullptr);  // the bias does not act on tangents
    if (curved) adjoint(in, a.out, a.in, bias_.variable.gradient);
    return curved;
  }

 private:
  Weight<Backend, 4> weight_;
  Weight<Backend, 1> bias_;  // null where the layer has none
};

}  // namespace detail

/// (H, W, C) -> ((H + 2 Padding - Kernel) / Stride + 1, ..., Channels): out = f(conv(x, W) + b), W (ky, kx,
/// in, out).
/// @tparam Padding rows of zeros above and below, and columns left and right unless PaddingX says how many
template <int Channels, int Kernel = 4, int Stride = 2, int Padding = 1, class Act = Identity,
          int PaddingX = Padding>
struct Conv {
  template <class Backend, class Input>
  class On : public detail::Convolution<Backend, Input, Channels, Kernel, Stride, Padding, PaddingX, Act,
                                        Bias::learnt> {
    static_assert((Input::height + 2 * Padding - Kernel) % Stride == 0 &&
                      (Input::width + 2 * PaddingX - Kernel) % Stride == 0,
                  "[disentangle] Conv: the stride does not divide the image side; use sides that the whole "
                  "kernel chain divides");
  };
};

/// As Conv for any side: floor((H + 2 Padding - Kernel) / Stride) + 1 as in PyTorch, so the last rows and
/// columns may be seen by no kernel position; their gradient is zero. What residual networks halve their
/// images with (kernel 3, stride 2, padding 1 on an even side). Without a bias unless asked for: BatchNorm
/// follows.
template <int Channels, int Kernel = 3, int Stride = 1, int Padding = Kernel / 2, class Act = Identity,
          Bias B = Bias::none>
struct FloorConv {
  template <class Backend, class Input>
  using On = detail::Convolution<Backend, Input, Channels, Kernel, Stride, Padding, Padding, Act, B>;
};

/// (H, W, C) -> ((H - 1) Stride - 2 Padding + Kernel, ..., Channels): the adjoint of a Conv, with bias and
/// activation; W (ky, kx, out, in). Where PaddingX is given, Padding is that of the height alone.
template <int Channels, int Kernel = 4, int Stride = 2, int Padding = 1, class Act = Identity,
          int PaddingX = Padding>
struct ConvTranspose {
  template <class Backend, class Input>
  class On {
   public:
    using scalar = typename Backend::scalar;
    using geometry = backend::TransposedConvolutionGeometry<Input::height, Input::width, Input::channels,
                                                            Channels, Kernel, Stride, Padding, PaddingX>;
    using output_shape = ImageShape<geometry::out_height, geometry::out_width, Channels>;

    DISENTANGLE_COLD void declare(Parameters<Backend>& parameters, std::string const& prefix,
                                  Initialisation kind) {
      // the fans of the convolution that it is the adjoint of: what PyTorch and TensorFlow use for this layer
      double const area = Kernel * Kernel, fan_in = area * Channels, fan_out = area * Input::channels;
      parameters.declare(weight_, prefix + ".weight", {Kernel, Kernel, Channels, Input::channels},
                         weight_initialiser(kind, LayerKind::transposed_convolution, fan_in, fan_out));
      parameters.declare(bias_, prefix + ".bias", {Channels},
                         bias_initialiser(kind, LayerKind::transposed_convolution, fan_in, fan_out));
    }
    std::size_t kept(std::ptrdiff_t) const { return 0; }

    void forward(Pass<Backend> pass, scalar const* in, scalar* out, scalar*) {
      pass.backend().template transposed_convolution_forward<geometry, Act::kind>(
          pass.batch, in, weight_.variable.value, bias_.variable.value, out, static_cast<scalar>(Act::slope),
          pass.tape);
    }
    void backward(Pass<Backend> pass, scalar const* in, scalar const* out, scalar* out_gradient,
                  scalar* in_gradient, scalar const*) {
      bool const train = !pass.mode.frozen;
      pass.backend().template transposed_convolution_adjoint<geometry, Act::kind>(
          pass.batch, in, weight_.variable.value, out, out_gradient, in_gradient,
          train ? weight_.variable.gradient : nullptr, bias_.variable.gradient, train && weight_.accumulate(),
          static_cast<scalar>(Act::slope), pass.tape);
      if (train) bias_.accumulate();
    }

   private:
    Weight<Backend, 4> weight_;
    Weight<Backend, 1> bias_;
  };
};

}  // namespace disentangle::nn
