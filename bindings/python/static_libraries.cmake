# What is linked into the module from static archives, so that a wheel asks less of its machine. An archive that is absent
# or not position-independent (Debian's of RE2 and abseil are not) leaves the shared library in its place, which
# `auditwheel repair` then puts into the wheel.
function(prefer_archive variable name)
    find_library(${variable} NAMES lib${name}.a ${name})
    mark_as_advanced(${variable})
endfunction()

set(OPENSSL_USE_STATIC_LIBS ON)
prefer_archive(ZLIB_LIBRARY z)
prefer_archive(ZSTD_LIBRARY zstd)
prefer_archive(CARES_LIBRARY cares)
