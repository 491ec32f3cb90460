# SPDX-License-Identifier: Apache-2.0
# One step of the packaging tests, run by ctest as cmake -DSTEP=... -P (see CMakeLists.txt beside it):
#   install          installs the build tree BUILD into a prefix, then moves that to PREFIX
#   no_leaked_paths  no file under PREFIX names the source or the build tree
#   consume          configures, builds and runs the consumer project
#   reject           configuring the consumer must fail with a message that matches EXPECT
cmake_minimum_required(VERSION 3.22)

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE _result OUTPUT_VARIABLE _out ERROR_VARIABLE _err)
  if(NOT _result EQUAL 0)
    message(FATAL_ERROR "packaging: '${ARGN}' ended with ${_result}:\n${_out}${_err}")
  endif()
endfunction()

if(STEP STREQUAL "install")
  file(REMOVE_RECURSE "${PREFIX}" "${WORK}")
  run("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}")
  file(RENAME "${WORK}" "${PREFIX}")
  if(NOT EXISTS "${PREFIX}/include/disentangle/core/version.hpp")
    message(FATAL_ERROR "packaging: nothing was installed below ${PREFIX}/include")
  endif()

elseif(STEP STREQUAL "no_leaked_paths")
  file(GLOB_RECURSE _files "${PREFIX}/*")
  if(NOT _files)
    message(FATAL_ERROR "packaging: ${PREFIX} is empty")
  endif()
  foreach(_file IN LISTS _files)
    file(READ "${_file}" _text)
    foreach(_path "${SOURCE}" "${BUILD}")
      string(FIND "${_text}" "${_path}" _at)
      if(NOT _at EQUAL -1)
        message(FATAL_ERROR "packaging: ${_file} names ${_path}")
      endif()
    endforeach()
  endforeach()

else()
  file(REMOVE_RECURSE "${WORK}")
  set(_configure "${CMAKE_COMMAND}" -S "${CONSUMER}" -B "${WORK}" -G "${GENERATOR}" "-DCMAKE_CXX_COMPILER=${COMPILER}"
                 "-DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}" "-DUSE=${USE}" "-DDISENTANGLE_SOURCE=${SOURCE}"
                 "-DCMAKE_PREFIX_PATH=${PREFIX}" -DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF)
  if(DEFINED COMPONENTS)
    list(APPEND _configure "-DCOMPONENTS=${COMPONENTS}")
  endif()
  string(REPLACE "," ";" _without "${WITHOUT}")
  foreach(_package IN LISTS _without)
    list(APPEND _configure "-DCMAKE_DISABLE_FIND_PACKAGE_${_package}=ON")
  endforeach()

  if(STEP STREQUAL "reject")
    execute_process(COMMAND ${_configure} RESULT_VARIABLE _result OUTPUT_VARIABLE _out ERROR_VARIABLE _err)
    string(REGEX REPLACE "[ \n]+" " " _said "${_out}${_err}")  # CMake wraps messages
    if(_result EQUAL 0)
      message(FATAL_ERROR "packaging: configuring must fail, it passed")
    elseif(NOT _said MATCHES "${EXPECT}")
      message(FATAL_ERROR "packaging: expected a message matching '${EXPECT}', found:\n${_out}${_err}")
    endif()
  else()
    run(${_configure})
    run("${CMAKE_COMMAND}" --build "${WORK}" --parallel 1)
    run("${WORK}/core_only")
    if(NOT COMPONENTS)
      run("${WORK}/whole")
    elseif(COMPONENTS MATCHES "^(eigen|xtensor|cuda)$")
      run("${WORK}/with_${COMPONENTS}")
    endif()
  endif()
endif()
