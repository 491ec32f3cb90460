// SPDX-License-Identifier: Apache-2.0
// What the processor that runs has beyond what a file was compiled for. For programs that say so: the
// library's kernels are those of the flags and never choose at run time.
#pragma once

#include <string_view>

#include <disentangle/backend/cpu/instruction_set.hpp>

namespace disentangle::backend::cpu::inline DISENTANGLE_INSTRUCTION_SET {

/// "AVX-512" or "AVX2 and FMA", the widest that this machine has, where the file that calls was compiled
/// without AVX2; else empty. Of x86 alone: the other processors have one width.
[[nodiscard]] inline std::string_view unused_instruction_set() {
#if (defined(__x86_64__) || defined(__i386__)) && defined(__GNUC__) && !defined(__AVX2__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) return "AVX-512";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "AVX2 and FMA";
#endif
  return {};
}

}  // namespace disentangle::backend::cpu::inline DISENTANGLE_INSTRUCTION_SET
