// SPDX-License-Identifier: Apache-2.0
// LayerNorm and BatchNorm, written in the vocabulary of formulas, so that they run on every backend.
#pragma once

#include <disentangle/autodiff/autodiff.hpp>
#include <disentangle/nn/tangent.hpp>

namespace disentangle::nn {

namespace detail {

/// gradient (+)= e
template <class Backend, int Rank, expression E>
void contribute(Weight<Backend, Rank>& weight, E const& e) {
  auto gradient = weight.variable;
  gradient.value = gradient.gradient;
  gradient.gradient = nullptr;
  if (weight.accumulate()) {
    assign(gradient, gradient + e);
  } else {
    assign(gradient, e);
  }
}

}  // namespace detail

/// out = gain * (x - mean) / sqrt(variance + 1e-5) + bias over all features of a sample (PyTorch's LayerNorm
/// over the last axes). Ba, Kiros, Hinton 2016 (BibTeX: ba2016layer). Gain and bias per feature, starting at
/// 1 and 0.
struct LayerNorm {
  template <class Backend, class Input>
  class On {
   public:
    using scalar = typename Backend::scalar;
    using output_shape = Input;
    static constexpr auto n = static_cast<std::ptrdiff_t>(Input::size);

    void declare(Parameters<Backend>& parameters, std::string const& prefix, Initialisation) {
      parameters.declare(gain_, prefix + ".gain", {n}, Initialiser{Initialiser::Law::constant, 1});
      parameters.declare(bias_, prefix + ".bias", {n}, Initialiser{});
    }
    /// the normalised input and 1 / sqrt(variance + epsilon) of each sample
    std::size_t kept(std::ptrdiff_t batch) const { return static_cast<std::size_t>(batch * (n + 1)); }

    void forward(Pass<Backend> pass, scalar const* in, scalar* out, scalar* kept) {
      RecordingOff<Backend> const guard(pass.tape);
      auto const x = memory_view(pass.tape, in, Extents<2>{pass.batch, n});
      auto const normal = memory_view(pass.tape, kept, Extents<2>{pass.batch, n});
      auto const rate = memory_view(pass.tape, kept + pass.batch * n, Extents<1>{pass.batch});
      auto const centred = materialise(x - insert_axis(mean(x, axis<1>), axis<1>));
      assign(rate, 1.0 / sqrt(mean(square(centred), axis<1>) + 1e-5));
      assign(normal, centred * insert_axis(rate, axis<1>));
      assign(memory_view(pass.tape, out, Extents<2>{pass.batch, n}),
             normal * constant(gain_) + constant(bias_));
    }
    void backward(Pass<Backend> pass, scalar const*, scalar const*, scalar* out_gradient, scalar* in_gradient,
                  scalar const* kept) {
      RecordingOff<Backend> const guard(pass.tape);
      auto const g = memory_view(pass.tape, out_gradient, Extents<2>{pass.batch, n});
      auto const normal = memory_view(pass.tape, kept, Extents<2>{pass.batch, n});
      auto const rate = memory_view(pass.tape, kept + pass.batch * n, Extents<1>{pass.batch});
      if (!pass.mode.frozen) {
        detail::contribute(gain_, sum(g * normal, axis<0>));
        detail::contribute(bias_, sum(g, axis<0>));
      }
      if (in_gradient != nullptr) {
        auto const scaled = materialise(g * constant(gain_));
        auto const offset = mean(scaled, axis<1>);
        auto const slope = mean(scaled * normal, axis<1>);
        assign(memory_view(pass.tape, in_gradient, Extents<2>{pass.batch, n}),
               (scaled - insert_axis(offset, axis<1>) - normal * insert_axis(slope, axis<1>)) *
                   insert_axis(rate, axis<1>));
      }
    }
    void tangent(Pass<Backend> pass, scalar const*, scalar const*, scalar const* in_tangent,
                 scalar* out_tangent, scalar const* kept) {
      RecordingOff<Backend> const guard(pass.tape);
      assign(memory_view(pass.tape, out_tangent, Extents<2>{pass.batch, n}),
             standardised(pass, in_tangent, kept) * constant(gain_));
    }
    bool tangent_backward(Pass<Backend> pass, scalar const*, scalar const*, scalar const* in_tangent,
                          scalar const*, scalar const* kept, TangentAdjoints<scalar> const& a) {
      RecordingOff<Backend> const guard(pass.tape);
      auto const matrix = [&](auto* p) { return memory_view(pass.tape, p, Extents<2>{pass.batch, n}); };
      auto const normal = matrix(kept), t = matrix(in_tangent), g = matrix(a.out_tangent);
      auto const rate = memory_view(pass.tape, kept + pass.batch * n, Extents<1>{pass.batch});
      auto const over_features = [](auto const& v) { return insert_axis(v, axis<1>); };
      auto const t_normal = materialise(standardised(pass, in_tangent, kept));  // tangent of `normal`
      if (!pass.mode.frozen) detail::contribute(gain_, sum(g * t_normal, axis<0>));
      auto const scaled = materialise(g * constant(gain_));  // adjoint of t_normal
      // t_normal = rate (t - mean(t) - normal mean(normal t)) depends on the input by `normal` and by `rate`
      auto const slope = mean(scaled * normal, axis<1>), t_slope = mean(t * normal, axis<1>);
      auto const of_normal = materialise(-1.0 * over_features(rate) *
                                         (scaled * over_features(t_slope) + t * over_features(slope)));
      if (a.curved) {
        auto const out = matrix(a.out);
        if (!pass.mode.frozen) {
          detail::contribute(gain_, sum(out * normal, axis<0>));
          detail::contribute(bias_, sum(out, axis<0>));
        }
        assign(of_normal, of_normal + out * constant(gain_));
      }
      auto const offset = mean(of_normal, axis<1>), along = mean(of_normal * normal, axis<1>);
      auto const of_rate = mean(scaled * t_normal, axis<1>);
      assign(matrix(a.in), (of_normal - over_features(offset) - normal * over_features(along + of_rate)) *
                               over_features(rate));
      if (a.in_tangent != nullptr) {
        assign(matrix(a.in_tangent), standardised(pass, scaled.value, kept));
      }
      return true;
    }

   private:
    /// rate (t - mean(t) - normal mean(normal t)): the Jacobian of the normalisation, which is symmetric,
    /// applied to t
    [[nodiscard]] static auto standardised(Pass<Backend> pass, scalar const* tangent, scalar const* kept) {
      auto const normal = memory_view(pass.tape, kept, Extents<2>{pass.batch, n});
      auto const rate = memory_view(pass.tape, kept + pass.batch * n, Extents<1>{pass.batch});
      auto const t = memory_view(pass.tape, tangent, Extents<2>{pass.batch, n});
      auto const offset = mean(t, axis<1>), slope = mean(t * normal, axis<1>);
      return (t - insert_axis(offset, axis<1>) - normal * insert_axis(slope, axis<1>)) *
             insert_axis(rate, axis<1>);
    }
    [[nodiscard]] static auto constant(Weight<Backend, 1> const& w) { return stop_gradient(w.variable); }

    Weight<Backend, 1> gain_;
    Weight<Backend, 1> bias_;
  };
};

/// out = gain * (x - mean) / sqrt(variance + 1e-5) + bias per channel: over batch and pixels of the minibatch
/// in training (biased variance), with running statistics (momentum 0.1, unbiased variance, as PyTorch)
/// otherwise. Ioffe, Szegedy 2015 (BibTeX: ioffe2015batch).
struct BatchNorm {
  template <class Backend, class Input>
  class On {
   public:
    using scalar = typename Backend::scalar;
    using output_shape = Input;
    static constexpr std::ptrdiff_t channels = Input::channels;
    static constexpr std::ptrdiff_t pixels = std::ptrdiff_t{Input::height} * Input::width;

    void declare(Parameters<Backend>& parameters, std::string const& prefix, Initialisation) {
      parameters.declare(gain_, prefix + ".gain", {channels}, Initialiser{Initialiser::Law::constant, 1});
      parameters.declare(bias_, prefix + ".bias", {channels}, Initialiser{});
      parameters.declare_statistic(running_mean_, prefix + ".running_mean", Extents<1>{channels}, 0);
      parameters.declare_statistic(running_variance_, prefix + ".running_variance", Extents<1>{channels}, 1);
    }
    /// the normalised input and 1 / sqrt(variance + epsilon) of each channel
    std::size_t kept(std::ptrdiff_t batch) const {
      return static_cast<std::size_t>(batch * pixels * channels + channels);
    }

    void forward(Pass<Backend> pass, scalar const* in, scalar* out, scalar* kept) {
      RecordingOff<Backend> const guard(pass.tape);
      Extents<2> const extents{pass.batch * pixels, channels};
      double const n = static_cast<double>(extents[0]);
      auto const x = memory_view(pass.tape, in, extents);
      auto const normal = memory_view(pass.tape, kept, extents);
      auto const rate = memory_view(pass.tape, kept + product(extents), Extents<1>{channels});
      if (pass.mode.training) {
        auto const average = materialise(mean(x, axis<0>));
        auto const centred = materialise(x - average);
        auto const variance = materialise(mean(square(centred), axis<0>));
        assign(rate, 1.0 / sqrt(variance + 1e-5));
        assign(normal, centred * rate);
        assign(running_mean_, 0.9 * running_mean_ + 0.1 * average);
        assign(running_variance_, 0.9 * running_variance_ + (0.1 * n / (n > 1 ? n - 1 : 1)) * variance);
      } else {
        assign(rate, 1.0 / sqrt(running_variance_ + 1e-5));
        assign(normal, (x - running_mean_) * rate);
      }
      assign(memory_view(pass.tape, out, extents),
             normal * stop_gradient(gain_.variable) + stop_gradient(bias_.variable));
    }
    void backward(Pass<Backend> pass, scalar const*, scalar const*, scalar* out_gradient, scalar* in_gradient,
                  scalar const* kept) {
      RecordingOff<Backend> const guard(pass.tape);
      Extents<2> const extents{pass.batch * pixels, channels};
      auto const g = memory_view(pass.tape, out_gradient, extents);
      auto const normal = memory_view(pass.tape, kept, extents);
      auto const rate = memory_view(pass.tape, kept + product(extents), Extents<1>{channels});
      auto const slope = sum(g * normal, axis<0>);
      auto const offset = sum(g, axis<0>);
      if (!pass.mode.frozen) {
        detail::contribute(gain_, slope);
        detail::contribute(bias_, offset);
      }
      if (in_gradient == nullptr) return;
      auto const target = memory_view(pass.tape, in_gradient, extents);
      auto const scale = rate * stop_gradient(gain_.variable);
      double const share = pass.mode.training ? 1.0 / static_cast<double>(extents[0]) : 0.0;
      assign(target, (g - share * offset - share * normal * slope) * scale);
    }

   private:
    Weight<Backend, 1> gain_;
    Weight<Backend, 1> bias_;
    Variable<Backend, 1> running_mean_;
    Variable<Backend, 1> running_variance_;
  };
};

}  // namespace disentangle::nn
