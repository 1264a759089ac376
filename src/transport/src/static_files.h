#pragma once

#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sb/transport/server.h"

#include "http_message.h"
#include "url.h"

namespace sb::transport {

/// The web app's files by path, with the headers a page needs. Thread: immutable.
class StaticFiles {
 public:
  explicit StaticFiles(const std::vector<StaticFile>& files);

  [[nodiscard]] bool has(std::string_view path) const;
  /// The answer to a GET; a path unknown to us is the app's own business when the browser wants a
  /// page. Nothing: 404.
  [[nodiscard]] std::optional<HttpResponse> get(const HttpRequest& request,
                                                const Target& target) const;

 private:
  [[nodiscard]] const StaticFile* find(std::string_view path) const;
  std::unordered_map<std::string_view, const StaticFile*> files_;
};

/// True when an If-None-Match value names `etag` (quoted, with or without W/), compared weakly.
[[nodiscard]] bool etag_matches(std::string_view if_none_match, std::string_view etag);

}  // namespace sb::transport
