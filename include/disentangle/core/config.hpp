// SPDX-License-Identifier: Apache-2.0
// What the library asks of a compiler, and the marks of functions that devices run. Using the library needs
// no macro to be defined, and none changes what it does.
#pragma once

#if defined(_MSC_VER) && !defined(__clang__)
#error "[disentangle] MSVC is not supported: SIMD code uses the vector extensions of g++ and clang"
#endif

#if defined(_MSVC_LANG) ? _MSVC_LANG < 202002L : __cplusplus < 202002L
#error "[disentangle] needs C++20: compile with -std=c++20, or link the CMake target disentangle::disentangle"
#endif

/// Defined where the compiler of this file can compile kernels.
#if defined(__CUDACC__)
#define DISENTANGLE_CUDACC 1
#endif

/// Marks a function that runs on the host and, when nvcc compiles it, on the device too.
#if defined(DISENTANGLE_CUDACC)
#define DISENTANGLE_HD __host__ __device__
#else
#define DISENTANGLE_HD
#endif

/// 1: variables know which pass of their tape they are of, and one that outlived Tape::reset() is refused in
/// words where it is used. 0: they do not, and nothing is checked or stored for it. Default: 1 where asserts
/// are on (NDEBUG is not defined). Files with and without it may stand in one program.
#if !defined(DISENTANGLE_CHECKED)
#if defined(NDEBUG)
#define DISENTANGLE_CHECKED 0
#else
#define DISENTANGLE_CHECKED 1
#endif
#endif

/// Marks a function that is compiled once and called: neither inlined nor copied for the constants of a
/// caller. For what a caller would gain nothing by having within itself, and pays for in compile time
/// (docs/compile_time.md). On a device everything is inlined.
#if defined(DISENTANGLE_CUDACC)
#define DISENTANGLE_OUT_OF_LINE
#elif defined(__clang__)
#define DISENTANGLE_OUT_OF_LINE __attribute__((noinline))
#else
#define DISENTANGLE_OUT_OF_LINE __attribute__((noinline, noclone))
#endif

/// Marks a function that is compiled within its callers, whatever their size: what inner loops are made of.
/// On a device everything is inlined.
#if defined(DISENTANGLE_CUDACC)
#define DISENTANGLE_INLINE inline
#else
#define DISENTANGLE_INLINE inline __attribute__((always_inline))
#endif

/// Marks a function whose own instructions cost nothing beside what it calls, or that runs once: it is
/// compiled for size, which takes a third of the time. Loops over data stand in functions without this mark.
#if defined(DISENTANGLE_CUDACC)
#define DISENTANGLE_COLD
#else
#define DISENTANGLE_COLD __attribute__((cold))
#endif
