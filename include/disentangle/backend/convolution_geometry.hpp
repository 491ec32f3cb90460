// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <disentangle/backend/cpu/convolution_geometry.hpp>
namespace disentangle::backend { using cpu::ConvolutionGeometry; using cpu::TransposedConvolutionGeometry; }
