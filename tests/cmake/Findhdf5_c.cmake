# SPDX-License-Identifier: Apache-2.0
# Finds the C library of HDF5 (CMake's own FindHDF5 compiles C sources, and this project enables C++ alone):
# hdf5_c_FOUND and the target hdf5_c::hdf5_c.
find_path(hdf5_c_INCLUDE_DIR hdf5.h PATH_SUFFIXES hdf5/serial)
find_library(hdf5_c_LIBRARY NAMES hdf5_serial hdf5 PATH_SUFFIXES hdf5/serial)
mark_as_advanced(hdf5_c_INCLUDE_DIR hdf5_c_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(hdf5_c REQUIRED_VARS hdf5_c_LIBRARY hdf5_c_INCLUDE_DIR)

if(hdf5_c_FOUND AND NOT TARGET hdf5_c::hdf5_c)
  add_library(hdf5_c::hdf5_c UNKNOWN IMPORTED)
  set_target_properties(hdf5_c::hdf5_c PROPERTIES IMPORTED_LOCATION "${hdf5_c_LIBRARY}"
                                                  INTERFACE_INCLUDE_DIRECTORIES "${hdf5_c_INCLUDE_DIR}")
endif()
