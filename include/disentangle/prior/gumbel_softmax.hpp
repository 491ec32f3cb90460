// SPDX-License-Identifier: Apache-2.0
// Continuous and discrete latents: a standard normal part and relaxed class variables.
#pragma once

#include <disentangle/prior/classes.hpp>
#include <disentangle/prior/prior.hpp>
#include <disentangle/prior/standard_normal.hpp>

namespace disentangle::prior {

/// p(z, c) = N(z; 0, I) prod_i p(c_i) and q(z, c | x) = N(z; mean, diag exp(log_variance)) prod_i q(c_i | x).
/// The code is (z, c~) with c~ a Gumbel-Softmax draw; the encoder's `latent_size` counts all its columns, and
/// its head is (mean, log_variance, logits), 2 (latent - total) + total wide.
///     GumbelSoftmax<10>      with an encoder of 20 latents: 10 continuous ones and a class of 10 values
/// Dupont, "Learning disentangled joint continuous and discrete representations", NeurIPS 2018 (BibTeX:
/// dupont2018learning). The whole posterior's columns of c: mean q(c|x), log_variance that of the one-hot
/// code, kl the addends q log(q / p). So the codes that a model gives, and the means that metrics see, have
/// class probabilities there.
/// @param temperature of the relaxation, > 0; default 0.67 (JointVAE's and PartedVAE's code), constant during
/// training
/// @param frequencies p(c); default uniform
template <int... Values>
struct GumbelSoftmax {
  double temperature = 0.67;
  ClassFrequencies frequencies{};
  StandardNormal normal{};

  using classes = Classes<Values...>;
  /// Width of the encoder's head for codes of so many columns.
  [[nodiscard]] static constexpr int head_size(int latent) { return 2 * latent - classes::total; }

  template <class B>
  JointPosterior<B> posterior(Variable<B, 2> const& head, Philox const& random) const {
    std::ptrdiff_t const width = head.extent(1), total = classes::total;
    auto const logits = slice(head, axis<1>, width - total, width);
    JointPosterior<B> q;
    q.z = normal.posterior(slice(head, axis<1>, 0, width - total), random);
    q.c = detail::class_posterior<classes>(logits, frequencies);
    q.c.sample = detail::relaxed_classes<classes>(logits, detail::beside(random, "gumbel"), temperature);
    auto const p = materialise(exp(q.c.log_probability));
    q.mean = concatenate(axis<1>, q.z.mean, p);
    q.log_variance = concatenate(axis<1>, q.z.log_variance, log(p * (1.0 - p) + 1e-12));
    q.sample = concatenate(axis<1>, q.z.sample, q.c.sample);
    q.kl = concatenate(axis<1>, q.z.kl, p * (q.c.log_probability - q.c.log_prior));
    q.log_prior = concatenate(axis<1>, q.z.log_prior, q.c.sample * q.c.log_prior);
    return q;
  }
  /// q(c|x) alone.
  template <class B>
  ClassPosterior<B> class_posterior(Variable<B, 2> const& head) const {
    return detail::class_posterior<classes>(
        slice(head, axis<1>, head.extent(1) - classes::total, head.extent(1)), frequencies);
  }
  /// For the log: the mean of q(c_i = k | x) over the minibatch.
  [[nodiscard]] static std::vector<std::string> measures(int /*latent_size*/) {
    return detail::usage_names<classes>();
  }
  void measure(auto& step) const { step.measure(0, mean(exp(step.posterior().c.log_probability), axis<0>)); }
  /// n codes: z standard normal, c one-hot.
  template <class B>
  Variable<B, 2> codes(Tape<B>& tape, std::ptrdiff_t n, std::ptrdiff_t latent, Philox const& random) const {
    std::ptrdiff_t const total = classes::total, variables = classes::variables;
    auto const z = normal.codes(tape, n, latent - total, random);
    auto const one_hot = tape.variable(Extents<2>{total, total}, false);
    tape.backend().fill(one_hot.value, static_cast<std::size_t>(total * total), typename B::scalar(0));
    tape.backend().fill(one_hot.value, static_cast<std::size_t>(total), typename B::scalar(1), total + 1);
    int const* const drawn =
        detail::drawn_classes<classes>(tape, n, frequencies, detail::beside(random, "classes"));
    int* const rows = tape.template host<int>(static_cast<std::size_t>(n));
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      auto const column = [&](int v) {
        for (std::ptrdiff_t i = 0; i < n; ++i) rows[i] = classes::offset(v) + drawn[i * variables + v];
        return slice(gather(one_hot, std::span<int const>(rows, static_cast<std::size_t>(n))), axis<1>,
                     classes::offset(v), classes::offset(v + 1));
      };
      return concatenate(axis<1>, z, column(static_cast<int>(I))...);
    }(std::make_index_sequence<static_cast<std::size_t>(variables)>{});
  }
  friend bool operator==(GumbelSoftmax const&, GumbelSoftmax const&) = default;
};

}  // namespace disentangle::prior
