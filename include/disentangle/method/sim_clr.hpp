// SPDX-License-Identifier: Apache-2.0
// SimCLR, DCL and HCL.
#pragma once

#include <disentangle/contrast/instance_contrast.hpp>
#include <disentangle/core/with.hpp>
#include <disentangle/encoder/locatello_conv.hpp>
#include <disentangle/optim/adam_l2.hpp>

namespace disentangle::method {

/// SimCLR (Chen, Kornblith, Norouzi, Hinton, ICML 2020; BibTeX: chen2020simple): an encoder whose features
/// tell images apart whatever the augmentation does. Codes are the encoder's features, before the projection
/// head. The optimiser is that of IP-IRM's authors; the encoder is small: With<SimClr,
/// Encoder<encoder::ResNet50<>>> is theirs.
using SimClr = Method<Encoder<encoder::LocatelloConv<64>>, Contrast<contrast::InstanceContrast<>>,
                      Optimizer<optim::AdamL2>>;

/// DCL, the debiased contrastive loss (Chuang et al., NeurIPS 2020; BibTeX: chuang2020debiased).
using Dcl = With<SimClr, Contrast<contrast::InstanceContrast<contrast::Debiased>>>;

/// HCL, hard negatives (Robinson et al., ICLR 2021; BibTeX: robinson2021contrastive).
using Hcl = With<SimClr, Contrast<contrast::InstanceContrast<contrast::HardNegatives>>>;

}  // namespace disentangle::method
