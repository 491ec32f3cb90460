// SPDX-License-Identifier: Apache-2.0
// Contrastive methods small enough to train within a test, on the images of tests/support/small_model.hpp.
#pragma once

#include <disentangle/contrast/mix_up_partition.hpp>
#include <disentangle/method/ip_irm.hpp>

#include "tests/support/small_model.hpp"

namespace disentangle::test {

struct SmallFeatures {
  nn::Initialisation initialisation = nn::Initialisation::he_normal;
  static constexpr int latent_size = 6;
  template <int Outputs>
  using network = nn::Sequential<nn::Conv<8, 4, 2, 1>, nn::BatchNorm, nn::Activate<nn::Relu>, nn::Flatten,
                                 nn::Dense<Outputs>>;
  friend bool operator==(SmallFeatures const&, SmallFeatures const&) = default;
};

using SmallHead = contrast::ProjectionHead<12, 5>;
template <class Loss>
using SmallContrast = contrast::InstanceContrast<Loss, SmallHead>;
template <class Loss>
using SmallPartition = contrast::InvariantPartition<Loss, SmallHead>;

using SmallSimClr = With<method::SimClr, Encoder<SmallFeatures>, Contrast<SmallContrast<contrast::Biased>>>;
using SmallDcl = With<SmallSimClr, Contrast<SmallContrast<contrast::Debiased>>>;
using SmallHcl = With<SmallSimClr, Contrast<SmallContrast<contrast::HardNegatives>>>;
using SmallMixUp = With<SmallSimClr, Contrast<contrast::MixUpPartition<SmallHead>>>;
using SmallOnlineMixUp =
    With<SmallSimClr, Contrast<contrast::MixUpPartition<SmallHead, contrast::MixedPartitionSearch>>>;
using SmallIpIrm = With<SmallSimClr, Contrast<SmallPartition<contrast::Biased>>>;
using SmallDclIpIrm = With<SmallSimClr, Contrast<SmallPartition<contrast::Debiased>>>;
using SmallHclIpIrm = With<SmallSimClr, Contrast<SmallPartition<contrast::HardNegatives>>>;

}  // namespace disentangle::test
