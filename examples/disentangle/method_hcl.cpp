// SPDX-License-Identifier: Apache-2.0
// Hcl.
#include "method_entry.hpp"

#include <disentangle/method/sim_clr.hpp>

namespace PROGRAM_BACKEND {
MethodEntry hcl_entry() {
  return make_entry<disentangle::method::Hcl>("hcl", "SimCLR with hard negatives; Robinson et al., 2021");
}
}  // namespace PROGRAM_BACKEND
