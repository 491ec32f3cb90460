// SPDX-License-Identifier: Apache-2.0
// Sequential<Layers...> and Network<Backend, Input, Layers...>: a chain of layers whose shapes follow from
// the input shape at compile time. Applied to a variable it is one record of the tape; activations and their
// gradients stay inside.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include <disentangle/autodiff/views.hpp>
#include <disentangle/backend/archetype.hpp>
#include <disentangle/core/config.hpp>
#include <disentangle/nn/layer.hpp>

namespace disentangle::nn {

namespace detail {

template <class Layer>
constexpr bool is_in_place() {
  if constexpr (requires { Layer::in_place; }) {
    return Layer::in_place;
  } else {
    return false;
  }
}

template <class Backend, class Shape, class Done, class... Rest>
struct Chain;
template <class Backend, class Shape, class... Done>
struct Chain<Backend, Shape, std::tuple<Done...>> {
  using layers = std::tuple<Done...>;
  using output_shape = Shape;
};
template <class Backend, class Shape, class... Done, class First, class... Rest>
struct Chain<Backend, Shape, std::tuple<Done...>, First, Rest...>
    : Chain<Backend, typename First::template On<Backend, Shape>::output_shape,
            std::tuple<Done..., typename First::template On<Backend, Shape>>, Rest...> {};

}  // namespace detail

/// Layers for a backend and an input shape. Must not move after its parameters are declared.
template <class Backend, class Input, class... Layers>
class Network {
  using chain = detail::Chain<Backend, Input, std::tuple<>, Layers...>;

 public:
  using scalar = typename Backend::scalar;
  using input_shape = Input;
  using output_shape = typename chain::output_shape;
  static constexpr std::size_t depth = sizeof...(Layers);
  template <std::size_t I>
  using layer_type = std::tuple_element_t<I, typename chain::layers>;

  Network() = default;
  Network(Network const&) = delete;
  Network& operator=(Network const&) = delete;

  /// Registers the weights of all layers as "prefix.0.weight", "prefix.0.bias", ...
  DISENTANGLE_COLD void declare(Parameters<Backend>& parameters, std::string const& prefix,
                                Initialisation kind) {
    for_each_layer([&](auto& layer, std::size_t i) {
      layer.declare(parameters, prefix + "." + std::to_string(i), kind);
    });
  }

  /// (batch, input size) -> (batch, output size). @throws ShapeError if the input has another size.
  template <expression E>
  Variable<Backend, 2> operator()(E const& input, Mode mode = {}) {
    static_assert(E::rank == 2,
                  "[disentangle] a network takes a matrix (batch, features); reshape images first");
    if constexpr (std::is_same_v<Backend, backend::Archetype>) {
      return materialise(input);  // a policy is being checked: only the type of the result counts
    } else {
      return apply(input, mode);
    }
  }

  // ---- a network is a layer too, so that chains may stand in chains -------------------------------------
  /// its activations but the last, and what its layers keep
  std::size_t kept(std::ptrdiff_t batch) const {
    return places<scalar>(batch, nullptr, nullptr, nullptr).size;
  }

  void forward(Pass<Backend> pass, scalar const* in, scalar* out, scalar* kept) {
    auto const place = places(pass.batch, in, out, kept);
    for_each_layer([&](auto& layer, std::size_t i) {
      ScratchScope<Backend> const scope(pass.tape);
      layer.forward(pass, place.at[i], place.out[i], place.kept[i]);
    });
  }
  void backward(Pass<Backend> pass, scalar const* in, scalar const* out, scalar* out_gradient,
                scalar* in_gradient, scalar const* kept) {
    ScratchScope<Backend> const scope(pass.tape);
    auto const place = places(pass.batch, in, out, kept);
    auto const widest = static_cast<std::size_t>(pass.batch) * widest_between();
    scalar* buffers[2] = {pass.tape.scratch(widest), pass.tape.scratch(widest)};
    scalar* gradient = out_gradient;
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (
          [&] {
            constexpr std::size_t i = depth - 1 - I;
            auto& layer = std::get<i>(layers_);
            if constexpr (!detail::is_in_place<std::remove_cvref_t<decltype(layer)>>()) {
              ScratchScope<Backend> const layer_scope(pass.tape);
              scalar* const into = i == first_writer        ? in_gradient
                                   : gradient == buffers[0] ? buffers[1]
                                                            : buffers[0];
              layer.backward(pass, place.at[i], place.at[i + 1], gradient, into, place.kept[i]);
              gradient = into;
            }
          }(),
          ...);
    }(std::make_index_sequence<depth>{});
  }

  template <std::size_t I>
  layer_type<I>& layer() {
    return std::get<I>(layers_);
  }
  template <class Visitor>
  void for_each_layer(Visitor&& visit) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (visit(std::get<I>(layers_), I), ...);
    }(std::make_index_sequence<depth>{});
  }

 private:
  template <class Scalar>  // const on the way back
  struct Places {
    std::array<scalar const*, depth + 1> at{};  // input of layer i and output of the last
    std::array<Scalar*, depth> out{};           // output of layer i; null where that is the network's input
    std::array<Scalar*, depth> kept{};
    std::size_t size = 0;  // of the memory that they lie in, in scalars
  };
  template <class Scalar>
  Places<Scalar> places(std::ptrdiff_t batch, scalar const* in, Scalar* out, Scalar* memory) const {
    Places<Scalar> place;
    auto const take = [&](std::size_t n) {
      Scalar* const p = n == 0 || memory == nullptr ? nullptr : memory + place.size;
      place.size += Parameters<Backend>::padded(n);
      return p;
    };
    place.at[0] = in;
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (
          [&] {
            using Layer = layer_type<I>;
            if constexpr (detail::is_in_place<Layer>()) {
              place.at[I + 1] = place.at[I];
              if constexpr (I > 0) place.out[I] = place.out[I - 1];
            } else {
              place.out[I] =
                  I == last_writer ? out : take(static_cast<std::size_t>(batch) * Layer::output_shape::size);
              place.at[I + 1] = place.out[I];
            }
            place.kept[I] = take(std::get<I>(layers_).kept(batch));
          }(),
          ...);
    }(std::make_index_sequence<depth>{});
    return place;
  }

  template <expression E>
  Variable<Backend, 2> apply(E const& input, Mode mode) {
    auto const x = reshape(input, extents_of(input));
    constexpr auto in_size = static_cast<std::ptrdiff_t>(Input::size);
    constexpr auto out_size = static_cast<std::ptrdiff_t>(output_shape::size);
    if (x.extents[1] != in_size) {
      throw ShapeError("network: found input " + extents_text(x.extents) + ", expected (batch, " +
                       std::to_string(in_size) + ")");
    }
    if constexpr (in_place) return x;
    auto& tape = *x.tape;
    std::ptrdiff_t const batch = x.extents[0];
    auto const out = tape.variable(Extents<2>{batch, out_size}, true);
    Pass<Backend> const pass{tape, batch, mode};
    std::size_t const n = kept(batch);
    scalar* const memory = n == 0 ? nullptr : tape.scratch(n);
    forward(pass, x.value, out.value, memory);
    if (out.gradient != nullptr) {
      tape.record([this, x, out, memory, pass] {
        scalar* const into =
            x.gradient == nullptr ? nullptr : pass.tape.scratch(static_cast<std::size_t>(x.size()));
        backward(pass, x.value, out.value, out.gradient, into, memory);
        if (into != nullptr) {
          Variable<Backend, 2> seed = x;
          seed.value = into;
          seed.gradient = nullptr;
          pull_back(x, seed);
        }
      });
    }
    return out;
  }

  // of the images between layers
  [[nodiscard]] static constexpr std::size_t widest_between() {
    std::size_t widest = 1;
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      ((I < last_writer ? void(widest = std::max(widest, layer_type<I>::output_shape::size)) : void()), ...);
    }(std::make_index_sequence<depth>{});
    return widest;
  }
  // the first and the last layer that compute something
  [[nodiscard]] static constexpr std::size_t find_writer(bool last) {
    std::size_t found = depth;
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      ((!detail::is_in_place<std::tuple_element_t<I, typename chain::layers>>() && (last || found == depth)
            ? void(found = I)
            : void()),
       ...);
    }(std::make_index_sequence<depth>{});
    return found;
  }
  static constexpr std::size_t first_writer = find_writer(false);
  static constexpr std::size_t last_writer = find_writer(true);

  typename chain::layers layers_;

 public:
  /// Whether no layer computes anything: Flatten alone, a trunk that leaves all to the heads behind it. Such
  /// a network is its input read in another shape, and costs nothing.
  static constexpr bool in_place = last_writer == depth;
};

/// A chain of layers as a name: Sequential<Conv<32, 4, 2, 1, Relu>, Flatten, Dense<20>>. It may stand in
/// another chain.
template <class... Layers>
struct Sequential {
  template <class Backend, class Input>
  using On = Network<Backend, Input, Layers...>;
};

}  // namespace disentangle::nn
