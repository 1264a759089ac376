# Embeds the description of the HTTP routes and the JSON Schemas of the wire into a library:
#
#   sb_embed_api(sb_transport "${CMAKE_SOURCE_DIR}/src/transport/api")
#
# The library then defines what "sb/transport/api_description.h" declares.
include_guard(GLOBAL)
find_package(Python3 REQUIRED COMPONENTS Interpreter)

function(sb_embed_api TARGET DIR)
  set(out "${CMAKE_BINARY_DIR}/api/api_description.cc")
  file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/api")
  add_custom_command(
    OUTPUT "${out}"
    COMMAND Python3::Interpreter "${CMAKE_SOURCE_DIR}/tools/embed_api.py" "${DIR}/openapi.json" "${DIR}/schemas.json"
            "${PROJECT_VERSION}" "${out}"
    DEPENDS "${DIR}/openapi.json" "${DIR}/schemas.json" "${CMAKE_SOURCE_DIR}/tools/embed_api.py"
    COMMENT "Embedding the description of the routes"
    VERBATIM)
  target_sources(${TARGET} PRIVATE "${out}")
endfunction()
