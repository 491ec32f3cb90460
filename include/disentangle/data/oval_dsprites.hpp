// SPDX-License-Identifier: Apache-2.0
// "Oval dSprites": the ellipses of dSprites.
#pragma once

#include <disentangle/data/dsprites.hpp>
#include <disentangle/data/fixed_factor.hpp>

namespace disentangle::data {

/// "Oval dSprites": the 245,760 ellipses of dSprites, four factors (scale, orientation, posX, posY). The data
/// set of RF-VAE's authors.
[[nodiscard]] inline FixedFactor<Dsprites> oval_dsprites(Dsprites const& data = {}) {
  return {data, "shape", 1};
}

}  // namespace disentangle::data
