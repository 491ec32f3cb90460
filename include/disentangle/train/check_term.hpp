// SPDX-License-Identifier: Apache-2.0
// check_term(policy): the gradient of a term checked in one line, the library's own and yours.
#pragma once

#include <disentangle/autodiff/gradient_check.hpp>
#include <disentangle/autodiff/host_array.hpp>
#include <disentangle/train/posterior_arrays.hpp>
#include <disentangle/train/term_step.hpp>
#include <disentangle/train/value_and_gradient.hpp>

namespace disentangle {

namespace detail {

template <class OnArrays>
GradientReport compare_gradients(OnArrays& term, GradientTolerance const& tolerance) {
  return compare_gradients(
      term.tape(), term.leaves(), [&] { return term.run(); }, [&] { term.begin(); }, [&] { term.end(); },
      tolerance);
}

}  // namespace detail

/// Runs a regularizer on arrays, in double, and compares its derived gradient with central differences: with
/// respect to every array that is given and, if the policy has a State, its parameters.
template <class Policy, int N = 4>
[[nodiscard]] GradientReport check_term(Policy const& policy, PosteriorArrays const& arrays,
                                        GradientTolerance const& tolerance = {}, Latents<N> = {}) {
  detail::RegularizerOnArrays<Policy, backend::BasicCpu<double>, N> term(policy, arrays);
  return detail::compare_gradients(term, tolerance);
}

/// The same for a reconstruction, with respect to the decoder's output and the images.
template <class Policy>
  requires detail::expects_images<Policy, backend::BasicCpu<double>>
[[nodiscard]] GradientReport check_term(Policy const& policy, LikelihoodArrays const& arrays,
                                        GradientTolerance const& tolerance = {}) {
  detail::ReconstructionOnArrays<Policy, backend::BasicCpu<double>> term(policy, arrays);
  return detail::compare_gradients(term, tolerance);
}

/// The same for a policy on a training step, with respect to the images, the codes or the posterior where
/// they are given, and to every parameter that the part trains (StepArrays::part, ::held):
///
///     auto const report = dis::check_term(dis::contrast::PriorMmd{}, dis::StepArrays{});
template <class Policy, class Networks = SmallNetworks, class Image = ImageShape<4, 4, 1>>
[[nodiscard]] GradientReport check_term(Policy const& policy, StepArrays const& arrays,
                                        Networks const& networks = {}, Image = {},
                                        GradientTolerance const& tolerance = {}) {
  return TermStep<Policy, Networks, Image>(policy, arrays, networks).check(tolerance);
}

/// The same on random arrays: a reconstruction on 5 images of 6 pixels, its outputs and images in (0, 1); a
/// regularizer on 7 images and 4 latents (a data set of 100 images), with all that the library's posterior
/// types have.
///
///     auto const report = dis::check_term(OrthogonalMeans{});
///     CHECK_MESSAGE(report.ok, report.text);
template <class Policy>
[[nodiscard]] GradientReport check_term(Policy const& policy, GradientTolerance const& tolerance = {}) {
  if constexpr (detail::expects_images<Policy, backend::BasicCpu<double>>) {
    Extents<2> const extents{5, 6};
    return check_term(
        policy, LikelihoodArrays{random_array(extents, 1, 0, 1), random_array(extents, 2, 0, 1)}, tolerance);
  } else {
    return check_term(policy, detail::random_posterior(7, 4), tolerance);
  }
}

}  // namespace disentangle
