# Embeds the built web app into a program:
#
#   sb_embed_web(snapboard "${CMAKE_SOURCE_DIR}/web/dist")
#
# The target then may include "web_files.h" and call sb::app::web_files(). A new, changed or removed file below the
# folder is noticed by the next build; without the folder a page is embedded that says how to build the app.
include_guard(GLOBAL)
find_package(Python3 REQUIRED COMPONENTS Interpreter)

function(sb_embed_web TARGET DIST_DIR)
  set(out "${CMAKE_CURRENT_BINARY_DIR}/web")
  file(MAKE_DIRECTORY "${out}")
  file(GLOB_RECURSE files CONFIGURE_DEPENDS "${DIST_DIR}/*")
  # The list of names is a dependency too: a removed file changes no time stamp.
  file(CONFIGURE OUTPUT "${out}/web_files.txt" CONTENT "${files}" @ONLY)
  add_custom_command(
    OUTPUT "${out}/web_files.cc"
    BYPRODUCTS "${out}/web_files.h" "${out}/no_web_app.html"
    COMMAND Python3::Interpreter "${CMAKE_SOURCE_DIR}/tools/embed_web.py" "${DIST_DIR}"
            "${out}/web_files.cc" "${out}/web_files.h"
    DEPENDS ${files} "${out}/web_files.txt" "${CMAKE_SOURCE_DIR}/tools/embed_web.py"
    COMMENT "Embedding the web app"
    VERBATIM)
  target_sources(${TARGET} PRIVATE "${out}/web_files.cc")
  target_include_directories(${TARGET} PRIVATE "${out}")
endfunction()
