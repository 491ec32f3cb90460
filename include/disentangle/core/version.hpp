// SPDX-License-Identifier: Apache-2.0
// The version of the library, written here alone: CMakeLists.txt reads the three numbers from this file.
#pragma once

#include <string_view>

#define DISENTANGLE_VERSION_MAJOR 0
#define DISENTANGLE_VERSION_MINOR 1
#define DISENTANGLE_VERSION_PATCH 0

#define DISENTANGLE_DETAIL_TEXT(x) #x
#define DISENTANGLE_DETAIL_VERSION(a, b, c) \
  DISENTANGLE_DETAIL_TEXT(a) "." DISENTANGLE_DETAIL_TEXT(b) "." DISENTANGLE_DETAIL_TEXT(c)

namespace disentangle {

/// The version as text, "major.minor.patch". Code that depends on it tests the macros in the preprocessor.
inline constexpr std::string_view version = DISENTANGLE_DETAIL_VERSION(
    DISENTANGLE_VERSION_MAJOR, DISENTANGLE_VERSION_MINOR, DISENTANGLE_VERSION_PATCH);

}  // namespace disentangle

#undef DISENTANGLE_DETAIL_VERSION
#undef DISENTANGLE_DETAIL_TEXT
