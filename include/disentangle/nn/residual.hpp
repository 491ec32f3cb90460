// SPDX-License-Identifier: Apache-2.0
// Residual<Body, Shortcut, Act>: out = f(body(x) + shortcut(x)) as one layer, and the blocks of residual
// networks.
#pragma once

#include <type_traits>

#include <disentangle/nn/activate.hpp>
#include <disentangle/nn/convolution.hpp>
#include <disentangle/nn/network.hpp>
#include <disentangle/nn/normalisation.hpp>

namespace disentangle::nn {

/// The shortcut of He et al.: x itself where the body keeps its shape, else a 1 x 1 convolution whose stride
/// is that of the body, without bias, and BatchNorm.
struct ProjectIfReshaped {};

namespace detail {

/// x itself, which needs no work.
struct SameShape {};

template <class Shortcut, class Input, class Output>
struct ShortcutLayer {
  using type = Shortcut;
};
template <class Input>
struct ShortcutLayer<ProjectIfReshaped, Input, Input> {
  using type = SameShape;
};
template <class Input, class Output>
struct ShortcutLayer<ProjectIfReshaped, Input, Output> {
  static constexpr int stride = (Input::height + Output::height - 1) / Output::height;
  static_assert(stride <= 2 && (Input::height + stride - 1) / stride == Output::height &&
                    (Input::width + stride - 1) / stride == Output::width,
                "[disentangle] Residual: the body neither keeps nor halves the image; state its shortcut");
  using type = Sequential<FloorConv<Output::channels, 1, stride>, BatchNorm>;
};

template <class Backend, class Input, class Layer>
struct ShortcutOn {
  using type = typename Layer::template On<Backend, Input>;
  using output_shape = typename type::output_shape;
};
template <class Backend, class Input>
struct ShortcutOn<Backend, Input, SameShape> {
  struct type {};
  using output_shape = Input;
};

}  // namespace detail

/// out = f(body(x) + shortcut(x)). He, Zhang, Ren, Sun 2016 (BibTeX: he2016deep).
/// @tparam Body a layer, mostly a Sequential
/// @tparam Shortcut a layer with the body's output shape; by default x itself, or a projection where the
/// shape changes
/// @tparam Act applied to the sum; Identity for blocks that normalise and activate before their convolutions
/// Parameters: "prefix.body...." and "prefix.shortcut....".
template <class Body, class Shortcut = ProjectIfReshaped, class Act = Relu>
struct Residual {
  template <class Backend, class Input>
  class On {
    using BodyOn = typename Body::template On<Backend, Input>;

   public:
    using scalar = typename Backend::scalar;
    using output_shape = typename BodyOn::output_shape;

   private:
    using ShortcutName = typename detail::ShortcutLayer<Shortcut, Input, output_shape>::type;
    using ShortcutOn = detail::ShortcutOn<Backend, Input, ShortcutName>;
    static constexpr bool projects = !std::is_same_v<ShortcutName, detail::SameShape>;
    static_assert(std::is_same_v<typename ShortcutOn::output_shape, output_shape>,
                  "[disentangle] Residual: body and shortcut must give the same shape");
    static_assert(!detail::is_in_place<BodyOn>(),
                  "[disentangle] Residual: the body needs at least one layer that computes something");

   public:
    void declare(Parameters<Backend>& parameters, std::string const& prefix, Initialisation kind) {
      body_.declare(parameters, prefix + ".body", in_residual_body(kind));
      if constexpr (projects) shortcut_.declare(parameters, prefix + ".shortcut", kind);
    }
    /// the outputs of body and shortcut and what they keep
    std::size_t kept(std::ptrdiff_t batch) const { return places<scalar>(batch, nullptr).size; }

    void forward(Pass<Backend> pass, scalar const* in, scalar* out, scalar* kept) {
      auto const place = places(pass.batch, kept);
      body_.forward(pass, in, place.body_out, place.body_kept);
      if constexpr (projects) shortcut_.forward(pass, in, place.shortcut_out, place.shortcut_kept);
      scalar const* const other = projects ? place.shortcut_out : in;
      std::size_t const n = outputs(pass.batch);
      assign(detail::line(pass.tape, out, n),
             detail::activated<Act>(detail::line(pass.tape, place.body_out, n) +
                                    detail::line(pass.tape, other, n)));
    }
    void backward(Pass<Backend> pass, scalar const* in, scalar const* out, scalar* out_gradient,
                  scalar* in_gradient, scalar const* kept) {
      auto const place = places(pass.batch, kept);
      std::size_t const n = outputs(pass.batch), inputs = static_cast<std::size_t>(pass.batch) * Input::size;
      pass.backend().template activation_adjoint<Act::kind>(out, out_gradient, n,
                                                            static_cast<scalar>(Act::slope));
      // the body may overwrite the gradient that it gets
      scalar* shortcut_gradient = nullptr;
      if (projects || in_gradient != nullptr) {
        shortcut_gradient = pass.tape.scratch(n);
        assign(detail::line(pass.tape, shortcut_gradient, n), detail::line(pass.tape, out_gradient, n));
      }
      body_.backward(pass, in, place.body_out, out_gradient, in_gradient, place.body_kept);
      if constexpr (projects) {
        scalar* const of_input = in_gradient == nullptr ? nullptr : pass.tape.scratch(inputs);
        shortcut_.backward(pass, in, place.shortcut_out, shortcut_gradient, of_input, place.shortcut_kept);
        shortcut_gradient = of_input;
      }
      if (in_gradient != nullptr) {
        auto const target = detail::line(pass.tape, in_gradient, inputs);
        assign(target, target + detail::line(pass.tape, shortcut_gradient, inputs));
      }
    }

   private:
    template <class Scalar>  // const on the way back
    struct Places {
      Scalar *body_out = nullptr, *body_kept = nullptr, *shortcut_out = nullptr, *shortcut_kept = nullptr;
      std::size_t size = 0;
    };
    template <class Scalar>
    Places<Scalar> places(std::ptrdiff_t batch, Scalar* memory) const {
      Places<Scalar> place;
      auto const take = [&](std::size_t n) {
        Scalar* const p = n == 0 || memory == nullptr ? nullptr : memory + place.size;
        place.size += Parameters<Backend>::padded(n);
        return p;
      };
      place.body_out = take(outputs(batch));
      place.body_kept = take(body_.kept(batch));
      if constexpr (projects) {
        place.shortcut_out = take(outputs(batch));
        place.shortcut_kept = take(shortcut_.kept(batch));
      }
      return place;
    }
    [[nodiscard]] static std::size_t outputs(std::ptrdiff_t batch) {
      return static_cast<std::size_t>(batch) * output_shape::size;
    }

    BodyOn body_;
    typename ShortcutOn::type shortcut_;
  };
};

/// Two 3 x 3 convolutions with BatchNorm: the block of ResNet-18 and ResNet-34, `Width` channels out.
template <int Width, int Stride = 1>
using BasicBlock =
    Residual<Sequential<FloorConv<Width, 3, Stride>, BatchNorm, Activate<Relu>, FloorConv<Width>, BatchNorm>>;

/// 1 x 1, 3 x 3 and 1 x 1 convolutions with BatchNorm: the block of ResNet-50 and deeper ones, 4 `Width`
/// channels out. The 3 x 3 convolution has the stride, as in torchvision ("v1.5"); the paper gives it to the
/// first 1 x 1.
template <int Width, int Stride = 1>
using BottleneckBlock =
    Residual<Sequential<FloorConv<Width, 1>, BatchNorm, Activate<Relu>, FloorConv<Width, 3, Stride>,
                        BatchNorm, Activate<Relu>, FloorConv<4 * Width, 1>, BatchNorm>>;

}  // namespace disentangle::nn
