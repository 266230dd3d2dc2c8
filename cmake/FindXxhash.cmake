# xxhash.h, used inline: a header, no library to link. Defines expplat::xxhash.
# Installed beside expplatConfig.cmake, which needs it again on the user's machine.
find_path(XXHASH_INCLUDE_DIR xxhash.h)
mark_as_advanced(XXHASH_INCLUDE_DIR)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Xxhash REQUIRED_VARS XXHASH_INCLUDE_DIR)

if(Xxhash_FOUND AND NOT TARGET expplat::xxhash)
    add_library(expplat::xxhash INTERFACE IMPORTED)
    target_include_directories(expplat::xxhash INTERFACE "${XXHASH_INCLUDE_DIR}")
endif()
