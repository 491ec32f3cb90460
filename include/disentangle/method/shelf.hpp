// SPDX-License-Identifier: Apache-2.0
// The shelf: every published method of the library, as text. The one list of them: the program's methods are
// made from it (examples/CMakeLists.txt reads this file), and tests see to it that the documentation and the
// backends' tests have each.
// It includes no method: whoever needs types includes the headers that it names.
#pragma once

#include <string_view>

namespace disentangle::method {

/// A published method.
struct Published {
  std::string_view name;     ///< on the command line
  std::string_view type;     ///< in namespace disentangle::method
  std::string_view header;   ///< in include/disentangle
  std::string_view value;    ///< an expression of the type: its defaults, or a paper's setting
  std::string_view summary;  ///< what it is, in a line, and whose
};

/// All of them, in the order in which they are shown.
inline constexpr Published shelf[] = {
    // clang-format off
    {"vae", "Vae", "method/vae.hpp", "Vae{}",
     "the variational auto-encoder; Kingma and Welling, ICLR 2014"},
    {"beta_vae", "BetaVae", "method/beta_vae.hpp", "BetaVae{}",
     "the KL weighted by beta; Higgins et al., ICLR 2017"},
    {"annealed_vae", "AnnealedVae", "method/annealed_vae.hpp", "AnnealedVae{}",
     "the KL held at a capacity that grows; Burgess et al., 2018"},
    {"factor_vae", "FactorVae", "method/factor_vae.hpp", "FactorVae{}",
     "total correlation by a discriminator; Kim and Mnih, ICML 2018"},
    {"beta_tc_vae", "BetaTcVae", "method/beta_tc_vae.hpp", "BetaTcVae{}",
     "the KL's total correlation weighted by beta; Chen et al., NeurIPS 2018"},
    {"dip_vae_i", "DipVaeI", "method/dip_vae.hpp", "DipVaeI{}",
     "the covariance of the means towards the identity; Kumar et al., ICLR 2018"},
    {"dip_vae_ii", "DipVaeII", "method/dip_vae.hpp", "DipVaeII{}",
     "the covariance of the codes towards the identity; Kumar et al., ICLR 2018"},
    {"joint_vae", "JointVae", "method/joint_vae.hpp", "joint_vae_mnist()",
     "continuous latents and a class of ten; Dupont, NeurIPS 2018"},
    {"info_vae", "InfoVae", "method/info_vae.hpp", "InfoVae{}",
     "maximum mean discrepancy to the prior; Zhao et al., AAAI 2019"},
    {"rf_vae_0", "RfVae0", "method/rf_vae.hpp", "RfVae0{}",
     "RF-VAE with known relevance, a reconstruction; Kim et al., 2019"},
    {"rf_vae", "RfVae", "method/rf_vae.hpp", "RfVae{}",
     "learns which latents are relevant; Kim et al., 2019"},
    {"bayes_factor_vae_0", "BayesFactorVae0", "method/bayes_factor_vae.hpp", "BayesFactorVae0{}",
     "a normal prior whose variances are learnt; Kim et al., ICCV 2019"},
    {"bayes_factor_vae_1", "BayesFactorVae1", "method/bayes_factor_vae.hpp", "BayesFactorVae1{}",
     "heavy-tailed priors by learnt precisions; Kim et al., ICCV 2019"},
    {"bayes_factor_vae_2", "BayesFactorVae2", "method/bayes_factor_vae.hpp", "BayesFactorVae2{}",
     "heavy tails for the latents that are relevant; Kim et al., ICCV 2019"},
    {"parted_vae", "PartedVae", "method/parted_vae.hpp", "parted_vae_mnist()",
     "ten classes from few labels (--labels); Hajimiri et al., 2021"},
    {"parted_vae_shapes", "PartedVaeOf<ShapeCode>", "method/parted_vae.hpp", "parted_vae_dsprites()",
     "three shapes from few labels (--labels); Hajimiri et al., 2021"},
    {"wgan_gp", "WganGp", "method/wgan_gp.hpp", "WganGp{}",
     "generator, critic, encoder of its samples: DiD's control; Gulrajani et al., 2017"},
    {"info_gan_cr", "InfoGanCr", "method/info_gan_cr.hpp", "InfoGanCr{}",
     "WGAN-GP with the contrastive regulariser of Lin et al., 2020"},
    {"did", "Did", "method/did.hpp", "Did{}",
     "WGAN-GP with the difference term, mostly reconstructed; Zhang et al., 2025"},
    {"sim_clr", "SimClr", "method/sim_clr.hpp", "SimClr{}",
     "two views of each image come to lie together; Chen et al., 2020"},
    {"dcl", "Dcl", "method/sim_clr.hpp", "Dcl{}",
     "SimCLR, corrected for negatives of the same class; Chuang et al., 2020"},
    {"hcl", "Hcl", "method/sim_clr.hpp", "Hcl{}",
     "SimCLR with hard negatives; Robinson et al., 2021"},
    {"ip_irm", "IpIrm", "method/ip_irm.hpp", "IpIrm{}",
     "SimCLR, invariant across partitions of the images that it finds; Wang et al., 2021"},
    // clang-format on
};

/// The method of a name; nullptr where there is none.
[[nodiscard]] constexpr Published const* find(std::string_view name) {
  for (Published const& method : shelf) {
    if (method.name == name) return &method;
  }
  return nullptr;
}

}  // namespace disentangle::method
