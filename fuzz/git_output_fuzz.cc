// git's NUL-separated output holds file names, and file names are anything: each parser answers
// with an error that names the place, or with paths that stand in the input byte for byte.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sb/core/check.h"
#include "sb/git_cli/output.h"

namespace {

void stands_in(std::string_view bytes, std::string_view path) {
  SB_CHECK(bytes.find(path) != std::string_view::npos, "a path is taken as it came");
  SB_CHECK(path.find('\0') == std::string_view::npos, "a path ends at its NUL");
}

template <class T>
bool answered(const sb::Result<T>& result) {
  if (result) return true;
  SB_CHECK(!result.error().message.empty(), "a refusal has a reason");
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(data, data + size);
  if (const auto status = sb::git_cli::parse_status_v2(bytes); answered(status)) {
    SB_CHECK(status->staged <= status->changed, "staged files are changed files");
    SB_CHECK(status->unmerged <= status->changed, "files in conflict are changed files");
    for (const std::string& path : status->untracked) stands_in(bytes, path);
    for (const std::string& path : status->ignored) stands_in(bytes, path);
  }
  if (const auto lines = sb::git_cli::parse_numstat(bytes); answered(lines)) {
    for (const auto& line : *lines) {
      SB_CHECK(line.added.has_value() == line.deleted.has_value(), "binary is binary both ways");
      SB_CHECK(line.added.value_or(0) >= 0 && line.deleted.value_or(0) >= 0, "counts are counts");
      stands_in(bytes, line.path);
    }
  }
  if (const auto paths = sb::git_cli::parse_paths(bytes); answered(paths)) {
    for (const std::string& path : *paths) stands_in(bytes, path);
  }
  return 0;
}
