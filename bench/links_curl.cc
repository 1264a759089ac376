// Loads libcurl and does nothing: what an agent would wait for if `snapboard hook` linked it. The
// yardstick of bench/hook.mjs, since the time of a short process is the kernel's and the loader's.
#include <curl/curl.h>

int main() {
  return curl_version() == nullptr ? 1 : 0;
}
