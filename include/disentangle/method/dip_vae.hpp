// SPDX-License-Identifier: Apache-2.0
// DIP-VAE-I and DIP-VAE-II.
#pragma once

#include <disentangle/core/with.hpp>
#include <disentangle/method/vae.hpp>
#include <disentangle/regularizer/dip.hpp>

namespace disentangle::method {

/// DIP-VAE-I: the covariance of the posterior means towards the identity. Kumar et al., ICLR 2018 (BibTeX:
/// kumar2018variational).
using DipVaeI = Plus<Vae, Regularizer<regularizer::MeanCovariance>>;

/// DIP-VAE-II: the covariance of the codes towards the identity.
using DipVaeII = Plus<Vae, Regularizer<regularizer::CodeCovariance>>;

}  // namespace disentangle::method
