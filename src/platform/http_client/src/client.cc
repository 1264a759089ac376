#include "sb/http_client/client.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <mutex>

#include "library.h"

namespace sb::http_client {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

/// One transfer, as its callbacks see it.
struct Transfer {
  Response response;
  std::size_t body_bytes_max = 0;
  std::size_t header_bytes = 0;
  bool too_large = false;
  const std::atomic<bool>* cancelled = nullptr;
};

std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  const std::size_t length = size * count;
  if (length > transfer.body_bytes_max - transfer.response.body.size()) {
    transfer.too_large = true;
    return 0;
  }
  transfer.response.body.append(bytes, length);
  return length;
}

std::size_t take_header(char* bytes, std::size_t size, std::size_t count, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  const std::size_t length = size * count;
  transfer.header_bytes += length;
  if (transfer.header_bytes > Client::kHeaderBytesMax) {
    transfer.too_large = true;
    return 0;
  }
  const std::string_view line(bytes, length);
  // An interim answer (100) comes with headers of its own.
  if (line.starts_with("HTTP/")) transfer.response.headers.clear();
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return length;
  std::string name(trimmed(line.substr(0, colon)));
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  transfer.response.headers.emplace_back(std::move(name), trimmed(line.substr(colon + 1)));
  return length;
}

int check_cancelled(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer*>(context)->cancelled->load() ? 1 : 0;
}

ErrorCode to_code(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return ErrorCode::timeout;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return ErrorCode::invalid_argument;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_UNKNOWN_OPTION:
      return ErrorCode::internal;
    default:
      return ErrorCode::unavailable;
  }
}

}  // namespace

std::optional<std::string_view> Response::header(std::string_view name) const {
  const auto found = std::find_if(headers.rbegin(), headers.rend(),
                                  [&](const auto& header) { return header.first == name; });
  if (found == headers.rend()) return std::nullopt;
  return found->second;
}

struct Client::Impl {
  /// The library, loaded on first use; a failed try is repeated, because it may be installed later.
  Result<const Library*> get() {
    const std::lock_guard lock(mutex);
    if (!library) {
      SB_TRY(library, load_library(names));
    }
    return &*library;
  }
  CURL* take(const Library& curl) {
    const std::lock_guard lock(mutex);
    if (kept.empty()) return curl.easy_init();
    CURL* handle = kept.back();
    kept.pop_back();
    return handle;
  }
  void give_back(const Library& curl, CURL* handle) {
    const std::lock_guard lock(mutex);
    if (kept.size() < kKeptMax) {
      curl.easy_reset(handle);  // keeps its connections
      kept.push_back(handle);
    } else {
      curl.easy_cleanup(handle);
    }
  }
  Result<Response> perform(const Library& curl, CURL* handle, const Request& request);

  std::vector<std::string> names;
  std::mutex mutex;
  std::optional<Library> library;  // guarded by mutex
  std::vector<CURL*> kept;         // guarded by mutex
  std::atomic<bool> cancelled{false};
};

Result<Response> Client::Impl::perform(const Library& curl, CURL* handle, const Request& request) {
  Transfer transfer;
  transfer.body_bytes_max = request.body_bytes_max;
  transfer.cancelled = &cancelled;
  std::array<char, CURL_ERROR_SIZE> reason{};
  curl_slist* headers = nullptr;
  for (const auto& [name, value] : request.headers) {
    const std::string line = std::string(name).append(": ").append(value);
    headers = curl.slist_append(headers, line.c_str());
  }
  const auto set = [&](CURLoption option, auto value) { curl.easy_setopt(handle, option, value); };
  set(CURLOPT_ERRORBUFFER, reason.data());
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_NOSIGNAL, 1L);  // no SIGALRM for time-outs: we have threads
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout.count()));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_ACCEPT_ENCODING, "");  // whatever the library can unpack
  set(CURLOPT_HTTPHEADER, headers);
  set(CURLOPT_WRITEFUNCTION, take_body);
  set(CURLOPT_WRITEDATA, &transfer);
  set(CURLOPT_HEADERFUNCTION, take_header);
  set(CURLOPT_HEADERDATA, &transfer);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, check_cancelled);
  set(CURLOPT_XFERINFODATA, &transfer);
  if (request.method == "POST") {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(CURLOPT_POSTFIELDS, request.body.data());
  }
  const CURLcode code = curl.easy_perform(handle);
  long status = 0;
  curl.easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  curl.slist_free_all(headers);
  if (transfer.too_large) {
    return fail(ErrorCode::limit_exceeded, "the answer is larger than allowed");
  }
  if (code == CURLE_ABORTED_BY_CALLBACK) {
    return fail(ErrorCode::unavailable, "the request was given up");
  }
  if (code != CURLE_OK) {
    return fail(to_code(code), reason[0] != '\0' ? reason.data() : curl.easy_strerror(code));
  }
  transfer.response.status = static_cast<int>(status);
  return std::move(transfer.response);
}

Client::Client(std::vector<std::string> libraries) : impl_(std::make_unique<Impl>()) {
  impl_->names = std::move(libraries);
}

Client::~Client() {
  for (CURL* handle : impl_->kept) impl_->library->easy_cleanup(handle);
}

Result<Response> Client::send(const Request& request) {
  if (impl_->cancelled) return fail(ErrorCode::unavailable, "the request was given up");
  SB_TRY(const Library* curl, impl_->get());
  CURL* handle = impl_->take(*curl);
  if (handle == nullptr) return fail(ErrorCode::internal, "no memory for a request");
  auto answer = impl_->perform(*curl, handle, request);
  impl_->give_back(*curl, handle);
  return answer;
}

void Client::cancel_all() {
  impl_->cancelled = true;
}

}  // namespace sb::http_client
