# SPDX-License-Identifier: Apache-2.0
# Finds cuDNN beside the CUDA Toolkit or in CUDNN_ROOT: target cudnn::cudnn, cudnn_FOUND, cudnn_VERSION.
find_path(cudnn_INCLUDE_DIR cudnn.h HINTS "${CUDNN_ROOT}" ENV CUDNN_ROOT ${CUDAToolkit_INCLUDE_DIRS} PATH_SUFFIXES include)
find_library(cudnn_LIBRARY cudnn HINTS "${CUDNN_ROOT}" ENV CUDNN_ROOT "${CUDAToolkit_LIBRARY_DIR}" PATH_SUFFIXES lib lib64)
if(cudnn_INCLUDE_DIR AND EXISTS "${cudnn_INCLUDE_DIR}/cudnn_version.h")
  file(STRINGS "${cudnn_INCLUDE_DIR}/cudnn_version.h" _cudnn_lines REGEX "^#define CUDNN_(MAJOR|MINOR|PATCHLEVEL) [0-9]+")
  string(REGEX REPLACE "[^0-9;]" "" _cudnn_version "${_cudnn_lines}")
  string(REPLACE ";" "." cudnn_VERSION "${_cudnn_version}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(cudnn REQUIRED_VARS cudnn_LIBRARY cudnn_INCLUDE_DIR VERSION_VAR cudnn_VERSION)
mark_as_advanced(cudnn_INCLUDE_DIR cudnn_LIBRARY)

if(cudnn_FOUND AND NOT TARGET cudnn::cudnn)
  add_library(cudnn::cudnn UNKNOWN IMPORTED)
  set_target_properties(cudnn::cudnn PROPERTIES IMPORTED_LOCATION "${cudnn_LIBRARY}"
                                                INTERFACE_INCLUDE_DIRECTORIES "${cudnn_INCLUDE_DIR}")
endif()
