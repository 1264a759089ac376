#include "naming.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "sb/core/utf8.h"
#include "sb/workspace/workspace_service.h"

namespace sb::workspace {
namespace {

constexpr std::string_view kGitSuffix = ".git";
constexpr std::string_view kWhiteSpace = " \t\r\n\v\f";
constexpr const char* kNamePath = "$.name";  // in every request that has one

bool is_control(char byte) {
  return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f;
}

std::string_view parent(std::string_view path) {
  return path.substr(0, path.rfind('/'));
}

std::string_view last_part(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos || path.size() == 1 ? path : path.substr(slash + 1);
}

/// At most the given bytes, cut between characters.
std::string clipped(std::string text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  text.resize(end);
  return text;
}

std::string shown(std::string_view bytes) {
  return clipped(to_valid_utf8(bytes), WorkspaceService::kNameBytesMax);
}

/// Of a branch, what stands between slashes is the name of a file or folder of git.
bool all_parts_are_sound(std::string_view branch) {
  for (;;) {
    const auto slash = branch.find('/');
    const auto part = branch.substr(0, slash);
    if (part.empty() || part.starts_with('.') || part.ends_with(".lock")) return false;
    if (slash == std::string_view::npos) return true;
    branch.remove_prefix(slash + 1);
  }
}

}  // namespace

std::string folder_name(const std::string& path) {
  return shown(last_part(path));
}

std::string repository_name(const std::string& main_path) {
  std::string_view name = last_part(main_path);
  if (name.starts_with('.') && !last_part(parent(main_path)).empty())
    name = last_part(parent(main_path));
  if (name.size() > kGitSuffix.size() && name.ends_with(kGitSuffix))
    name.remove_suffix(kGitSuffix.size());
  return shown(name);
}

Result<std::string> tidy_name(std::string_view name) {
  const auto first = name.find_first_not_of(kWhiteSpace);
  if (first == std::string_view::npos) {
    return fail(ErrorCode::invalid_argument, "the name is empty", kNamePath);
  }
  name = name.substr(first, name.find_last_not_of(kWhiteSpace) + 1 - first);
  if (name.size() > WorkspaceService::kNameBytesMax) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("the name is longer than {} bytes", WorkspaceService::kNameBytesMax),
                kNamePath);
  }
  if (!is_valid_utf8(name) || std::any_of(name.begin(), name.end(), is_control)) {
    return fail(ErrorCode::invalid_argument, "the name holds control characters or is not UTF-8",
                kNamePath);
  }
  return std::string(name);
}

Result<void> check_branch(const std::string& branch) {
  const bool shaped = !branch.empty() && branch.size() <= WorkspaceService::kNameBytesMax &&
                      !branch.starts_with('-') && !branch.ends_with('.') && branch != "HEAD";
  const bool clean =
      is_valid_utf8(branch) && std::none_of(branch.begin(), branch.end(), is_control) &&
      branch.find_first_of(" ~^:?*[\\") == std::string::npos &&
      branch.find("..") == std::string::npos && branch.find("@{") == std::string::npos;
  if (shaped && clean && all_parts_are_sound(branch)) return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("\"{}\" is not a branch name", to_valid_utf8(branch)));
}

}  // namespace sb::workspace
