# SPDX-License-Identifier: Apache-2.0
# disentangle_add_compile_fail_test(name source): a ctest test that runs the compiler on `source` as a user would.
#
# The source must compile as it stands, and must fail with -DMISTAKE=1. What the compiler then says must match the
# regular expression (CMake's) of each comment
#     // expected-error: regex
# One source may hold several mistakes, chosen with #if MISTAKE == 2 and so on; and what only one compiler says:
#     // expected-error 2: regex
#     // expected-error 2 gcc: regex
#     // expected-error 2 clang: regex
# Nothing is generated or linked (-fsyntax-only); the include directories are those of disentangle::disentangle
# and disentangle::eigen.
set(DISENTANGLE_COMPILE_FAIL_SCRIPT "${CMAKE_CURRENT_LIST_DIR}/disentangle_compile_fail_run.cmake")

function(disentangle_add_compile_fail_test name source)
  if(NOT TARGET disentangle_compile_fail_flags)
    # Never built: gathers the include directories and definitions of everything that the library links.
    file(WRITE "${PROJECT_BINARY_DIR}/compile_fail_flags.cpp" "")
    add_library(disentangle_compile_fail_flags OBJECT EXCLUDE_FROM_ALL "${PROJECT_BINARY_DIR}/compile_fail_flags.cpp")
    target_link_libraries(disentangle_compile_fail_flags PRIVATE disentangle::disentangle)
    if(TARGET disentangle::eigen)
      target_link_libraries(disentangle_compile_fail_flags PRIVATE disentangle::eigen)
    endif()
  endif()
  add_test(
    NAME ${name}
    COMMAND "${CMAKE_COMMAND}" "-DCOMPILER=${CMAKE_CXX_COMPILER}" "-DCOMPILER_ID=${CMAKE_CXX_COMPILER_ID}"
            "-DSOURCE=${source}"
            "-DINCLUDES=$<JOIN:$<TARGET_PROPERTY:disentangle_compile_fail_flags,INCLUDE_DIRECTORIES>,|>" -P
            "${DISENTANGLE_COMPILE_FAIL_SCRIPT}")
  set_tests_properties(${name} PROPERTIES LABELS compile_fail TIMEOUT 120)
endfunction()
