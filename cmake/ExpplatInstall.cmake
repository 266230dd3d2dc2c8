# `cmake --install`: headers, static libraries, libexpplat.so with its pkg-config file, the command line and a CMake package that
# find_package(expplat) reads. tests/consumers builds against the result.
include(CMakePackageConfigHelpers)

set(EXPPLAT_PACKAGE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/expplat")

get_property(installed GLOBAL PROPERTY EXPPLAT_INSTALLED)
install(TARGETS ${installed} EXPORT expplatTargets
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
if(TARGET expplat_shared)
    # The prefix as seen from the folder of the .pc file, so that an installed tree may be moved.
    file(RELATIVE_PATH EXPPLAT_PC_PREFIX "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
    configure_file("${PROJECT_SOURCE_DIR}/cmake/expplat.pc.in" "${PROJECT_BINARY_DIR}/expplat.pc" @ONLY)
    install(FILES "${PROJECT_BINARY_DIR}/expplat.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endif()
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/expplat" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
    FILES_MATCHING PATTERN "*.hpp" PATTERN "*.h")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
if(TARGET expplat_cli)
    install(TARGETS expplat_cli RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()

install(EXPORT expplatTargets NAMESPACE expplat:: DESTINATION "${EXPPLAT_PACKAGE_DIR}")
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/expplatConfig.cmake.in"
    "${PROJECT_BINARY_DIR}/expplatConfig.cmake" INSTALL_DESTINATION "${EXPPLAT_PACKAGE_DIR}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/expplatConfigVersion.cmake"
    COMPATIBILITY SameMinorVersion)
install(FILES
    "${PROJECT_BINARY_DIR}/expplatConfig.cmake"
    "${PROJECT_BINARY_DIR}/expplatConfigVersion.cmake"
    "${PROJECT_SOURCE_DIR}/cmake/FindCares.cmake"
    "${PROJECT_SOURCE_DIR}/cmake/FindXxhash.cmake"
    "${PROJECT_SOURCE_DIR}/cmake/FindZstd.cmake"
    "${PROJECT_SOURCE_DIR}/cmake/Findre2.cmake"
    DESTINATION "${EXPPLAT_PACKAGE_DIR}")
