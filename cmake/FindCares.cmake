# c-ares: header and library (Debian's package for developers has no CMake part). Defines expplat::cares.
# Installed beside expplatConfig.cmake, which needs it again on the user's machine.
find_path(CARES_INCLUDE_DIR ares.h)
find_library(CARES_LIBRARY NAMES cares)
mark_as_advanced(CARES_INCLUDE_DIR CARES_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Cares REQUIRED_VARS CARES_LIBRARY CARES_INCLUDE_DIR)

if(Cares_FOUND AND NOT TARGET expplat::cares)
    add_library(expplat::cares UNKNOWN IMPORTED)
    set_target_properties(expplat::cares PROPERTIES
        IMPORTED_LOCATION "${CARES_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${CARES_INCLUDE_DIR}")
endif()
