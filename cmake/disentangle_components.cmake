# SPDX-License-Identifier: Apache-2.0
# The components of the library and what each needs: read by the build and, installed, by disentangleConfig.cmake.

# Components that this version provides, and those that make up disentangle::disentangle.
set(disentangle_provided_components core io eigen jpeg xtensor xtensor_blas cuda)
set(disentangle_standard_components core io)

# Looks for what `component` needs. Sets disentangle_<component>_FOUND, and when that is false
# disentangle_<component>_MESSAGE: what is missing and how to get it. A macro, so that packages that set variables
# (and no imported targets) are seen by the caller.
macro(disentangle_find_component component)
  set(disentangle_${component}_FOUND TRUE)
  set(disentangle_${component}_MESSAGE "")
  if("${component}" STREQUAL "core")
    # CMake looks for the threads library with whatever language is enabled; C++ alone is enough.
    disentangle_find_dependency(core Threads "a threads library" "build-essential")
  elseif("${component}" STREQUAL "eigen")
    disentangle_find_dependency(eigen Eigen3 "Eigen 3.4" "libeigen3-dev" 3.4 NO_MODULE)
  elseif("${component}" STREQUAL "io")
    disentangle_find_dependency(io ZLIB "zlib" "zlib1g-dev")
    disentangle_find_dependency(io spng "libspng" "libspng-dev")
    disentangle_find_dependency(io RapidJSON "RapidJSON" "rapidjson-dev")
  elseif("${component}" STREQUAL "jpeg")
    disentangle_find_component(io)
    if(NOT disentangle_io_FOUND)
      set(disentangle_jpeg_FOUND FALSE)
      string(APPEND disentangle_jpeg_MESSAGE "${disentangle_io_MESSAGE}")
    endif()
    disentangle_find_dependency(jpeg JPEG "libjpeg" "libjpeg-dev")
  elseif("${component}" STREQUAL "xtensor")
    disentangle_find_dependency(xtensor xtensor "xtensor 0.24 or later" "libxtensor-dev" 0.24)
  elseif("${component}" STREQUAL "xtensor_blas")
    disentangle_find_dependency(xtensor_blas xtensor "xtensor 0.24 or later" "libxtensor-dev" 0.24)
    disentangle_find_dependency(xtensor_blas xtensor-blas "xtensor-blas" "libxtensor-blas-dev")
  elseif("${component}" STREQUAL "cuda")
    disentangle_find_dependency(cuda CUDAToolkit "the CUDA Toolkit 12 or later" "nvidia-cuda-toolkit" 12)
    disentangle_find_dependency(cuda cudnn "cuDNN 9" "nvidia-cudnn")
  else()
    set(disentangle_${component}_FOUND FALSE)
    string(REPLACE ";" ", " _disentangle_list "${disentangle_provided_components}")
    set(disentangle_${component}_MESSAGE
        "component '${component}' is not provided by this version (provided: ${_disentangle_list})")
  endif()
endmacro()

# disentangle_find_dependency(component package what debian_package [arguments of find_package...])
macro(disentangle_find_dependency component package what debian_package)
  if(NOT ${package}_FOUND)
    find_package(${package} ${ARGN} QUIET)
  endif()
  if(NOT ${package}_FOUND)
    set(disentangle_${component}_FOUND FALSE)
    string(APPEND disentangle_${component}_MESSAGE
           "component '${component}' needs ${what}, which was not found (Debian and Ubuntu: ${debian_package}). ")
  endif()
endmacro()
