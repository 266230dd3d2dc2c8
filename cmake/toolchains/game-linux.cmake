# A game on Linux: no exceptions, no RTTI, and the compiler's runtime inside the program. Tested by tests/consumers/run.
set(CMAKE_CXX_COMPILER g++)
set(CMAKE_CXX_FLAGS_INIT "-fno-exceptions -fno-rtti")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static-libgcc -static-libstdc++")
