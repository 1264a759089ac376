# Third-party libraries, all Debian packages, each behind one interface target so that a room names what it hides.
# Reasons: docs/dependencies.md.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(simdjson REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
pkg_check_modules(SQLITE3 REQUIRED sqlite3)

# Header-only and allowed everywhere: Boost.Describe, Boost.PFR, Boost.Unordered, tl::expected, fmt.
add_library(sb_dep_headers INTERFACE)
target_link_libraries(sb_dep_headers INTERFACE Boost::headers fmt::fmt Threads::Threads)

add_library(sb_dep_simdjson INTERFACE)
target_link_libraries(sb_dep_simdjson INTERFACE simdjson::simdjson)

# Headers only, used in one file: one library less to load for `snapboard hook`, which an agent waits for.
add_library(sb_dep_log INTERFACE)
target_link_libraries(sb_dep_log INTERFACE spdlog::spdlog_header_only)

find_library(SB_PROMETHEUS_CORE prometheus-cpp-core REQUIRED)
add_library(sb_dep_metrics INTERFACE)
target_link_libraries(sb_dep_metrics INTERFACE ${SB_PROMETHEUS_CORE})

# Static for the same reason: a hook never opens a database.
find_library(SB_SQLITE libsqlite3.a REQUIRED)
add_library(sb_dep_sqlite INTERFACE)
target_include_directories(sb_dep_sqlite SYSTEM INTERFACE ${SQLITE3_INCLUDE_DIRS})
target_link_libraries(sb_dep_sqlite INTERFACE ${SB_SQLITE} Threads::Threads m ${CMAKE_DL_LIBS})

find_path(SB_URING_INCLUDE liburing.h REQUIRED)
find_library(SB_URING liburing.a REQUIRED)
add_library(sb_dep_uring INTERFACE)
target_include_directories(sb_dep_uring SYSTEM INTERFACE ${SB_URING_INCLUDE})
target_link_libraries(sb_dep_uring INTERFACE ${SB_URING})

find_package(boost_url 1.81 REQUIRED)
add_library(sb_dep_asio INTERFACE)
target_link_libraries(sb_dep_asio INTERFACE Boost::headers Boost::url Threads::Threads)
target_compile_definitions(sb_dep_asio INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE BOOST_BEAST_USE_STD_STRING_VIEW)

# Headers only: the library is loaded when somebody asks for it (src/platform/http_client).
find_path(SB_CURL_INCLUDE curl/curl.h REQUIRED)
add_library(sb_dep_curl INTERFACE)
target_include_directories(sb_dep_curl SYSTEM INTERFACE ${SB_CURL_INCLUDE})
