// SPDX-License-Identifier: Apache-2.0
// IpIrm.
#include "method_entry.hpp"

#include <disentangle/method/ip_irm.hpp>

namespace PROGRAM_BACKEND {
MethodEntry ip_irm_entry() {
  return make_entry<disentangle::method::IpIrm>(
      "ip_irm", "SimCLR, invariant across partitions of the images that it finds; Wang et al., 2021");
}
}  // namespace PROGRAM_BACKEND
