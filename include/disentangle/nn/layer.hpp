// SPDX-License-Identifier: Apache-2.0
// What a layer is. A layer type such as Dense<256, Relu> is a name; Layer::On<Backend, InputShape> is the
// layer itself, for a backend and an input shape, from which its output shape follows at compile time.
#pragma once

#include <cstddef>

#include <disentangle/autodiff/tape.hpp>
#include <disentangle/core/shape.hpp>
#include <disentangle/nn/parameters.hpp>

namespace disentangle::nn {

/// How a network is run.
struct Mode {
  bool training = true;  ///< batch statistics instead of running ones
  bool frozen = false;   ///< gradients flow to the input, not to the weights
};

/// One application of a layer to a batch.
template <class Backend>
struct Pass {
  Tape<Backend>& tape;
  std::ptrdiff_t batch;
  Mode mode;
  Backend& backend() const { return tape.backend(); }
};

/// The contract of On<Backend, Input>. All arrays are (batch, shape) row-major in the backend's memory.
///   using output_shape                                     an ImageShape
///   void declare(Parameters&, prefix, Initialisation)      registers weights (may be none)
///   std::size_t kept(batch)                     scalars to keep from forward for backward, beside in and out
///   void forward(pass, in, out, kept)                      writes out and kept
///   void backward(pass, in, out, out_gradient, in_gradient, kept)
///        out_gradient may be overwritten; in_gradient, if not null, is assigned; gradients of
///        weights are added unless the pass is frozen
template <class L, class Backend>
concept layer_on = requires(L layer, Pass<Backend> pass, typename Backend::scalar const* in,
                            typename Backend::scalar* out, Parameters<Backend>& parameters) {
  L::output_shape::size;
  layer.declare(parameters, std::string{}, Initialisation{});
  layer.kept(std::ptrdiff_t{});
  layer.forward(pass, in, out, out);
  layer.backward(pass, in, in, out, out, in);
};

}  // namespace disentangle::nn
