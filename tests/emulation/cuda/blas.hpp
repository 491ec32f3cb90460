// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace disentangle::emulation::detail {

std::size_t number_of_blas_handles();

}  // namespace disentangle::emulation::detail
