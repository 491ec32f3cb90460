// SPDX-License-Identifier: Apache-2.0
// IP-IRM, iterative partition-based invariant risk minimisation.
#pragma once

#include <disentangle/contrast/invariant_partition.hpp>
#include <disentangle/method/sim_clr.hpp>

namespace disentangle::method {

/// IP-IRM: SimCLR whose loss is to be the same within both subsets of every partition found so far, so that
/// what a partition shows is split off. Wang, Yue, Huang, Sun, Zhang, NeurIPS 2021 (BibTeX: wang2021self), as
/// the authors' code runs it; the small encoder is a RECONSTRUCTION (they have a ResNet-50). See
/// docs/methods/ip_irm.md.
using IpIrm = With<SimClr, Contrast<contrast::InvariantPartition<>>>;

/// IP-IRM with the loss of DCL or of HCL within every subset: a RECONSTRUCTION, the authors' code has
/// neither.
using DclIpIrm = With<SimClr, Contrast<contrast::InvariantPartition<contrast::Debiased>>>;
using HclIpIrm = With<SimClr, Contrast<contrast::InvariantPartition<contrast::HardNegatives>>>;

}  // namespace disentangle::method
