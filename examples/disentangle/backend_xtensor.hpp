// SPDX-License-Identifier: Apache-2.0
// The program on xtensor.
#pragma once

#include "methods.hpp"

#include <disentangle/backend/xtensor/xtensor.hpp>

namespace xtensor {
using Backend = disentangle::backend::Xtensor;
inline Backend make_backend(ModelSettings const& settings) { return Backend(settings.threads); }
}  // namespace xtensor
