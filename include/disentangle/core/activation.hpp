// SPDX-License-Identifier: Apache-2.0
// The element-wise functions that end a layer and that kernels apply while they store.
#pragma once

namespace disentangle {

/// y = f(x). Each adjoint is a function of the output y alone, so the input need not be kept:
/// identity: 1; relu: y > 0; leaky_relu with slope s > 0: y > 0 ? 1 : s; tanh: 1 - y^2; sigmoid: y (1 - y).
enum class Activation { identity, relu, leaky_relu, tanh, sigmoid };

}  // namespace disentangle
