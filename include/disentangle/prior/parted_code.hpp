// SPDX-License-Identifier: Apache-2.0
// The parts of PartedVAE's code, and what its terms see of a minibatch.
#pragma once

#include <disentangle/prior/classes.hpp>

namespace disentangle::prior {

/// A code (z, u): `Independent` latents z that have nothing to do with the class, then for each class
/// variable `Related` latents u_i. PartedCode<6, 10, 10> is that of MNIST: six of z, ten of u, one class of
/// ten values.
template <int Independent, int Related, int... Values>
struct PartedCode {
  static_assert(Independent > 0 && Related > 0,
                "[disentangle] PartedCode: expected at least one latent each of z and u");
  using classes = Classes<Values...>;
  static constexpr int independent = Independent;
  static constexpr int related = Related;                           ///< of each class variable
  static constexpr int all_related = Related * classes::variables;  ///< of all
  static constexpr int size = Independent + all_related;            ///< of the code
};

/// The posterior of a code (z, u) with class variables c that the code does not hold. The members of
/// Posterior are those of the whole code, z first; `z`, `u` and `c` are its parts. For u, kl is the
/// expectation under q(c_i|x) of the KL to the class's component, and log_prior that of log p(u_ij | c_i).
template <class Backend>
struct PartedPosterior : JointPosterior<Backend> {
  Posterior<Backend> u;
  Variable<Backend, 2> component_mean;          ///< of p(u_i | c_i = k), (class values, related)
  Variable<Backend, 2> component_log_variance;  ///< of p(u_i | c_i = k), (class values, related)
};

}  // namespace disentangle::prior
