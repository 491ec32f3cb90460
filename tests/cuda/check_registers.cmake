# SPDX-License-Identifier: Apache-2.0
# Assembles SOURCE for ARCHITECTURE and fails if a kernel spills registers or uses a stack frame, or if there are not as
# many kernels as the source's lines "// kernels: N" add up to.
execute_process(COMMAND "${NVCC}" -std=c++20 -O3 -cubin -arch=${ARCHITECTURE} --diag-suppress=1675,20011
                        -Xptxas -v "-I${INCLUDE}" -o "${OUT}" "${SOURCE}"
                OUTPUT_VARIABLE _log ERROR_VARIABLE _log RESULT_VARIABLE _status)
if(NOT _status EQUAL 0)
  message(FATAL_ERROR "${SOURCE} does not compile for ${ARCHITECTURE}:\n${_log}")
endif()

set(_expected 0)
file(STRINGS "${SOURCE}" _lines REGEX "^// kernels: [0-9]+")
foreach(_line IN LISTS _lines)
  string(REGEX REPLACE "^// kernels: ([0-9]+).*" "\\1" _count "${_line}")
  math(EXPR _expected "${_expected} + ${_count}")
endforeach()

string(REGEX MATCHALL "Compiling entry function '[^']*'" _kernels "${_log}")
list(LENGTH _kernels _found)
string(REGEX MATCHALL "[0-9]+ bytes stack frame, [0-9]+ bytes spill stores, [0-9]+ bytes spill loads" _memory "${_log}")
string(REGEX MATCHALL "Used [0-9]+ registers" _registers "${_log}")
message(STATUS "${ARCHITECTURE}: ${_found} kernels; ${_memory}; ${_registers}")
if(NOT _found EQUAL _expected)
  message(FATAL_ERROR "found ${_found} kernels, expected ${_expected}:\n${_log}")
endif()
list(LENGTH _memory _reports)
if(NOT _reports EQUAL _found)
  message(FATAL_ERROR "found ${_reports} reports of local memory for ${_found} kernels:\n${_log}")
endif()
foreach(_report IN LISTS _memory)
  if(NOT _report STREQUAL "0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads")
    message(FATAL_ERROR "a kernel uses local memory (${_report}):\n${_log}")
  endif()
endforeach()
