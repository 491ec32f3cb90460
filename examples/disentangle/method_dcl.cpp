// SPDX-License-Identifier: Apache-2.0
// Dcl.
#include "method_entry.hpp"

#include <disentangle/method/sim_clr.hpp>

namespace PROGRAM_BACKEND {
MethodEntry dcl_entry() {
  return make_entry<disentangle::method::Dcl>(
      "dcl", "SimCLR, corrected for negatives of the same class; Chuang et al., 2020");
}
}  // namespace PROGRAM_BACKEND
