// SPDX-License-Identifier: Apache-2.0
// The program on the CPU backend.
#pragma once

#include "methods.hpp"

#include <disentangle/backend/cpu/cpu.hpp>

namespace cpu {
using Backend = disentangle::backend::Cpu;
inline Backend make_backend(ModelSettings const& settings) { return Backend(settings.threads); }
}  // namespace cpu
