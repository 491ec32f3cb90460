// SPDX-License-Identifier: Apache-2.0
// The other methods of the shelf on backend::Cuda, with the small networks of tests/support: compiled and
// linked everywhere nvcc is; on a device, losses against the CPU's and the same bits with and without graphs.
#include <disentangle/adversary/total_correlation.hpp>
#include <disentangle/contrast/prior_mmd.hpp>
#include <disentangle/prior/gamma_precision.hpp>
#include <disentangle/prior/gumbel_softmax.hpp>
#include <disentangle/prior/learnt_variance.hpp>
#include <disentangle/prior/relevance.hpp>
#include <disentangle/regularizer/bayes_factor.hpp>
#include <disentangle/regularizer/capacity.hpp>
#include <disentangle/regularizer/class_capacity.hpp>
#include <disentangle/regularizer/dip.hpp>
#include <disentangle/regularizer/relevance.hpp>

#include "shelf.hpp"
#include "tests/support/parted.hpp"
#include "tests/support/small_model.hpp"

namespace dis = disentangle;
using dis::test::SmallVae;

namespace {

using AnnealedVae = dis::With<SmallVae, dis::Regularizer<dis::regularizer::Capacity>>;
using DipVaeI = dis::Plus<SmallVae, dis::Regularizer<dis::regularizer::MeanCovariance>>;
using DipVaeII = dis::Plus<SmallVae, dis::Regularizer<dis::regularizer::CodeCovariance>>;
using InfoVae = dis::Plus<SmallVae, dis::Contrast<dis::contrast::PriorMmd>>;
using FactorVae = dis::Plus<SmallVae, dis::Adversary<dis::adversary::TotalCorrelation<5>>>;
using RfVae0 = dis::With<FactorVae, dis::Prior<dis::prior::KnownRelevance>,
                         dis::Regularizer<dis::regularizer::RelevanceWeightedKl>>;
using RfVae = dis::Plus<dis::With<RfVae0, dis::Prior<dis::prior::LearntRelevance>>,
                        dis::Regularizer<dis::regularizer::RelevancePenalty>>;

using BayesFactorVae0 = dis::Plus<dis::With<FactorVae, dis::Prior<dis::prior::LearntVariance>>,
                                  dis::Regularizer<dis::regularizer::VarianceDeviation>>;
using BayesFactorVae1 = dis::Plus<dis::With<FactorVae, dis::Prior<dis::prior::GammaPrecision>>,
                                  dis::Regularizer<dis::regularizer::PrecisionKl>>;
using BayesFactorVae2 = dis::Plus<dis::With<FactorVae, dis::Prior<dis::prior::RelevantPrecision>>,
                                  dis::Regularizer<dis::regularizer::PrecisionKl>,
                                  dis::Regularizer<dis::regularizer::MildRelevancePenalty>>;

struct ElevenLatents : dis::test::SmallEncoder {  // three continuous latents and a class of eight values
  static constexpr int latent_size = 11;
};
using JointVae = dis::With<SmallVae, dis::Encoder<ElevenLatents>, dis::Prior<dis::prior::GumbelSoftmax<8>>,
                           dis::Regularizer<dis::regularizer::OnZ<dis::regularizer::Capacity>>,
                           dis::Regularizer<dis::regularizer::ClassCapacity>>;

}  // namespace

int main() {
  using dis::testing::check;
  if (dis::testing::skips_without_device()) return dis::testing::skipped;
  check<AnnealedVae>("AnnealedVae");
  check<DipVaeI>("DipVaeI");
  check<DipVaeII>("DipVaeII");
  check<InfoVae>("InfoVae");
  check<FactorVae>("FactorVae");
  check<RfVae0>("RfVae0");
  check<RfVae>("RfVae");
  check<BayesFactorVae0>("BayesFactorVae0");
  check<BayesFactorVae1>("BayesFactorVae1");
  check<BayesFactorVae2>("BayesFactorVae2");
  check<JointVae>("JointVae");
  check<dis::test::SmallPartedVae>("PartedVae");
  return dis::testing::failures == 0 ? 0 : 1;
}
