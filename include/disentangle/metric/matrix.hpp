// SPDX-License-Identifier: Apache-2.0
// metric::Matrix: the matrix of core/, under the name that sources and scores of metrics write.
#pragma once

#include <disentangle/core/matrix.hpp>

namespace disentangle::metric {

using disentangle::Matrix;

}  // namespace disentangle::metric
