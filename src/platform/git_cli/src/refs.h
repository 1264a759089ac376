#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sb::git_cli {

[[nodiscard]] bool is_oid(std::string_view text);

/// True for a name that may be joined to a git directory: below "refs/", without "..", empty or
/// hidden parts.
[[nodiscard]] bool is_safe_ref(std::string_view name);

/// Reads refs of one repository from its files; loads packed-refs once, when first needed.
/// Thread: confined to its user; short-lived, so that a packed-refs read earlier is never served
/// later.
class RefReader {
 public:
  /// Both canonical. Refs private to a worktree live in `git_dir`, all others in `common_dir`.
  RefReader(std::string git_dir, std::string common_dir);

  /// The oid a ref leads to, through symbolic refs. Nothing when it does not exist.
  [[nodiscard]] std::optional<std::string> resolve(std::string_view ref);
  /// Where a symbolic ref points ("refs/remotes/origin/HEAD" -> "refs/remotes/origin/main").
  [[nodiscard]] std::optional<std::string> symbolic_target(std::string_view ref);
  /// True where refs are kept in a reftable, which only git can read.
  [[nodiscard]] bool needs_git() const;
  void set_git_dir(std::string git_dir) { git_dir_ = std::move(git_dir); }

 private:
  std::optional<std::string> read_loose(std::string_view ref) const;
  std::optional<std::string> find_packed(std::string_view ref);

  std::string git_dir_;
  std::string common_dir_;
  std::optional<std::string> packed_;
};

}  // namespace sb::git_cli
