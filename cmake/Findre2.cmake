# RE2: its own CMake package where it has one (vcpkg, newer distributions), else header and library
# (Debian 12 ships neither a CMake package nor needs abseil for it). Defines re2::re2.
# Installed beside expplatConfig.cmake, which needs it again on the user's machine.
find_package(re2 CONFIG QUIET)
if(TARGET re2::re2)
    set(re2_FOUND TRUE)
    return()
endif()

find_path(RE2_INCLUDE_DIR re2/re2.h)
find_library(RE2_LIBRARY re2)
mark_as_advanced(RE2_INCLUDE_DIR RE2_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(re2 REQUIRED_VARS RE2_LIBRARY RE2_INCLUDE_DIR)

if(re2_FOUND)
    find_package(Threads REQUIRED)
    add_library(re2::re2 UNKNOWN IMPORTED)
    set_target_properties(re2::re2 PROPERTIES
        IMPORTED_LOCATION "${RE2_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${RE2_INCLUDE_DIR}"
        INTERFACE_LINK_LIBRARIES Threads::Threads)
endif()
