// SPDX-License-Identifier: Apache-2.0
// The reductions that every backend offers.
#pragma once

namespace disentangle::backend {

enum class Reduction { sum, max };

}  // namespace disentangle::backend
