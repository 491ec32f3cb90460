# SPDX-License-Identifier: Apache-2.0
# Headers, one exported target file per component, and the package files. Nothing of it depends on the processor.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(_package_dir "${CMAKE_INSTALL_DATADIR}/cmake/disentangle")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/disentangle" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
        FILES_MATCHING PATTERN "*.hpp" PATTERN "*.cuh")

foreach(component IN LISTS disentangle_components)
  set(_target disentangle_${component})
  if(component STREQUAL "disentangle")
    set(_target disentangle)
  endif()
  install(TARGETS ${_target} EXPORT disentangle_${component})
  install(EXPORT disentangle_${component} NAMESPACE disentangle:: FILE disentangle_${component}.cmake
          DESTINATION "${_package_dir}")
endforeach()

set(disentangle_installed_components ${disentangle_components})
list(REMOVE_ITEM disentangle_installed_components disentangle)
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/disentangleConfig.cmake.in"
                              "${PROJECT_BINARY_DIR}/package/disentangleConfig.cmake"
                              INSTALL_DESTINATION "${_package_dir}" NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/package/disentangleConfigVersion.cmake"
                                 COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES "${PROJECT_BINARY_DIR}/package/disentangleConfig.cmake"
              "${PROJECT_BINARY_DIR}/package/disentangleConfigVersion.cmake"
              "${PROJECT_SOURCE_DIR}/cmake/disentangle_components.cmake" "${PROJECT_SOURCE_DIR}/cmake/Findspng.cmake"
              "${PROJECT_SOURCE_DIR}/cmake/FindRapidJSON.cmake"
              "${PROJECT_SOURCE_DIR}/cmake/Findcudnn.cmake"
        DESTINATION "${_package_dir}")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
