// SPDX-License-Identifier: Apache-2.0
// PosteriorArrays: what a term on the posterior reads, as plain arrays.
#pragma once

#include <cmath>
#include <cstddef>
#include <numbers>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <disentangle/autodiff/autodiff.hpp>
#include <disentangle/autodiff/host_array.hpp>
#include <disentangle/autodiff/value_and_gradient.hpp>
#include <disentangle/core/error.hpp>
#include <disentangle/core/philox.hpp>
#include <disentangle/prior/gamma_precision.hpp>
#include <disentangle/prior/learnt_variance.hpp>
#include <disentangle/prior/parted_code.hpp>
#include <disentangle/prior/posterior.hpp>
#include <disentangle/prior/relevance.hpp>

namespace disentangle {

/// The posterior of a minibatch as arrays. `mean` and `log_variance` are needed, and what the posterior type
/// of the term has beyond Posterior<B>; all else has a default. Every array that is given is an input with a
/// gradient of its own, under its name here (but `noise`, which is a constant).
struct PosteriorArrays {
  HostArray<2> mean{};          ///< of q(z|x), (batch, latent)
  HostArray<2> log_variance{};  ///< of q(z|x), (batch, latent)
  /// z = mean + exp(log_variance / 2) * noise, as in training: gradients reach both through the sample.
  /// Default: seeded standard normal numbers, always the same.
  HostArray<2> noise{};
  HostArray<2> sample{};     ///< or z itself, an input that depends on nothing
  HostArray<2> kl{};         ///< (batch, latent), nats; default: to the prior, standard normal unless below
  HostArray<2> log_prior{};  ///< log p(z_j), (batch, latent); default: of that prior
  double data_size = 1;      ///< images of the whole data set
  long step = 1;             ///< of training, from 1

  // ---- of prior::RelevantPosterior ------------------------------------------------------------------------
  HostArray<1> relevance_logits{};  ///< l with r = sigmoid(l), (latent)
  // ---- of prior::VariancePosterior: kl and log_prior are then to N(0, prior_variance) ---------------------
  HostArray<1> prior_variance{};  ///< (latent)
  // ---- of prior::PrecisionPosterior -----------------------------------------------------------------------
  HostArray<1> precision_kl{};  ///< (latent)
  // ---- of prior::JointPosterior: z is the mean and log_variance above, c the classes ----------------------
  HostArray<2> class_logits{};     ///< (batch, class values), the variables side by side
  std::vector<int> classes{};      ///< values of each class variable; default: one with all columns
  HostArray<2> class_sample{};     ///< relaxed one-hot codes; default: the probabilities
  HostArray<1> class_log_prior{};  ///< log p(c_i = k); default: uniform
  // ---- of prior::PartedPosterior: the code is (z, u); u as many for each class variable -------------------
  HostArray<2> component_mean{};          ///< of p(u_i | c_i = k), (class values, related)
  HostArray<2> component_log_variance{};  ///< the same extents
};

namespace detail {

/// Posterior types that PosteriorArrays has the arrays of.
template <class Q, class B>
inline constexpr bool posterior_of_arrays =
    std::is_same_v<Q, Posterior<B>> || std::is_same_v<Q, prior::RelevantPosterior<B>> ||
    std::is_same_v<Q, prior::VariancePosterior<B>> || std::is_same_v<Q, prior::PrecisionPosterior<B>> ||
    std::is_same_v<Q, prior::RelevantPrecisionPosterior<B>> || std::is_same_v<Q, prior::JointPosterior<B>> ||
    std::is_same_v<Q, prior::PartedPosterior<B>>;

/// Those arrays as inputs, and the posterior Q that they make on a tape, anew after each of its resets.
template <class Q, class B>
class PosteriorInputs {
  static_assert(posterior_of_arrays<Q, B>,
                "[disentangle] the term names a posterior_type that PosteriorArrays does not know; write the "
                "posterior as a formula: value_and_gradient([&](auto mean, auto log_variance, ...) { return "
                "term(MyPosterior{...}); }, arrays...); see docs/policies.md");
  static constexpr bool relevant = requires(Q q) { q.relevance; };
  static constexpr bool variance = requires(Q q) { q.prior_variance; };
  static constexpr bool precise = requires(Q q) { q.precision_kl; };
  static constexpr bool joint = requires(Q q) { q.c; };
  static constexpr bool parted = requires(Q q) { q.u; };

 public:
  PosteriorInputs(Inputs<B>& inputs, PosteriorArrays const& arrays)
      : noise_(arrays.noise), data_size_(arrays.data_size), step_(arrays.step), classes_(arrays.classes) {
    auto const given = [&](auto& variable, char const* name, auto const& array) {
      if (!array.empty()) variable = inputs.add(name, array);
    };
    auto const needed = [&](auto& variable, char const* name, auto const& array, char const* extents) {
      if (array.empty()) {
        throw ValueError(std::string("posterior: found no ") + name + ", expected an array " + extents +
                         ", which the term reads; set PosteriorArrays::" + name);
      }
      given(variable, name, array);
    };
    auto const expect = [&](char const* name, auto const& variable, auto const& extents) {
      if (variable.tape != nullptr && variable.extents != extents) {
        throw ShapeError(std::string("posterior: found ") + name + " " + extents_text(variable.extents) +
                         ", expected " + extents_text(extents) + " beside mean " +
                         extents_text(mean_.extents));
      }
    };
    needed(mean_, "mean", arrays.mean, "(batch, latent)");
    needed(log_variance_, "log_variance", arrays.log_variance, "(batch, latent)");
    expect("log_variance", log_variance_, mean_.extents);
    given(sample_, "sample", arrays.sample);
    given(kl_, "kl", arrays.kl);
    given(log_prior_, "log_prior", arrays.log_prior);
    expect("sample", sample_, mean_.extents);
    expect("kl", kl_, mean_.extents);
    expect("log_prior", log_prior_, mean_.extents);
    if (!noise_.empty() && !arrays.sample.empty()) {
      throw ValueError(
          "posterior: found both noise and sample, expected one: the sample follows from the noise");
    }
    if (noise_.empty()) {
      noise_ = {mean_.extents, std::vector<double>(arrays.mean.values.size())};
      Philox const random{3, stream("posterior"), 0};
      for (std::size_t i = 0; i < noise_.values.size(); ++i) {
        noise_.values[i] = static_cast<double>(random.normal(i));
      }
    } else if (noise_.extents != mean_.extents || noise_.values.size() != arrays.mean.values.size()) {
      throw ShapeError("posterior: found noise " + extents_text(noise_.extents) + ", expected " +
                       extents_text(mean_.extents) + " as the mean");
    }
    Extents<1> const latent{mean_.extent(1)};
    if constexpr (relevant) {
      needed(logits_, "relevance_logits", arrays.relevance_logits, "(latent)");
      expect("relevance_logits", logits_, latent);
    }
    if constexpr (variance) {
      needed(variance_, "prior_variance", arrays.prior_variance, "(latent)");
      expect("prior_variance", variance_, latent);
    }
    if constexpr (precise) {
      needed(precision_kl_, "precision_kl", arrays.precision_kl, "(latent)");
      expect("precision_kl", precision_kl_, latent);
    }
    if constexpr (joint) {
      needed(class_logits_, "class_logits", arrays.class_logits, "(batch, class values)");
      given(class_sample_, "class_sample", arrays.class_sample);
      expect("class_sample", class_sample_, class_logits_.extents);
      std::ptrdiff_t const values = class_logits_.extent(1);
      if (classes_.empty()) classes_ = {static_cast<int>(values)};
      std::ptrdiff_t total = 0;
      for (int const size : classes_) total += size;
      if (class_logits_.extent(0) != mean_.extent(0) || total != values) {
        throw ShapeError("posterior: found class_logits " + extents_text(class_logits_.extents) +
                         ", expected a row for each of the " + std::to_string(mean_.extent(0)) +
                         " of the mean and a column for each of the " + std::to_string(total) +
                         " values of its classes");
      }
      given(class_log_prior_, "class_log_prior", arrays.class_log_prior);
      expect("class_log_prior", class_log_prior_, Extents<1>{values});
      for (int const size : classes_) {
        uniform_.insert(uniform_.end(), static_cast<std::size_t>(size), -std::log(static_cast<double>(size)));
      }
    }
    if constexpr (parted) {
      needed(component_mean_, "component_mean", arrays.component_mean, "(class values, related)");
      needed(component_log_variance_, "component_log_variance", arrays.component_log_variance,
             "(class values, related)");
      related_ = component_mean_.extent(1);
      expect("component_mean", component_mean_, Extents<2>{class_logits_.extent(1), related_});
      expect("component_log_variance", component_log_variance_, component_mean_.extents);
      std::ptrdiff_t const of_u = related_ * static_cast<std::ptrdiff_t>(classes_.size());
      if (of_u >= mean_.extent(1)) {
        throw ShapeError("posterior: found mean " + extents_text(mean_.extents) + ", expected more than " +
                         std::to_string(of_u) + " columns: z, then " + std::to_string(related_) +
                         " of u for each of " + std::to_string(classes_.size()) + " class variables");
      }
    }
  }

  std::ptrdiff_t latents() const { return mean_.extent(1); }

  Q posterior() const {
    auto& tape = *mean_.tape;
    Q q;
    q.data_size = data_size_;
    q.step = step_;
    q.mean = mean_;
    q.log_variance = log_variance_;
    q.sample = sample_;
    if (q.sample.tape == nullptr) {
      auto const noise = tape.constant(noise_.extents, noise_.values.data());
      q.sample = materialise(q.mean + exp(0.5 * q.log_variance) * noise);
    }
    if constexpr (joint) q.c = class_posterior(tape);
    set_prior(q);
    if constexpr (relevant) {
      q.logits = logits_;
      q.relevance = materialise(sigmoid(logits_));
      q.relevant_sample = materialise(q.sample * insert_axis(q.relevance, axis<0>));
    }
    if constexpr (variance) q.prior_variance = variance_;
    if constexpr (precise) q.precision_kl = precision_kl_;
    if constexpr (parted) {
      q.component_mean = component_mean_;
      q.component_log_variance = component_log_variance_;
      q.z = part(q, 0, independent());
      q.u = part(q, independent(), mean_.extent(1));
    } else if constexpr (joint) {
      q.z = q;
    }
    return q;
  }

 private:
  std::ptrdiff_t independent() const {
    return mean_.extent(1) - related_ * static_cast<std::ptrdiff_t>(classes_.size());
  }
  static Posterior<B> part(Posterior<B> const& whole, std::ptrdiff_t first, std::ptrdiff_t last) {
    Posterior<B> q = whole;
    for (auto member : {&Posterior<B>::mean, &Posterior<B>::log_variance, &Posterior<B>::sample,
                        &Posterior<B>::kl, &Posterior<B>::log_prior}) {
      q.*member = slice(whole.*member, axis<1>, first, last);
    }
    return q;
  }

  prior::ClassPosterior<B> class_posterior(Tape<B>& tape) const {
    prior::ClassPosterior<B> c;
    c.sizes = classes_;
    c.log_prior = class_log_prior_;
    if (c.log_prior.tape == nullptr) {
      c.log_prior = tape.constant(Extents<1>{class_logits_.extent(1)}, uniform_.data());
    }
    std::ptrdiff_t first = 0;
    for (int const size : classes_) {
      auto const own = materialise(log_softmax(slice(class_logits_, axis<1>, first, first + size), axis<1>));
      c.log_probability = first == 0 ? own : concatenate(axis<1>, c.log_probability, own);
      first += size;
    }
    c.sample = class_sample_;
    if (c.sample.tape == nullptr) c.sample = materialise(exp(c.log_probability));
    return c;
  }

  /// kl and log_prior, where they are not given.
  void set_prior(Q& q) const {
    double const log_2pi = std::log(2 * std::numbers::pi);
    q.kl = kl_;
    q.log_prior = log_prior_;
    if constexpr (variance) {
      auto const v = insert_axis(variance_, axis<0>);
      auto const second = square(q.mean) + exp(q.log_variance);
      if (q.kl.tape == nullptr) q.kl = materialise(0.5 * (log(v) - q.log_variance - 1.0 + second / v));
      if (q.log_prior.tape == nullptr) {
        q.log_prior = materialise(-0.5 * (square(q.sample) / v + log(v) + log_2pi));
      }
    } else {
      if (q.kl.tape == nullptr) {
        q.kl = materialise(0.5 * (square(q.mean) + exp(q.log_variance) - 1.0 - q.log_variance));
        if constexpr (parted) q.kl = of_components(q, q.kl, true);
      }
      if (q.log_prior.tape == nullptr) {
        q.log_prior = materialise(-0.5 * (square(q.sample) + log_2pi));
        if constexpr (parted) q.log_prior = of_components(q, q.log_prior, false);
      }
    }
  }
  /// The columns of z as they are, and behind them for u the expectation over q(c|x) of the KL to the class's
  /// component, or of the density under it.
  Variable<B, 2> of_components(Q const& q, Variable<B, 2> const& standard, bool kl) const {
    double const log_2pi = std::log(2 * std::numbers::pi);
    auto result = materialise(slice(standard, axis<1>, 0, independent()));
    std::ptrdiff_t value = 0, at = independent();
    for (int const size : classes_) {
      auto const of_class = [&](auto const& whole) {
        return insert_axis(slice(whole, axis<0>, value, value + size), axis<0>);
      };
      auto const own = [&](auto const& whole) {
        return insert_axis(slice(whole, axis<1>, at, at + related_), axis<1>);
      };
      auto const p =
          insert_axis(materialise(exp(slice(q.c.log_probability, axis<1>, value, value + size))), axis<2>);
      auto const m = of_class(component_mean_), l = of_class(component_log_variance_);
      auto const mean = own(q.mean), log_variance = own(q.log_variance), sample = own(q.sample);
      auto const expected =
          kl ? materialise(sum(
                   p * (0.5 * (l - log_variance - 1.0 + exp(log_variance - l) + square(m - mean) * exp(-l))),
                   axis<1>))
             : materialise(sum(p * (-0.5 * (log_2pi + l + square(sample - m) * exp(-l))), axis<1>));
      result = concatenate(axis<1>, result, expected);
      value += size;
      at += related_;
    }
    return result;
  }

  HostArray<2> noise_;
  double data_size_;
  long step_;
  std::vector<int> classes_;
  std::vector<double> uniform_{};
  std::ptrdiff_t related_ = 0;
  Variable<B, 2> mean_{}, log_variance_{}, sample_{}, kl_{}, log_prior_{}, class_logits_{}, class_sample_{},
      component_mean_{}, component_log_variance_{};
  Variable<B, 1> logits_{}, variance_{}, precision_kl_{}, class_log_prior_{};
};

/// A random posterior for checks: (batch, latent), and all that the library's posterior types have; classes
/// of three and two values, one latent of u for each.
inline PosteriorArrays random_posterior(std::ptrdiff_t batch, std::ptrdiff_t latent) {
  PosteriorArrays arrays;
  arrays.mean = random_array(Extents<2>{batch, latent}, 1, -1.5, 1.5);
  arrays.log_variance = random_array(Extents<2>{batch, latent}, 2, -2, 0.5);
  arrays.data_size = 100;
  arrays.step = 10;
  arrays.relevance_logits = random_array(Extents<1>{latent}, 3, -2, 2);
  arrays.prior_variance = random_array(Extents<1>{latent}, 4, 0.5, 1.5);
  arrays.precision_kl = random_array(Extents<1>{latent}, 5, 0.1, 1);
  arrays.classes = {3, 2};
  arrays.class_logits = random_array(Extents<2>{batch, 5}, 6, -2, 2);
  arrays.component_mean = random_array(Extents<2>{5, 1}, 7, -1, 1);
  arrays.component_log_variance = random_array(Extents<2>{5, 1}, 8, -1, 0.5);
  return arrays;
}

}  // namespace detail

}  // namespace disentangle
