# Warnings are errors in every build of ours; third-party headers are SYSTEM.
add_library(sb_warnings INTERFACE)
target_compile_options(sb_warnings INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast -Wcast-qual -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(sb_warnings INTERFACE -Wno-restrict)  # false positives on string code, GCC bug 105329
else()
  # std::stable_sort of libstdc++ 12 uses what libstdc++ 12 deprecates, and clang does not look away.
  # Shadowing is GCC's to find: clang also means a capture that takes over the name of a structured binding.
  target_compile_options(sb_warnings INTERFACE -Wthread-safety -Wno-deprecated-declarations -Wno-shadow)
endif()
# Cheap library checks stay on in release: a corrupt view must not be served.
target_compile_definitions(sb_warnings INTERFACE _GLIBCXX_ASSERTIONS)
