// SPDX-License-Identifier: Apache-2.0
// The contrastive regulariser of InfoGAN-CR on WGAN-GP.
#pragma once

#include <disentangle/contrast/kept_factor.hpp>
#include <disentangle/method/wgan_gp.hpp>

namespace disentangle::method {

/// InfoGAN-CR's regulariser beside WganGp's terms: a network tells which number of the code a pair of
/// generated images shares. Lin et al., ICML 2020 (BibTeX: lin2020infogan). Their adversarial loss is that of
/// the plain GAN with a spectrally normalised discriminator, which also infers the codes; here both are
/// WganGp's, so that it differs from DiD and from the control in its term alone.
using InfoGanCr = Generative<Contrast<contrast::KeptFactor<>>>;

}  // namespace disentangle::method
