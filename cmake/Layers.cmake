# Declares rooms and enforces the direction between layers.
#
#   sb_room(NAME git LAYER domain DIR src/domains/git PUBLIC_DEPS core model PRIVATE_DEPS git_cli)
#
# Walls, cheapest first:
#   1. configure: the real link graph (hand-made edges too) is held against SB_ALLOWED_<layer>;
#   2. compile:   one include root per room, reachable through a link edge only; public headers compile alone;
#   3. test:      tools/check_includes.py reads what the compiler really opened (relative paths, third-party headers);
#   4. test:      tests/must_not_compile attacks walls 1 to 3.
include_guard(GLOBAL)

# The whole architecture in one table. "domain" is absent from its own row: siblings never meet.
# "domain" and "snapshot" share one row only: orchestration (and the app that starts it).
set(SB_ALLOWED_core          "")
set(SB_ALLOWED_model         core)
set(SB_ALLOWED_platform      core)
set(SB_ALLOWED_domain        core model platform)
set(SB_ALLOWED_snapshot      core model)
set(SB_ALLOWED_orchestration core model domain snapshot)
set(SB_ALLOWED_transport     core model snapshot)
set(SB_ALLOWED_app           core model platform domain snapshot orchestration transport)
set(SB_LAYERS core model platform domain snapshot orchestration transport app)

function(sb_room)
  cmake_parse_arguments(R "" "NAME;LAYER;DIR" "PUBLIC_DEPS;PRIVATE_DEPS;TEST_DEPS;TEST_LIBS;THIRD_PARTY;THIRD_PARTY_PUBLIC" ${ARGN})
  if(R_UNPARSED_ARGUMENTS OR NOT DEFINED SB_ALLOWED_${R_LAYER})
    message(FATAL_ERROR "sb_room(${R_NAME}): unknown layer '${R_LAYER}' or arguments '${R_UNPARSED_ARGUMENTS}'")
  endif()
  set(dir "${CMAKE_SOURCE_DIR}/${R_DIR}")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${dir}/src/*.cc")
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS "${dir}/include/*.h")
  add_library(sb_${R_NAME} STATIC ${sources})
  target_sources(sb_${R_NAME} PUBLIC FILE_SET HEADERS BASE_DIRS "${dir}/include" FILES ${headers})
  target_include_directories(sb_${R_NAME} PRIVATE "${dir}/src")
  set_target_properties(sb_${R_NAME} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON SB_LAYER ${R_LAYER})
  foreach(dep IN LISTS R_PUBLIC_DEPS)
    target_link_libraries(sb_${R_NAME} PUBLIC sb_${dep})
  endforeach()
  foreach(dep IN LISTS R_PRIVATE_DEPS)
    target_link_libraries(sb_${R_NAME} PRIVATE sb_${dep})
  endforeach()
  target_link_libraries(sb_${R_NAME} PUBLIC ${R_THIRD_PARTY_PUBLIC} PRIVATE ${R_THIRD_PARTY} sb_warnings)
  set_property(GLOBAL APPEND PROPERTY SB_ROOMS sb_${R_NAME})
  # TEST_DEPS: rooms whose real things the tests plug into a seam of this one. TEST_LIBS: third-party ones.
  list(TRANSFORM R_TEST_DEPS PREPEND sb_)
  list(JOIN R_TEST_DEPS "," test_deps)
  set_property(GLOBAL APPEND PROPERTY SB_ROOM_DIRS "${R_DIR}=${R_LAYER}=sb_${R_NAME}=${test_deps}")

  if(SB_TESTS)
    # What several tests share stands in folders of its own.
    file(GLOB test_sources CONFIGURE_DEPENDS "${dir}/tests/*_test.cc" "${dir}/tests/*/*.cc")
    if(test_sources)
      sb_test(sb_${R_NAME}_tests LABEL unit SOURCES ${test_sources} DEPS sb_${R_NAME} ${R_TEST_DEPS}
              LIBS ${R_TEST_LIBS} INCLUDES "${dir}/tests" "${dir}/src")
    endif()
  endif()
endfunction()

# A GoogleTest program, registered as one ctest per program (start-up of a sanitized binary is not free).
# LIBS: further targets, for instance rapidcheck. A few files are compiled as one unit: most of what a test costs to
# compile are the headers it shares with its neighbours. So names in the unnamed namespaces of a room's tests differ.
function(sb_test NAME)
  cmake_parse_arguments(T "" "LABEL;TIMEOUT" "SOURCES;DEPS;LIBS;INCLUDES" ${ARGN})
  find_package(GTest REQUIRED)
  add_executable(${NAME} ${T_SOURCES})
  target_link_libraries(${NAME} PRIVATE ${T_DEPS} ${T_LIBS} GTest::gtest GTest::gmock_main rapidcheck
                        sb_warnings)
  target_include_directories(${NAME} PRIVATE ${T_INCLUDES} "${CMAKE_SOURCE_DIR}/tests/support/include")
  target_compile_definitions(${NAME} PRIVATE SB_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  set_target_properties(${NAME} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 4)
  if(SB_SANITIZE MATCHES "undefined")
    # A third of what tests take to compile. The rooms are compiled with all checks.
    target_compile_options(${NAME} PRIVATE -fno-sanitize=vptr,null,alignment,object-size)
  endif()
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 300)
  endif()
  add_test(NAME ${NAME} COMMAND ${NAME})
  set_tests_properties(${NAME} PROPERTIES LABELS ${T_LABEL} TIMEOUT ${T_TIMEOUT})
endfunction()

# The composition root: the only target that may see every layer.
function(sb_app NAME DIR)
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/${DIR}/*.cc")
  add_executable(${NAME} ${sources})
  set_target_properties(${NAME} PROPERTIES SB_LAYER app)
  foreach(dep IN LISTS ARGN)
    target_link_libraries(${NAME} PRIVATE sb_${dep})
  endforeach()
  target_link_libraries(${NAME} PRIVATE sb_warnings)
  set_property(GLOBAL APPEND PROPERTY SB_ROOMS ${NAME})
  set_property(GLOBAL APPEND PROPERTY SB_ROOM_DIRS "${DIR}=app=${NAME}")
endfunction()

# Reads the real link graph, also edges added by hand with target_link_libraries.
function(sb_check_layers)
  get_property(rooms GLOBAL PROPERTY SB_ROOMS)
  set(bad "")
  foreach(from IN LISTS rooms)
    get_target_property(from_layer ${from} SB_LAYER)
    # A property that is not set reads as "links-NOTFOUND", which is no room.
    get_target_property(links ${from} LINK_LIBRARIES)
    get_target_property(interface_links ${from} INTERFACE_LINK_LIBRARIES)
    set(edges ${links} ${interface_links})
    list(REMOVE_DUPLICATES edges)
    foreach(to IN LISTS edges)
      if(to IN_LIST rooms)
        get_target_property(to_layer ${to} SB_LAYER)
        if(NOT to_layer IN_LIST SB_ALLOWED_${from_layer})
          string(APPEND bad "\n  ${from} (${from_layer}) -> ${to} (${to_layer})")
        endif()
      endif()
    endforeach()
  endforeach()
  if(bad)
    message(FATAL_ERROR "Layer violations (see cmake/Layers.cmake):${bad}")
  endif()
  get_property(dirs GLOBAL PROPERTY SB_ROOM_DIRS)
  set(rules "")
  foreach(layer IN LISTS SB_LAYERS)
    string(REPLACE ";" "," allowed "${SB_ALLOWED_${layer}}")
    string(APPEND rules "rule ${layer} ${allowed}\n")
  endforeach()
  foreach(entry IN LISTS dirs)
    string(REPLACE "=" " " entry "${entry}")
    string(APPEND rules "room ${entry}\n")
  endforeach()
  file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/layers.txt" CONTENT "${rules}" @ONLY)
endfunction()
cmake_language(DEFER DIRECTORY ${CMAKE_SOURCE_DIR} CALL sb_check_layers)
