#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sb/core/result.h"

// Parsers of git's NUL-separated output: pure functions over bytes, safe on any input.
// Paths are bytes as git gave them. Errors: internal, naming the offset of the first bad record.

namespace sb::git_cli {

/// `git status --porcelain=v2 -z --branch`.
struct Status {
  std::optional<std::string> oid;       ///< empty: no commit yet
  std::optional<std::string> branch;    ///< empty: detached
  std::optional<std::string> upstream;  ///< short, for instance "origin/main"
  std::optional<std::int64_t> ahead;    ///< of the upstream; empty without one, or when it is gone
  std::optional<std::int64_t> behind;
  std::size_t changed = 0;                 ///< tracked files that differ from HEAD in any way
  std::size_t staged = 0;                  ///< of them, with a difference in the index
  std::size_t unmerged = 0;                ///< of them, in conflict
  std::vector<std::string> changed_names;  ///< the first of them, at most kChangedNamesMax
  std::vector<std::string> untracked;      ///< a nested repository or folded directory ends in '/'
  std::vector<std::string> ignored;        ///< likewise

  static constexpr std::size_t kChangedNamesMax = 5;
};
Result<Status> parse_status_v2(std::string_view bytes);

/// One file of `git diff-index --numstat -z`, with or without rename detection.
struct NumstatLine {
  std::optional<std::int64_t> added;  ///< lines; empty: binary
  std::optional<std::int64_t> deleted;
  std::string path;
  std::optional<std::string> old_path;  ///< of a rename or copy
};
Result<std::vector<NumstatLine>> parse_numstat(std::string_view bytes);

/// A list of paths, each ended by NUL (`ls-files -z`, `check-ignore -z`).
Result<std::vector<std::string>> parse_paths(std::string_view bytes);

}  // namespace sb::git_cli
