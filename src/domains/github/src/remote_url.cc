#include "remote_url.h"

#include <algorithm>
#include <cctype>

namespace sb::github {
namespace {

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

bool is_host(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-';
  });
}

bool is_name(std::string_view text) {
  return !text.empty() && text != "." && text != ".." &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' ||
                  c == '_';
         });
}

/// Splits "scheme://[user@]host[:port]/path" or "[user@]host:path" into host and path.
bool split(std::string_view url, std::string_view& host, std::string_view& path) {
  const auto scheme_end = url.find("://");
  if (scheme_end != std::string_view::npos) {
    const std::string_view scheme = url.substr(0, scheme_end);
    if (scheme != "https" && scheme != "http" && scheme != "ssh" && scheme != "git" &&
        scheme != "git+ssh") {
      return false;
    }
    std::string_view rest = url.substr(scheme_end + 3);
    const auto slash = rest.find('/');
    if (slash == std::string_view::npos) return false;
    path = rest.substr(slash + 1);
    host = rest.substr(0, slash);
    if (const auto at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
    host = host.substr(0, host.find(':'));
    return true;
  }
  const auto colon = url.find(':');
  if (colon == std::string_view::npos || url.substr(0, colon).find('/') != std::string_view::npos) {
    return false;
  }
  host = url.substr(0, colon);
  path = url.substr(colon + 1);
  if (const auto at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
  return true;
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

bool same_repository(const Repository& a, const Repository& b) {
  return a.host == b.host && same_name(a.owner, b.owner) && same_name(a.name, b.name);
}

std::optional<Repository> parse_remote_url(std::string_view url) {
  std::string_view host;
  std::string_view path;
  if (!split(url, host, path)) return std::nullopt;
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.ends_with(".git")) path.remove_suffix(4);
  const auto slash = path.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  Repository repository;
  repository.host = host;
  std::transform(repository.host.begin(), repository.host.end(), repository.host.begin(), lower);
  // GitHub's own other door for networks that let nothing but 443 through.
  if (repository.host == "ssh.github.com" || repository.host == "www.github.com") {
    repository.host = "github.com";
  }
  repository.owner = path.substr(0, slash);
  repository.name = path.substr(slash + 1);
  if (!is_host(repository.host) || !is_name(repository.owner) || !is_name(repository.name)) {
    return std::nullopt;
  }
  return repository;
}

}  // namespace sb::github
