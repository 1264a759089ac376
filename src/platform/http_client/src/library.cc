#include "library.h"

#include <dlfcn.h>

#include <mutex>

namespace sb::http_client {
namespace {

template <class Function>
bool find(void* handle, const char* name, Function& out) {
  out = reinterpret_cast<Function>(::dlsym(handle, name));
  return out != nullptr;
}

}  // namespace

Result<Library> load_library(const std::vector<std::string>& names) {
  void* handle = nullptr;
  for (const auto& name : names) {
    handle = ::dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle != nullptr) break;
  }
  if (handle == nullptr) {
    return fail(ErrorCode::unavailable,
                "libcurl is not installed (Debian: apt-get install libcurl4), so nothing can be "
                "asked over HTTPS");
  }
  Library library;
  decltype(&::curl_global_init) global_init = nullptr;
  const bool complete = find(handle, "curl_global_init", global_init) &&
                        find(handle, "curl_easy_init", library.easy_init) &&
                        find(handle, "curl_easy_reset", library.easy_reset) &&
                        find(handle, "curl_easy_perform", library.easy_perform) &&
                        find(handle, "curl_easy_cleanup", library.easy_cleanup) &&
                        find(handle, "curl_easy_strerror", library.easy_strerror) &&
                        find(handle, "curl_easy_setopt", library.easy_setopt) &&
                        find(handle, "curl_easy_getinfo", library.easy_getinfo) &&
                        find(handle, "curl_slist_append", library.slist_append) &&
                        find(handle, "curl_slist_free_all", library.slist_free_all);
  if (!complete) return fail(ErrorCode::unavailable, "the installed libcurl lacks functions");
  // Not thread-safe before 7.84, and counted: once per process is right.
  static std::once_flag initialised;
  static CURLcode code = CURLE_FAILED_INIT;
  std::call_once(initialised, [&] { code = global_init(CURL_GLOBAL_ALL); });
  if (code != CURLE_OK) return fail(ErrorCode::unavailable, "libcurl could not be initialised");
  return library;
}

}  // namespace sb::http_client
