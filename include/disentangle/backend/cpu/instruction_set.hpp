// SPDX-License-Identifier: Apache-2.0
// The instruction set that a file is compiled for, as the name of an inline namespace. Everything whose
// layout, code or rounding depends on the processor flags lives in it: SIMD packs, matrix products,
// convolutions, loops over formulas, the backends on top of them, and so, through the name of its backend,
// every Model. Files that were compiled for different processors then share no such function in a program,
// where the linker would keep one of two for both, and no such class. Nobody spells the namespace.
#pragma once

#include <string_view>

#include <disentangle/core/config.hpp>

#if defined(__AVX512F__)
#define DISENTANGLE_INSTRUCTION_SET_ avx512
#define DISENTANGLE_INSTRUCTION_SET_NAME "AVX-512"
#elif defined(__AVX2__) && defined(__FMA__)
#define DISENTANGLE_INSTRUCTION_SET_ avx2_fma
#define DISENTANGLE_INSTRUCTION_SET_NAME "AVX2 and FMA"
#elif defined(__AVX2__)
#define DISENTANGLE_INSTRUCTION_SET_ avx2
#define DISENTANGLE_INSTRUCTION_SET_NAME "AVX2"
#elif defined(__AVX__) && (defined(__FMA__) || defined(__FMA4__))
#define DISENTANGLE_INSTRUCTION_SET_ avx_fma
#define DISENTANGLE_INSTRUCTION_SET_NAME "AVX and FMA"
#elif defined(__AVX__)
#define DISENTANGLE_INSTRUCTION_SET_ avx
#define DISENTANGLE_INSTRUCTION_SET_NAME "AVX"
#elif defined(__SSE4_2__)
#define DISENTANGLE_INSTRUCTION_SET_ sse4_2
#define DISENTANGLE_INSTRUCTION_SET_NAME "SSE4.2"
#elif defined(__SSE2__)
#define DISENTANGLE_INSTRUCTION_SET_ sse2
#define DISENTANGLE_INSTRUCTION_SET_NAME "SSE2"
#elif defined(__ARM_FEATURE_SVE)  // packs are NEON's; the compiler may use SVE for plain loops
#define DISENTANGLE_INSTRUCTION_SET_ neon_sve
#define DISENTANGLE_INSTRUCTION_SET_NAME "NEON and SVE"
#elif defined(__ARM_NEON) && defined(__aarch64__)
#define DISENTANGLE_INSTRUCTION_SET_ neon
#define DISENTANGLE_INSTRUCTION_SET_NAME "NEON"
#else
#define DISENTANGLE_INSTRUCTION_SET_ any_processor
#define DISENTANGLE_INSTRUCTION_SET_NAME "no SIMD instructions that the library knows"
#endif

/// The inline namespace. CUDA sources have one of their own: formulas run on other packs there, and nvcc's
/// files commonly lack the flags of the others. Files in which variables know their pass
/// (DISENTANGLE_CHECKED:
/// debug builds) have one too, since their variables are larger.
#define DISENTANGLE_JOINED_(set, suffix) set##suffix
#define DISENTANGLE_JOINED(set, suffix) DISENTANGLE_JOINED_(set, suffix)
#if defined(DISENTANGLE_CUDACC) && DISENTANGLE_CHECKED
#define DISENTANGLE_INSTRUCTION_SET DISENTANGLE_JOINED(DISENTANGLE_INSTRUCTION_SET_, _in_cuda_source_checked)
#elif defined(DISENTANGLE_CUDACC)
#define DISENTANGLE_INSTRUCTION_SET DISENTANGLE_JOINED(DISENTANGLE_INSTRUCTION_SET_, _in_cuda_source)
#elif DISENTANGLE_CHECKED
#define DISENTANGLE_INSTRUCTION_SET DISENTANGLE_JOINED(DISENTANGLE_INSTRUCTION_SET_, _checked)
#else
#define DISENTANGLE_INSTRUCTION_SET DISENTANGLE_INSTRUCTION_SET_
#endif

namespace disentangle::backend::cpu::inline DISENTANGLE_INSTRUCTION_SET {

/// In words: "AVX2 and FMA".
inline constexpr std::string_view instruction_set = DISENTANGLE_INSTRUCTION_SET_NAME;

}  // namespace disentangle::backend::cpu::inline DISENTANGLE_INSTRUCTION_SET
