# SPDX-License-Identifier: Apache-2.0
# How this repository compiles its own tests, examples and benchmarks. Never linked by a consumer.
set(DISENTANGLE_TUNING "-march=native" CACHE STRING "Processor flags for tests, examples and benchmarks")
option(DISENTANGLE_SANITIZE "Address and undefined-behaviour sanitizers in tests, examples and benchmarks" OFF)
set(DISENTANGLE_SANITIZE_DEBUG "-g1" CACHE STRING
    "Debug information with sanitizers: -g1 gives their reports line numbers; without, -g0, an eighth less time to compile")

# New compilers bring new warnings: they fail our tests only with the two that the project is written for.
set(_known_compiler OFF)
if((CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION MATCHES "^12\\.")
   OR (CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION MATCHES "^14\\."))
  set(_known_compiler ON)
endif()
option(DISENTANGLE_WARNINGS_AS_ERRORS "Warnings are errors in the tests" ${_known_compiler})

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES AND NOT DISENTANGLE_SANITIZE)
  message(STATUS "disentangle: CMAKE_BUILD_TYPE is empty, using Release")
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
set(CMAKE_CXX_EXTENSIONS OFF)

find_program(CCACHE ccache)
mark_as_advanced(CCACHE)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE}")
endif()

add_library(disentangle_development INTERFACE)
target_link_libraries(disentangle_development INTERFACE disentangle::disentangle)
target_compile_options(disentangle_development INTERFACE -Wall -Wextra -Wpedantic -Wshadow ${DISENTANGLE_TUNING})
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION MATCHES "^12\\.")
  # With AVX-512, g++ 12.2 copies the constants {1, 1, 0, 0} as {1, 1, 1, 1} once they are one vector: docs/backends.md.
  # Training steps take the same time without.
  target_compile_options(disentangle_development INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fno-tree-slp-vectorize>)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ collects its garbage from 128 MB on; from 1 GB on large files took 2 to 9 % less time, and up to 1.4 GB (three were measured).
  target_compile_options(disentangle_development INTERFACE $<$<COMPILE_LANGUAGE:CXX>:--param=ggc-min-heapsize=1048576>)
endif()
# Some 400 programs are linked: where LLVM's linker is there, each takes a fraction of the time.
find_program(DISENTANGLE_LLD ld.lld)
mark_as_advanced(DISENTANGLE_LLD)
if(DISENTANGLE_LLD AND CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang" AND NOT APPLE)
  target_link_options(disentangle_development INTERFACE $<$<LINK_LANGUAGE:CXX>:-fuse-ld=lld>)
endif()
if(DISENTANGLE_SANITIZE)
  set(_sanitize -fsanitize=address,undefined -fno-sanitize-recover=all)
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    # RapidJSON 1.1 adds to null pointers where its buffers are empty.
    list(APPEND _sanitize "-fsanitize-ignorelist=${CMAKE_CURRENT_LIST_DIR}/sanitizer_ignorelist.txt")
  endif()
  target_compile_options(disentangle_development INTERFACE ${_sanitize} ${DISENTANGLE_SANITIZE_DEBUG} -fno-omit-frame-pointer)
  string(APPEND CMAKE_CXX_FLAGS " -O1")                          # before a target's own -O0
  target_link_options(disentangle_development INTERFACE ${_sanitize})
endif()
