# SPDX-License-Identifier: Apache-2.0
# Runs an example as a test (see examples/CMakeLists.txt): cmake -DPROGRAM= -DARGUMENTS= -DSOURCE= -DWORK= -P this file
cmake_minimum_required(VERSION 3.22)

file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")
separate_arguments(ARGUMENTS UNIX_COMMAND "${ARGUMENTS}")
execute_process(COMMAND "${PROGRAM}" ${ARGUMENTS} WORKING_DIRECTORY "${WORK}" RESULT_VARIABLE _result
                OUTPUT_VARIABLE _out ERROR_VARIABLE _err)
message(NOTICE "${_out}${_err}")
if(NOT _result EQUAL 0)
  message(FATAL_ERROR "example: ended with ${_result}, expected 0")
endif()

file(READ "${SOURCE}" _rest)
while(_rest MATCHES "\n// prints: *([^\n]+)(.*)$")
  set(_regex "${CMAKE_MATCH_1}")
  set(_rest "${CMAKE_MATCH_2}")
  if(NOT _out MATCHES "${_regex}")
    message(FATAL_ERROR "example: nothing printed matches '${_regex}'")
  endif()
endwhile()
