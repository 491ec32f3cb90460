// SPDX-License-Identifier: Apache-2.0
// SimClr.
#include "method_entry.hpp"

#include <disentangle/method/sim_clr.hpp>

namespace PROGRAM_BACKEND {
MethodEntry sim_clr_entry() {
  return make_entry<disentangle::method::SimClr>(
      "sim_clr", "two views of each image come to lie together; Chen et al., 2020");
}
}  // namespace PROGRAM_BACKEND
