// SPDX-License-Identifier: Apache-2.0
// input_gradient(network, x): the gradient of a network's output with respect to its input, as a variable
// that gradients flow through in their turn. What gradient penalties are written with.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include <disentangle/nn/network.hpp>
#include <disentangle/nn/tangent.hpp>

namespace disentangle::nn {

namespace detail {

/// One application of a critic: activations of the forward pass, and the three passes over them.
template <class Critic, class Backend>
struct CriticPass {
  using scalar = typename Backend::scalar;
  static constexpr std::size_t depth = Critic::depth;
  template <std::size_t I>
  using Layer = typename Critic::template layer_type<I>;

  Critic* critic;
  Pass<Backend> pass;
  std::array<scalar*, depth + 1> at{};  // input of layer i and output of the last
  std::array<scalar*, depth> kept{};

  static constexpr std::size_t widest() {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return std::max({Critic::input_shape::size, Layer<I>::output_shape::size...});
    }(std::make_index_sequence<depth>{});
  }
  static constexpr std::size_t first_writer() {
    std::size_t found = depth;
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      ((!is_in_place<Layer<I>>() && found == depth ? void(found = I) : void()), ...);
    }(std::make_index_sequence<depth>{});
    return found;
  }
  static constexpr bool has_tangents() {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return ((is_in_place<Layer<I>>() || tangent_layer_on<Layer<I>, Backend>)&&...);
    }(std::make_index_sequence<depth>{});
  }
  template <class Visitor>
  static void up(Visitor&& visit) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (visit(std::integral_constant<std::size_t, I>{}), ...);
    }(std::make_index_sequence<depth>{});
  }
  template <class Visitor>
  static void down(Visitor&& visit) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (visit(std::integral_constant<std::size_t, depth - 1 - I>{}), ...);
    }(std::make_index_sequence<depth>{});
  }

  scalar* room(std::size_t features) {
    return pass.tape.scratch(static_cast<std::size_t>(pass.batch) * features);
  }
  scalar* ones() {
    scalar* const p = room(1);
    pass.backend().fill(p, static_cast<std::size_t>(pass.batch), scalar(1));
    return p;
  }

  void forward(scalar* x) {
    at[0] = x;
    up([&](auto i) {
      if constexpr (is_in_place<Layer<i>>()) {
        at[i + 1] = at[i];
      } else {
        auto& layer = critic->template layer<i>();
        at[i + 1] = room(Layer<i>::output_shape::size);
        std::size_t const n = layer.kept(pass.batch);
        kept[i] = n == 0 ? nullptr : pass.tape.scratch(n);
        layer.forward(pass, at[i], at[i + 1], kept[i]);
      }
    });
  }
  /// The gradient with respect to the input, no weight's.
  void backward(scalar* gradient) {
    Pass<Backend> frozen = pass;
    frozen.mode.frozen = true;
    scalar* buffers[2] = {room(widest()), room(widest())};
    scalar* from = ones();
    down([&](auto i) {
      if constexpr (!is_in_place<Layer<i>>()) {
        scalar* const into = i == first_writer() ? gradient : from == buffers[0] ? buffers[1] : buffers[0];
        critic->template layer<i>().backward(frozen, at[i], at[i + 1], from, into, kept[i]);
        from = into;
      }
    });
  }
  /// The adjoint of `backward`: with v the adjoint of the gradient g, that of v . g, the directional
  /// derivative along v. Adds to the gradients of weights; returns the adjoint of the input, null where it is
  /// zero.
  scalar* tangent_backward(scalar* v) {
    std::array<scalar*, depth + 1> tangent{};
    tangent[0] = v;
    up([&](auto i) {
      if constexpr (is_in_place<Layer<i>>()) {
        tangent[i + 1] = tangent[i];
      } else {
        tangent[i + 1] = room(Layer<i>::output_shape::size);
        critic->template layer<i>().tangent(pass, at[i], at[i + 1], tangent[i], tangent[i + 1], kept[i]);
      }
    });
    scalar* values[2] = {room(widest()), room(widest())};
    scalar* tangents[2] = {room(widest()), room(widest())};
    TangentAdjoints<scalar> a{values[0], false, ones(), values[1], tangents[0]};
    down([&](auto i) {
      if constexpr (!is_in_place<Layer<i>>()) {
        if (i == first_writer()) a.in_tangent = nullptr;  // v is not a function of anything here
        a.curved = critic->template layer<i>().tangent_backward(pass, at[i], at[i + 1], tangent[i],
                                                                tangent[i + 1], kept[i], a);
        std::swap(a.out, a.in);
        a.out_tangent = a.in_tangent;
        a.in_tangent = a.out_tangent == tangents[0] ? tangents[1] : tangents[0];
      }
    });
    return a.curved ? a.out : nullptr;
  }
};

}  // namespace detail

/// The gradient g of a critic's output, one number per sample, with respect to its input: (batch, input) ->
/// (batch, input). g is a variable like any other, so a penalty is its formula:
///     auto const norm = sqrt(sum(square(nn::input_gradient(critic, images)), axis<1>));
///     10.0 * mean(square(norm - 1.0))
/// Its adjoint is exact and needs no tape of second order: with v the adjoint of g, the gradient of the
/// penalty with respect to the weights (and to the input) is that of the directional derivative of the critic
/// along v, held constant. So it is a forward tangent pass and the way back through it. Layers: Dense, Conv,
/// LayerNorm, Flatten, Reshape, any activation; the derivative of a kink (LeakyReLU at 0) is taken to be
/// constant. Cost: about that of two forward and backward passes.
/// @throws ShapeError if the input has another size.
template <class Backend, class Input, class... Layers, expression E>
Variable<Backend, 2> input_gradient(Network<Backend, Input, Layers...>& critic, E const& input,
                                    Mode mode = {}) {
  static_assert(E::rank == 2,
                "[disentangle] input_gradient takes a matrix (batch, features); reshape images first");
  using Critic = Network<Backend, Input, Layers...>;
  static_assert(Critic::output_shape::size == 1,
                "[disentangle] input_gradient: the network must give one number per sample");
  if constexpr (std::is_same_v<Backend, backend::Archetype>) {
    return materialise(input);  // a policy is being checked: only the type of the result counts
  } else {
    using CriticPass = detail::CriticPass<Critic, Backend>;
    static_assert(
        CriticPass::has_tangents(),
        "[disentangle] input_gradient: a layer of the network has no tangent pass; use Dense, Conv, "
        "LayerNorm, Flatten and Reshape (batch normalisation would couple the samples, whose "
        "gradients are penalised one by one)");
    auto const x = reshape(input, extents_of(input));
    constexpr auto in_size = static_cast<std::ptrdiff_t>(Input::size);
    if (x.extents[1] != in_size) {
      throw ShapeError("input_gradient: found input " + extents_text(x.extents) + ", expected (batch, " +
                       std::to_string(in_size) + ")");
    }
    auto const g = x.tape->variable(x.extents, true);
    CriticPass pass{&critic, Pass<Backend>{*x.tape, x.extents[0], mode}};
    pass.forward(x.value);
    pass.backward(g.value);
    if (g.gradient != nullptr) {
      x.tape->record([pass, x, g]() mutable {
        typename Backend::scalar* const adjoint = pass.tangent_backward(g.gradient);
        if (x.gradient != nullptr && adjoint != nullptr) {
          Variable<Backend, 2> seed = g;
          seed.value = adjoint;
          seed.gradient = nullptr;
          pull_back(x, seed);
        }
      });
    }
    return g;
  }
}

}  // namespace disentangle::nn
