// SPDX-License-Identifier: Apache-2.0
// A mixture with one Gaussian for each class as the prior of the class-related latents.
#pragma once

#include <cmath>
#include <numbers>

#include <disentangle/nn/builder.hpp>
#include <disentangle/prior/bhattacharyya.hpp>
#include <disentangle/prior/parted_code.hpp>
#include <disentangle/prior/prior.hpp>
#include <disentangle/prior/standard_normal.hpp>

namespace disentangle::prior {

namespace detail {

/// sum_k q(c = k | x) f(u, component k) for each latent of one class variable: u (batch, 1, related),
/// components (1, values, related), probabilities (batch, values) -> (batch, related).
template <matrix_expression E, class F>
auto expected_over_classes(E const& probabilities, F const& f) {
  return sum(insert_axis(materialise(probabilities), axis<2>) * f, axis<1>);
}

/// The posterior from an encoder's heads and the components (class values, related) of the prior of u.
template <class Code, class B>
PartedPosterior<B> parted_posterior(auto const& heads, Philox const& random,
                                    Variable<B, 2> const& component_mean,
                                    Variable<B, 2> const& component_log_variance, double temperature,
                                    ClassFrequencies const& frequencies, StandardNormal const& normal) {
  using C = typename Code::classes;
  constexpr std::ptrdiff_t dz = Code::independent, du = Code::related;
  PartedPosterior<B> q;
  q.component_mean = component_mean;
  q.component_log_variance = component_log_variance;
  auto const logits = heads.class_logits();
  q.c = class_posterior<C>(logits, frequencies);
  q.c.sample = heads.training() ? relaxed_classes<C>(logits, beside(random, "gumbel"), temperature)
                                : likeliest_classes<C>(q.c.log_probability);
  auto const z = heads.z();
  auto const u = heads.u(q.c.sample, static_cast<long>(random.step));
  if (z.extent(1) != 2 * dz || u.mean.extent(1) != Code::all_related) {
    throw ShapeError("ClassMixture: found heads of " + extents_text(z.extents) + " for z and " +
                     extents_text(u.mean.extents) + " for the means of u, expected " +
                     std::to_string(2 * dz) + " and " + std::to_string(Code::all_related) + " columns");
  }
  auto& tape = *z.tape;
  auto const clamped = [&](auto const& e) {
    return materialise(clamp(e, normal.log_variance_min, normal.log_variance_max));
  };
  q.mean = concatenate(axis<1>, slice(z, axis<1>, 0, dz), u.mean);
  q.log_variance = clamped(concatenate(axis<1>, slice(z, axis<1>, dz, 2 * dz), u.log_variance));
  q.sample = materialise(q.mean + exp(0.5 * q.log_variance) *
                                      normal.codes(tape, z.extent(0), std::ptrdiff_t{Code::size}, random));

  // KL and density of u under each class's component, weighted by q(c|x)
  double const log_2pi = std::log(2 * std::numbers::pi);
  auto const part = [&](auto const& whole, std::ptrdiff_t first, std::ptrdiff_t n) {
    return slice(whole, axis<1>, first, first + n);
  };
  auto const of_class = [&](auto i, bool kl) {
    constexpr int v = decltype(i)::value;
    constexpr std::ptrdiff_t first = C::offset(v), last = C::offset(v + 1), at = dz + v * du;
    auto const p = materialise(exp(slice(q.c.log_probability, axis<1>, first, last)));
    auto const m = insert_axis(slice(component_mean, axis<0>, first, last), axis<0>);
    auto const l = insert_axis(slice(component_log_variance, axis<0>, first, last), axis<0>);
    auto const own = [&](auto const& whole) { return insert_axis(part(whole, at, du), axis<1>); };
    if (kl) {
      auto const mean = own(q.mean), log_variance = own(q.log_variance);
      return expected_over_classes(
          p, 0.5 * (l - log_variance - 1.0 + exp(log_variance - l) + square(m - mean) * exp(-l)));
    }
    auto const sample = own(q.sample);
    return expected_over_classes(p, -0.5 * (log_2pi + l + square(sample - m) * exp(-l)));
  };
  auto const all_classes = [&](bool kl) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return concatenate(axis<1>, of_class(std::integral_constant<int, static_cast<int>(I)>{}, kl)...);
    }(std::make_index_sequence<static_cast<std::size_t>(C::variables)>{});
  };
  auto const z_mean = part(q.mean, 0, dz), z_log_variance = part(q.log_variance, 0, dz);
  q.kl = concatenate(axis<1>, 0.5 * (square(z_mean) + exp(z_log_variance) - 1.0 - z_log_variance),
                     all_classes(true));
  q.log_prior = concatenate(axis<1>, -0.5 * (square(part(q.sample, 0, dz)) + log_2pi), all_classes(false));

  auto const view = [&](std::ptrdiff_t first, std::ptrdiff_t n) {
    Posterior<B> of_part;
    of_part.mean = part(q.mean, first, n);
    of_part.log_variance = part(q.log_variance, first, n);
    of_part.sample = part(q.sample, first, n);
    of_part.kl = part(q.kl, first, n);
    of_part.log_prior = part(q.log_prior, first, n);
    return of_part;
  };
  q.z = view(0, dz);
  q.u = view(dz, std::ptrdiff_t{Code::all_related});
  return q;
}

/// n codes: z standard normal, classes by their frequencies, u from their components.
template <class Code, class B>
Variable<B, 2> parted_codes(Tape<B>& tape, std::ptrdiff_t n, Philox const& random,
                            Variable<B, 2> const& component_mean,
                            Variable<B, 2> const& component_log_variance, ClassFrequencies const& frequencies,
                            StandardNormal const& normal) {
  using C = typename Code::classes;
  constexpr std::ptrdiff_t dz = Code::independent, du = Code::related;
  auto const noise = normal.codes(tape, n, std::ptrdiff_t{Code::size}, random);
  int const* const drawn = drawn_classes<C>(tape, n, frequencies, beside(random, "classes"));
  int* const rows = tape.template host<int>(static_cast<std::size_t>(n));
  auto const z = slice(noise, axis<1>, 0, dz);
  auto const u = [&](int v) {
    for (std::ptrdiff_t i = 0; i < n; ++i) rows[i] = C::offset(v) + drawn[i * C::variables + v];
    std::span<int const> const which(rows, static_cast<std::size_t>(n));
    return materialise(gather(stop_gradient(component_mean), which) +
                       exp(0.5 * gather(stop_gradient(component_log_variance), which)) *
                           slice(noise, axis<1>, dz + v * du, dz + (v + 1) * du));
  };
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return concatenate(axis<1>, z, u(static_cast<int>(I))...);
  }(std::make_index_sequence<static_cast<std::size_t>(C::variables)>{});
}

}  // namespace detail

/// p(z) = N(0, I), p(c) = prod_i Cat(frequencies), p(u_i | c_i = k) = N(m_ik, diag exp(l_ik)), one Gaussian
/// for each class: two learnt tables, m and rho with l = 2 tanh(rho) - 1, both (class values, related) and
/// started from N(0, 1); so every standard deviation stays in (0.22, 1.65). The tables are trained with the
/// model, by its optimiser.
///     q(z, u, c | x) = q(z|x) prod_i q(c_i|x) q(u_i | x, c~_i)
/// with c~ one Gumbel-Softmax draw; in inference, the likeliest class.
///     kl of u_ij = sum_k q(c_i = k | x) KL(q(u_ij | x, c~_i) || p(u_ij | c_i = k))
/// compares the one posterior with all components; gradients reach the posterior, both tables and q(c|x).
/// Hajimiri, Lotfi, Soleymani Baghshah 2021 (BibTeX: hajimiri2021semi), as the authors' code has it. Goes
/// with an encoder whose result has class_logits(), z(), u(classes, step) and training(): encoder::Parted.
/// @param temperature of the Gumbel-Softmax draw, > 0; default 0.67, constant (authors' code)
/// @param frequencies p(c); default uniform
/// @param normal the bounds of the posterior's log-variances; the authors' code has none, these act in no
/// healthy run Cost O(batch * class values * related).
template <class Code>
struct ClassMixture {
  double temperature = 0.67;
  ClassFrequencies frequencies{};
  StandardNormal normal{};

  using classes = typename Code::classes;
  using code = Code;

  template <class Setting>
  struct State {
    Variable<typename Setting::backend_type, 2> mean, rho;
    explicit State(nn::Builder<typename Setting::backend_type>& build) {
      Extents<2> const extents{classes::total, Code::related};
      nn::Initialiser const start{nn::Initialiser::Law::normal, 1};
      build.parameters().declare(mean, "prior.mean", extents, start);
      build.parameters().declare(rho, "prior.rho", extents, start);
    }
    auto log_variance() const { return materialise(2.0 * tanh(rho) - 1.0); }
  };

  auto posterior(auto const& heads, Philox const& random, auto& state) const {
    return detail::parted_posterior<Code>(heads, random, state.mean, state.log_variance(), temperature,
                                          frequencies, normal);
  }
  /// q(c|x) alone.
  auto class_posterior(auto const& heads) const {
    return detail::class_posterior<classes>(heads.class_logits(), frequencies);
  }
  /// For the log: the KL of z and of u, the mean Bhattacharyya coefficient of the pairs of components, and
  /// the mean of q(c_i = k | x) over the minibatch.
  [[nodiscard]] static std::vector<std::string> measures(int /*latent_size*/) {
    std::vector<std::string> names{"kl_z", "kl_u", "bhattacharyya"};
    for (auto& name : detail::usage_names<classes>()) names.push_back(std::move(name));
    return names;
  }
  void measure(auto& step) const {
    auto const& q = step.posterior();
    if constexpr (requires { q.component_mean; }) {  // a method without a reconstruction has no posterior
      double const batch = q.batch_size();
      step.measure(0, sum(q.z.kl) * (1 / batch));
      step.measure(1, sum(q.u.kl) * (1 / batch));
      step.measure(2, mean_coefficient<classes>(q.component_mean, q.component_log_variance));
      step.measure(3, mean(exp(q.c.log_probability), axis<0>));
    }
  }
  template <class B>
  Variable<B, 2> codes(Tape<B>& tape, std::ptrdiff_t n, std::ptrdiff_t, Philox const& random,
                       auto& state) const {
    return detail::parted_codes<Code>(tape, n, random, state.mean, state.log_variance(), frequencies, normal);
  }
  friend bool operator==(ClassMixture const&, ClassMixture const&) = default;
};

/// ClassMixture with nothing learnt: p(u_i | c_i) = N(0, I) for every class, an ablation.
template <class Code>
struct ClassNormal {
  double temperature = 0.67;
  ClassFrequencies frequencies{};
  StandardNormal normal{};

  using classes = typename Code::classes;
  using code = Code;

  auto posterior(auto const& heads, Philox const& random) const {
    auto const zero = zeros(*heads.class_logits().tape);
    return detail::parted_posterior<Code>(heads, random, zero, zero, temperature, frequencies, normal);
  }
  auto class_posterior(auto const& heads) const {
    return detail::class_posterior<classes>(heads.class_logits(), frequencies);
  }
  template <class B>
  Variable<B, 2> codes(Tape<B>& tape, std::ptrdiff_t n, std::ptrdiff_t, Philox const& random) const {
    return normal.codes(tape, n, std::ptrdiff_t{Code::size}, random);
  }
  friend bool operator==(ClassNormal const&, ClassNormal const&) = default;

 private:
  template <class B>
  static Variable<B, 2> zeros(Tape<B>& tape) {
    auto const v = tape.variable(Extents<2>{classes::total, Code::related}, false);
    tape.backend().fill(v.value, static_cast<std::size_t>(v.size()), typename B::scalar(0));
    return v;
  }
};

}  // namespace disentangle::prior
