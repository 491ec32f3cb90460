// SPDX-License-Identifier: Apache-2.0
// Activate<Act>: an activation as a layer of its own, where no layer before it can apply it: after BatchNorm,
// after a sum.
#pragma once

#include <disentangle/autodiff/autodiff.hpp>
#include <disentangle/nn/activations.hpp>
#include <disentangle/nn/layer.hpp>

namespace disentangle::nn {

namespace detail {

/// f(e) as a formula; NaN stays NaN.
template <class Act, expression E>
auto activated(E const& e) {
  if constexpr (Act::kind == Activation::identity) {
    return e;
  } else if constexpr (Act::kind == Activation::relu) {
    return max(0.0, e);
  } else if constexpr (Act::kind == Activation::tanh) {
    return tanh(e);
  } else if constexpr (Act::kind == Activation::sigmoid) {
    return sigmoid(e);
  } else {
    static_assert(Act::kind == Activation::leaky_relu);
    return where(e > 0.0, e, Act::slope * e);
  }
}

/// n scalars of a layer's memory.
template <class Backend, class Scalar>
Variable<Backend, 1> line(Tape<Backend>& tape, Scalar* p, std::size_t n) {
  return memory_view(tape, p, Extents<1>{static_cast<std::ptrdiff_t>(n)});
}

}  // namespace detail

/// out = f(x), the same shape. Dense and convolution layers apply their activation themselves, at no cost:
/// this layer is for the others, Sequential<Conv<64>, BatchNorm, Activate<Relu>>.
template <class Act>
struct Activate {
  template <class Backend, class Input>
  class On {
   public:
    using scalar = typename Backend::scalar;
    using output_shape = Input;

    void declare(Parameters<Backend>&, std::string const&, Initialisation) {}
    std::size_t kept(std::ptrdiff_t) const { return 0; }

    void forward(Pass<Backend> pass, scalar const* in, scalar* out, scalar*) {
      std::size_t const n = static_cast<std::size_t>(pass.batch) * Input::size;
      assign(detail::line(pass.tape, out, n), detail::activated<Act>(detail::line(pass.tape, in, n)));
    }
    void backward(Pass<Backend> pass, scalar const*, scalar const* out, scalar* out_gradient,
                  scalar* in_gradient, scalar const*) {
      if (in_gradient == nullptr) return;
      std::size_t const n = static_cast<std::size_t>(pass.batch) * Input::size;
      pass.backend().template activation_adjoint<Act::kind>(out, out_gradient, n,
                                                            static_cast<scalar>(Act::slope));
      assign(detail::line(pass.tape, in_gradient, n), detail::line(pass.tape, out_gradient, n));
    }
  };
};

}  // namespace disentangle::nn
