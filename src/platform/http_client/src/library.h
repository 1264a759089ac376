#pragma once

#include <string>
#include <vector>

#include <curl/curl.h>

#include "sb/core/result.h"

namespace sb::http_client {

/// The functions of libcurl we call, found at run time. Never unloaded: libraries below it keep
/// threads' state.
struct Library {
  decltype(&::curl_easy_init) easy_init = nullptr;
  decltype(&::curl_easy_reset) easy_reset = nullptr;
  decltype(&::curl_easy_perform) easy_perform = nullptr;
  decltype(&::curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&::curl_easy_strerror) easy_strerror = nullptr;
  CURLcode (*easy_setopt)(CURL*, CURLoption, ...) = nullptr;
  CURLcode (*easy_getinfo)(CURL*, CURLINFO, ...) = nullptr;
  decltype(&::curl_slist_append) slist_append = nullptr;
  decltype(&::curl_slist_free_all) slist_free_all = nullptr;
};

/// Loads the first of `names` that is there. Errors: unavailable, with a sentence for the user.
Result<Library> load_library(const std::vector<std::string>& names);

}  // namespace sb::http_client
