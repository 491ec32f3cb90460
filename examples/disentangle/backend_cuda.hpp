// SPDX-License-Identifier: Apache-2.0
// The program on the first CUDA device.
#pragma once

#include "methods.hpp"

#include <disentangle/backend/cuda/cuda.hpp>

namespace cuda {
using Backend = disentangle::backend::Cuda;
inline Backend make_backend(ModelSettings const&) { return Backend(); }
}  // namespace cuda
