// SPDX-License-Identifier: Apache-2.0
// MaxPool, AveragePool, GlobalAveragePool and UpsampleNearest, written in the vocabulary of formulas, so that
// they run on every backend. A window is walked tap by tap: the pixels that one tap reads are a strided view
// of the image.
#pragma once

#include <algorithm>
#include <limits>
#include <utility>

#include <disentangle/autodiff/autodiff.hpp>
#include <disentangle/nn/layer.hpp>

namespace disentangle::nn {

namespace detail {

/// The pixels (first_y + stride y, first_x + stride x) of NHWC images for y < rows, x < columns: (batch,
/// rows, columns, channels).
template <class Image, class Backend, class Scalar>
Variable<Backend, 4> pixels(Pass<Backend> pass, Scalar* p, int stride, int first_y, int first_x, int rows,
                            int columns) {
  std::ptrdiff_t const row = std::ptrdiff_t{Image::width} * Image::channels;
  return memory_view(pass.tape, p + first_y * row + std::ptrdiff_t{first_x} * Image::channels,
                     Extents<4>{pass.batch, rows, columns, Image::channels},
                     Extents<4>{static_cast<std::ptrdiff_t>(Image::size), stride * row,
                                std::ptrdiff_t{stride} * Image::channels, 1});
}
/// All pixels of NHWC images.
template <class Image, class Backend, class Scalar>
Variable<Backend, 4> pixels(Pass<Backend> pass, Scalar* p) {
  return pixels<Image>(pass, p, 1, 0, 0, Image::height, Image::width);
}

/// The sum of the Size x Size pixels that lie below each pixel of an image Size times smaller, as a formula.
template <class Image, int Size, class Backend, class Scalar>
auto window_sum(Pass<Backend> pass, Scalar* p) {
  return [&]<int... Tap>(std::integer_sequence<int, Tap...>) {
    return (pixels<Image>(pass, p, Size, Tap / Size, Tap % Size, Image::height / Size, Image::width / Size) +
            ...);
  }(std::make_integer_sequence<int, Size * Size>{});
}
/// Writes a formula, (batch, height / Size, width / Size, channels), to each of the Size x Size pixels.
template <class Image, int Size, class Backend, class Scalar, expression E>
void spread_over_windows(Pass<Backend> pass, Scalar* p, E const& e) {
  for (int tap = 0; tap < Size * Size; ++tap) {
    assign(pixels<Image>(pass, p, Size, tap / Size, tap % Size, Image::height / Size, Image::width / Size),
           e);
  }
}

/// A layer without parameters that keeps nothing.
template <class Backend, class Output>
struct Unweighted {
  using scalar = typename Backend::scalar;
  using output_shape = Output;
  void declare(Parameters<Backend>&, std::string const&, Initialisation) {}
  std::size_t kept(std::ptrdiff_t) const { return 0; }
};

}  // namespace detail

/// (H, W, C) -> C features, the mean over the pixels.
struct GlobalAveragePool {
  template <class Backend, class Input>
  struct On : detail::Unweighted<Backend, FeatureShape<Input::channels>> {
    using scalar = typename Backend::scalar;
    static constexpr std::ptrdiff_t area = std::ptrdiff_t{Input::height} * Input::width;

    void forward(Pass<Backend> pass, scalar const* in, scalar* out, scalar*) {
      RecordingOff<Backend> const guard(pass.tape);
      assign(features(pass, out), mean(image(pass, in), axis<1>));
    }
    void backward(Pass<Backend> pass, scalar const*, scalar const*, scalar* out_gradient, scalar* in_gradient,
                  scalar const*) {
      if (in_gradient == nullptr) return;
      assign(image(pass, in_gradient),
             (1.0 / static_cast<double>(area)) * insert_axis(features(pass, out_gradient), axis<1>));
    }

   private:
    static Variable<Backend, 3> image(Pass<Backend> pass, auto* p) {
      return memory_view(pass.tape, p, Extents<3>{pass.batch, area, Input::channels});
    }
    static Variable<Backend, 2> features(Pass<Backend> pass, auto* p) {
      return memory_view(pass.tape, p, Extents<2>{pass.batch, Input::channels});
    }
  };
};

/// (H, W, C) -> (H / Size, W / Size, C), the mean of Size x Size pixels.
template <int Size = 2>
struct AveragePool {
  static_assert(Size > 1);
  template <class Backend, class Input>
  struct On
      : detail::Unweighted<Backend, ImageShape<Input::height / Size, Input::width / Size, Input::channels>> {
    static_assert(Input::height % Size == 0 && Input::width % Size == 0,
                  "[disentangle] AveragePool: the window does not divide the image side");
    using scalar = typename Backend::scalar;
    using Output = ImageShape<Input::height / Size, Input::width / Size, Input::channels>;

    void forward(Pass<Backend> pass, scalar const* in, scalar* out, scalar*) {
      assign(detail::pixels<Output>(pass, out),
             (1.0 / (Size * Size)) * detail::window_sum<Input, Size>(pass, in));
    }
    void backward(Pass<Backend> pass, scalar const*, scalar const*, scalar* out_gradient, scalar* in_gradient,
                  scalar const*) {
      if (in_gradient == nullptr) return;
      detail::spread_over_windows<Input, Size>(
          pass, in_gradient, (1.0 / (Size * Size)) * detail::pixels<Output>(pass, out_gradient));
    }
  };
};

/// (H, W, C) -> (Size H, Size W, C), each pixel repeated Size x Size times.
template <int Size = 2>
struct UpsampleNearest {
  static_assert(Size > 1);
  template <class Backend, class Input>
  struct On
      : detail::Unweighted<Backend, ImageShape<Input::height * Size, Input::width * Size, Input::channels>> {
    using scalar = typename Backend::scalar;
    using Output = ImageShape<Input::height * Size, Input::width * Size, Input::channels>;

    void forward(Pass<Backend> pass, scalar const* in, scalar* out, scalar*) {
      detail::spread_over_windows<Output, Size>(pass, out, detail::pixels<Input>(pass, in));
    }
    void backward(Pass<Backend> pass, scalar const*, scalar const*, scalar* out_gradient, scalar* in_gradient,
                  scalar const*) {
      if (in_gradient == nullptr) return;
      assign(detail::pixels<Input>(pass, in_gradient), detail::window_sum<Output, Size>(pass, out_gradient));
    }
  };
};

/// (H, W, C) -> (floor((H + 2 Padding - Kernel) / Stride) + 1, ..., C), the largest pixel of each window;
/// what lies outside of the image does not count. The gradient goes to the first of the largest pixels, row
/// by row. NaN in a window gives NaN. Its passes over memory are 2 Kernel^2: meant for the stem of a network
/// for large images.
template <int Kernel = 3, int Stride = 2, int Padding = 1>
struct MaxPool {
  static_assert(Kernel > 0 && Stride > 0 && Padding >= 0 && 2 * Padding <= Kernel,
                "[disentangle] MaxPool: the padding must be at most half of the kernel");
  template <class Backend, class Input>
  class On : public detail::Unweighted<
                 Backend, ImageShape<(Input::height + 2 * Padding - Kernel) / Stride + 1,
                                     (Input::width + 2 * Padding - Kernel) / Stride + 1, Input::channels>> {
   public:
    static_assert(Input::height + 2 * Padding >= Kernel && Input::width + 2 * Padding >= Kernel,
                  "[disentangle] MaxPool: the image is smaller than the window");
    using scalar = typename Backend::scalar;
    using Output = ImageShape<(Input::height + 2 * Padding - Kernel) / Stride + 1,
                              (Input::width + 2 * Padding - Kernel) / Stride + 1, Input::channels>;

    void forward(Pass<Backend> pass, scalar const* in, scalar* out, scalar*) {
      pass.backend().fill(out, size(pass), -std::numeric_limits<scalar>::infinity());
      for_each_tap([&](Window y, Window x) {
        auto const largest = outputs(pass, out, y, x);
        assign(largest, where(equal(largest, largest), max(largest, inputs(pass, in, y, x)), largest));
      });
    }
    void backward(Pass<Backend> pass, scalar const* in, scalar const* out, scalar* out_gradient,
                  scalar* in_gradient, scalar const*) {
      if (in_gradient == nullptr) return;
      auto& backend = pass.backend();
      scalar* const waiting = pass.tape.scratch(size(pass));  // 1 until the gradient of a window is given
      backend.fill(waiting, size(pass), scalar(1));
      backend.fill(in_gradient, static_cast<std::size_t>(pass.batch) * Input::size, scalar(0));
      for_each_tap([&](Window y, Window x) {
        auto const here = equal(inputs(pass, in, y, x), outputs(pass, out, y, x));
        auto const wait = outputs(pass, waiting, y, x);
        auto const target = inputs(pass, in_gradient, y, x);
        assign(target, target + here * wait * outputs(pass, out_gradient, y, x));
        assign(wait, wait - here * wait);
      });
    }

   private:
    /// Along one side: the outputs first .. first + count - 1 whose tap is pixel `pixel` + Stride i of the
    /// image.
    struct Window {
      int first, count, pixel;
    };
    [[nodiscard]] static constexpr Window window(int extent, int out, int tap) {
      int const first = tap < Padding ? (Padding - tap + Stride - 1) / Stride : 0;
      int const last = extent - 1 + Padding - tap < 0 ? -1 : (extent - 1 + Padding - tap) / Stride;
      return {first, std::max(0, std::min(out - 1, last) - first + 1), first * Stride - Padding + tap};
    }
    template <class Visit>
    static void for_each_tap(Visit const& visit) {
      for (int ky = 0; ky < Kernel; ++ky) {
        Window const y = window(Input::height, Output::height, ky);
        for (int kx = 0; kx < Kernel && y.count > 0; ++kx) {
          Window const x = window(Input::width, Output::width, kx);
          if (x.count > 0) visit(y, x);
        }
      }
    }
    static Variable<Backend, 4> inputs(Pass<Backend> pass, auto* p, Window y, Window x) {
      return detail::pixels<Input>(pass, p, Stride, y.pixel, x.pixel, y.count, x.count);
    }
    static Variable<Backend, 4> outputs(Pass<Backend> pass, auto* p, Window y, Window x) {
      return detail::pixels<Output>(pass, p, 1, y.first, x.first, y.count, x.count);
    }
    [[nodiscard]] static std::size_t size(Pass<Backend> pass) {
      return static_cast<std::size_t>(pass.batch) * Output::size;
    }
  };
};

}  // namespace disentangle::nn
