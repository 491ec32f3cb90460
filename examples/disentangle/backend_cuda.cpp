// SPDX-License-Identifier: Apache-2.0
// What --backend cuda asks before it starts.
#if defined(PROGRAM_WITH_CUDA)

#include <disentangle/backend/cuda/context.hpp>

#include <string>

std::string missing_cuda_device() { return disentangle::backend::cuda::missing_device(); }

#endif
