#include "head.h"

#include <unistd.h>

#include <array>

#include <fmt/format.h>

#include "sb/core/utf8.h"
#include "sb/git_cli/repository.h"

#include "files.h"

namespace sb::git_cli {
namespace {

constexpr std::string_view kBranchPrefix = "refs/heads/";
constexpr std::string_view kInvalidBranch =
    "refs/heads/.invalid";  // what a reftable leaves in HEAD
constexpr std::size_t kLinkBytesMax = 4096;

/// HEAD as text; very old repositories keep it as a symbolic link.
Result<std::string> head_text(const std::string& git_dir) {
  const std::string path = git_dir + "/HEAD";
  std::array<char, kLinkBytesMax> link{};
  const ssize_t length = ::readlink(path.c_str(), link.data(), link.size());
  if (length > 0) {
    const std::string_view target(link.data(), static_cast<std::size_t>(length));
    if (target.starts_with("refs/")) return fmt::format("ref: {}", target);
  }
  return read_file(path);
}

std::string short_name(std::string_view ref) {
  if (ref.starts_with(kBranchPrefix)) ref.remove_prefix(kBranchPrefix.size());
  return to_valid_utf8(ref);
}

}  // namespace

Result<Head> read_head(const std::string& git_dir, RefReader& refs) {
  SB_TRY(const auto text, head_text(git_dir));
  std::string_view value = without_line_end(text);
  Head head;
  head.needs_git = refs.needs_git();
  constexpr std::string_view kSymbolic = "ref:";
  if (value.starts_with(kSymbolic)) {
    value.remove_prefix(kSymbolic.size());
    while (value.starts_with(' ')) value.remove_prefix(1);
    if (value == kInvalidBranch) {
      head.needs_git = true;
      return head;
    }
    if (!is_safe_ref(value)) {
      return fail(ErrorCode::unavailable, fmt::format("{}/HEAD names no ref", git_dir));
    }
    head.branch = short_name(value);
    if (!head.needs_git) head.oid = refs.resolve(value);
    return head;
  }
  if (!is_oid(value)) {
    return fail(ErrorCode::unavailable,
                fmt::format("{}/HEAD holds neither a ref nor a commit", git_dir));
  }
  head.oid = std::string(value);
  return head;
}

Result<Head> read_head(const std::string& git_dir, const std::string& common_dir) {
  RefReader refs(git_dir, common_dir);
  return read_head(git_dir, refs);
}

std::optional<std::string> operation_in_progress(const std::string& git_dir) {
  const auto has = [&git_dir](const char* name) { return exists(git_dir + "/" + name); };
  // `rebase-apply/applying` is `git am`, which is none of the operations we name.
  if (has("rebase-merge") || (has("rebase-apply") && !has("rebase-apply/applying"))) {
    return "rebase";
  }
  if (has("MERGE_HEAD")) return "merge";
  if (has("CHERRY_PICK_HEAD")) return "cherry-pick";
  if (has("REVERT_HEAD")) return "revert";
  // Between two picks of a series only the sequencer's list is there.
  if (const auto todo = read_file(git_dir + "/sequencer/todo", kConfigBytesMax)) {
    if (todo->starts_with("pick")) return "cherry-pick";
    if (todo->starts_with("revert")) return "revert";
  }
  if (has("BISECT_LOG")) return "bisect";
  return std::nullopt;
}

}  // namespace sb::git_cli
