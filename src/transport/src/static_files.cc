#include "static_files.h"

namespace sb::transport {
namespace {

constexpr std::string_view kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src "
    "'self'; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action "
    "'none'; "
    "frame-ancestors 'none'";

bool wants_page(const HttpRequest& request) {
  const auto accept = request.header("accept");
  return accept && ascii_lower(*accept).find("text/html") != std::string::npos;
}

std::string_view opaque_tag(std::string_view etag) {
  if (etag.substr(0, 2) == "W/") etag.remove_prefix(2);
  return etag;
}

}  // namespace

StaticFiles::StaticFiles(const std::vector<StaticFile>& files) {
  for (const StaticFile& file : files) files_.emplace(file.path, &file);
}

const StaticFile* StaticFiles::find(std::string_view path) const {
  const auto found = files_.find(path == "/" ? std::string_view("/index.html") : path);
  return found == files_.end() ? nullptr : found->second;
}

bool StaticFiles::has(std::string_view path) const {
  return find(path) != nullptr;
}

std::optional<HttpResponse> StaticFiles::get(const HttpRequest& request,
                                             const Target& target) const {
  const StaticFile* file = find(target.path);
  if (file == nullptr && wants_page(request)) file = find("/");
  if (file == nullptr) return std::nullopt;
  HttpResponse response;
  const std::string etag = "\"" + std::string(file->etag) + "\"";
  const auto condition = request.header("if-none-match");
  if (condition && etag_matches(*condition, etag)) {
    response.status = 304;
  } else {
    response.content_type = file->content_type;
    response.static_body = file->bytes;
  }
  response.add("ETag", etag);
  response.add("Cache-Control",
               file->immutable ? "public, max-age=31536000, immutable" : "no-cache");
  response.add("Content-Security-Policy", std::string(kContentSecurityPolicy));
  response.add("Referrer-Policy", "no-referrer");
  response.add("Cross-Origin-Resource-Policy", "same-origin");
  response.add("Cross-Origin-Opener-Policy", "same-origin");
  return response;
}

bool etag_matches(std::string_view if_none_match, std::string_view etag) {
  while (!if_none_match.empty()) {
    const auto comma = if_none_match.find(',');
    const std::string_view candidate = trim(if_none_match.substr(0, comma));
    if (candidate == "*" || opaque_tag(candidate) == opaque_tag(etag)) return true;
    if (comma == std::string_view::npos) return false;
    if_none_match.remove_prefix(comma + 1);
  }
  return false;
}

}  // namespace sb::transport
