// SPDX-License-Identifier: Apache-2.0
// The parts that a published data set is divided into.
#pragma once

namespace disentangle::data {

/// Which of the two published parts is read.
enum class Part { train, test };

}  // namespace disentangle::data
