# base, image, eval, exposure: headers only, and all that a project gets with EXPPLAT_CORE_ONLY.
add_library(expplat_core INTERFACE)
add_library(expplat::core ALIAS expplat_core)
target_compile_features(expplat_core INTERFACE cxx_std_20)
target_include_directories(expplat_core INTERFACE
    "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>"
    "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
target_link_libraries(expplat_core INTERFACE expplat::xxhash)
set_target_properties(expplat_core PROPERTIES EXPORT_NAME core)
set_property(GLOBAL APPEND PROPERTY EXPPLAT_INSTALLED expplat_core)
