// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "capture.hpp"

namespace disentangle::emulation::detail {

cudaGraph_t make_graph(Nodes nodes);

}  // namespace disentangle::emulation::detail
