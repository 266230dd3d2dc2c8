# What a binding's module has inside instead of asking its machine for it. Included before the library, by CMakeLists.txt of
# python and of node.
#
#   EXPPLAT_RE2_SOURCE      folders that .ci/setup.sh fetches (setup_static_sources; SOURCE says from where). Where they are,
#   EXPPLAT_ABSEIL_SOURCE   RE2 and abseil are built from them: no distribution's archive of either is position-independent.
#                           Without them the system's shared libraries are linked.
get_filename_component(expplat_build "${CMAKE_CURRENT_LIST_DIR}/../build" ABSOLUTE)
set(EXPPLAT_RE2_SOURCE "${expplat_build}/re2" CACHE PATH "RE2's sources, with re2/ and util/")
set(EXPPLAT_ABSEIL_SOURCE "${expplat_build}/abseil" CACHE PATH "Abseil's sources, with absl/")

# An archive that is absent leaves the shared library in its place.
function(prefer_archive variable name)
    find_library(${variable} NAMES lib${name}.a ${name})
    mark_as_advanced(${variable})
endfunction()

set(OPENSSL_USE_STATIC_LIBS ON)
prefer_archive(ZLIB_LIBRARY z)
prefer_archive(ZSTD_LIBRARY zstd)
prefer_archive(CARES_LIBRARY cares)

# source_library(<target> <folder> <file>...): an archive of these, hidden and without warnings.
function(source_library target folder)
    list(TRANSFORM ARGN PREPEND "${folder}/")
    add_library(${target} STATIC EXCLUDE_FROM_ALL ${ARGN})
    target_compile_features(${target} PUBLIC cxx_std_20)
    target_include_directories(${target} SYSTEM PUBLIC "${folder}")
    target_compile_options(${target} PRIVATE -w)
    target_link_libraries(${target} PUBLIC Threads::Threads)
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_EXTENSIONS OFF
        CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
endfunction()

# ship_license(<name> <file>): a license of what is inside, which travels with the module as LICENSE-<name>.
set(EXPPLAT_LICENSES)
macro(ship_license name file)
    if(EXISTS "${file}")
        configure_file("${file}" "${CMAKE_BINARY_DIR}/licenses/LICENSE-${name}" COPYONLY)
        list(APPEND EXPPLAT_LICENSES "${CMAKE_BINARY_DIR}/licenses/LICENSE-${name}")
    endif()
endmacro()

# Where Debian and its kin keep them. Boost and zlib ask for none beside a binary.
ship_license(OpenSSL /usr/share/doc/libssl-dev/copyright)
ship_license(c-ares /usr/share/doc/libc-ares-dev/copyright)
ship_license(nlohmann_json /usr/share/doc/nlohmann-json3-dev/copyright)
ship_license(xxHash /usr/share/doc/libxxhash-dev/copyright)
ship_license(zstd /usr/share/doc/libzstd-dev/copyright)

# Both or neither: a system's RE2 may have been compiled against its own abseil.
if(EXISTS "${EXPPLAT_RE2_SOURCE}/re2/re2.h" AND EXISTS "${EXPPLAT_ABSEIL_SOURCE}/absl/base/config.h")
    find_package(Threads REQUIRED)
    set(re2_files bitstate compile dfa nfa onepass parse perl_groups prefilter prog re2 regexp simplify stringpiece tostring
        unicode_casefold unicode_groups)
    list(TRANSFORM re2_files REPLACE "(.+)" "re2/\\1.cc")
    source_library(expplat_re2 "${EXPPLAT_RE2_SOURCE}" ${re2_files} util/rune.cc util/strutil.cc)
    add_library(re2::re2 ALIAS expplat_re2)

    # The part that a flat_hash_map calls; the rest of it is in its headers.
    source_library(expplat_flat_hash_map "${EXPPLAT_ABSEIL_SOURCE}"
        absl/base/internal/raw_logging.cc
        absl/base/internal/throw_delegate.cc
        absl/container/internal/raw_hash_set.cc
        absl/hash/internal/city.cc
        absl/hash/internal/hash.cc
        absl/hash/internal/low_level_hash.cc)
    add_library(absl::flat_hash_map ALIAS expplat_flat_hash_map)

    ship_license(RE2 "${EXPPLAT_RE2_SOURCE}/LICENSE")
    ship_license(abseil "${EXPPLAT_ABSEIL_SOURCE}/LICENSE")
endif()
