# SPDX-License-Identifier: Apache-2.0
# The INTERFACE targets, one per component, and the umbrella when all standard components are there. Consumers get
# the include directory, C++20 and libraries; flags that tune or warn live in disentangle_development.cmake.
list(PREPEND CMAKE_MODULE_PATH "${PROJECT_SOURCE_DIR}/cmake")

set(disentangle_components core ${DISENTANGLE_COMPONENTS})
list(REMOVE_DUPLICATES disentangle_components)
foreach(component IN LISTS disentangle_components)
  disentangle_find_component(${component})
  if(NOT disentangle_${component}_FOUND)
    message(FATAL_ERROR "disentangle: ${disentangle_${component}_MESSAGE}\n"
                        "Set DISENTANGLE_COMPONENTS to the components that you use (core alone: "
                        "-DDISENTANGLE_COMPONENTS=core); it is now '${DISENTANGLE_COMPONENTS}'.")
  endif()
endforeach()
foreach(component IN LISTS DISENTANGLE_OPTIONAL_COMPONENTS)
  disentangle_find_component(${component})
  if(component STREQUAL "jpeg" AND NOT io IN_LIST disentangle_components)
    set(disentangle_${component}_FOUND FALSE)                      # it is a part of io/
  endif()
  if(disentangle_${component}_FOUND)
    list(APPEND disentangle_components ${component})
  endif()
endforeach()
list(REMOVE_DUPLICATES disentangle_components)
list(POP_FRONT CMAKE_MODULE_PATH)

# disentangle_add_component(name library...): target disentangle_<name>, known as disentangle::<name>
function(disentangle_add_component name)
  add_library(disentangle_${name} INTERFACE)
  add_library(disentangle::${name} ALIAS disentangle_${name})
  set_target_properties(disentangle_${name} PROPERTIES EXPORT_NAME ${name})
  target_link_libraries(disentangle_${name} INTERFACE ${ARGN})
endfunction()

disentangle_add_component(core Threads::Threads)
target_compile_features(disentangle_core INTERFACE cxx_std_20)
target_include_directories(disentangle_core INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                                                      $<INSTALL_INTERFACE:include>)
if(eigen IN_LIST disentangle_components)
  disentangle_add_component(eigen disentangle::core Eigen3::Eigen)
endif()
if(io IN_LIST disentangle_components)
  disentangle_add_component(io disentangle::core ZLIB::ZLIB spng::spng RapidJSON::RapidJSON)
endif()
if(jpeg IN_LIST disentangle_components)
  disentangle_add_component(jpeg disentangle::io JPEG::JPEG)
endif()
if(xtensor IN_LIST disentangle_components)
  disentangle_add_component(xtensor disentangle::core xtensor)
endif()
if(xtensor_blas IN_LIST disentangle_components)
  disentangle_add_component(xtensor_blas disentangle::core xtensor xtensor-blas)
endif()
if(cuda IN_LIST disentangle_components)
  disentangle_add_component(cuda disentangle::core CUDA::cudart CUDA::cublas cudnn::cudnn)
  # Files that use backend::Cuda are CUDA sources. 1675: unrolling pragmas of the CPU's kernels, which nvcc leaves to the
  # host compiler. 20011: formulas on the host, whose functions are for both, call the CPU backend. The standard is an
  # option here because CMake 3.22 has no feature cuda_std_20 for every nvcc that has the standard.
  target_compile_options(disentangle_cuda INTERFACE "$<$<COMPILE_LANGUAGE:CUDA>:-std=c++20;--diag-suppress=1675,20011>")
endif()

set(disentangle_missing ${disentangle_standard_components})
list(REMOVE_ITEM disentangle_missing ${disentangle_components})
if(NOT disentangle_missing)
  add_library(disentangle INTERFACE)
  add_library(disentangle::disentangle ALIAS disentangle)
  target_link_libraries(disentangle INTERFACE disentangle::core disentangle::io)
  list(APPEND disentangle_components disentangle)
endif()
