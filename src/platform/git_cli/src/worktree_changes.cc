#include "sb/git_cli/worktree_changes.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "sb/core/utf8.h"
#include "sb/git_cli/output.h"
#include "sb/git_cli/repository.h"

#include "base.h"
#include "files.h"
#include "git_command.h"

namespace sb::git_cli {
namespace {

constexpr std::string_view kHoldsSubmodules = "it holds submodules, whose own commits go with it";
constexpr int kNotThere = 1;  // exit code of `--verify --quiet`

/// A command that changes something: as git_command, but free to fetch and to lock.
ProcessSpec change_command(const std::string& place, std::vector<std::string> arguments) {
  ProcessSpec spec;
  ProcessSpec clean = git_command(place, {}, spec.timeout);
  spec.cwd = place;
  spec.argv = {"git"};
  spec.argv.insert(spec.argv.end(), std::make_move_iterator(arguments.begin()),
                   std::make_move_iterator(arguments.end()));
  spec.set_env = {{"GIT_TERMINAL_PROMPT", "0"}, {"LC_ALL", "C"}};
  spec.unset_env = std::move(clean.unset_env);
  return spec;
}

tl::unexpected<Error> git_failed(const ProcessOutput& output) {
  return fail(ErrorCode::unavailable, fmt::format("git failed with exit code {}: {}",
                                                  output.exit_code, failure_reason(output.err)));
}

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string named(std::size_t count, const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? " (" : ", ") + to_valid_utf8(name);
  if (names.empty()) return text;
  return text + (count > names.size() ? ", …)" : ")");
}

bool is_below(std::string_view branch, std::string_view folder) {
  return branch.size() > folder.size() && branch.starts_with(folder) &&
         branch[folder.size()] == '/';
}

}  // namespace

std::optional<std::string> only_by_force(const std::string& git_dir) {
  if (exists(git_dir + "/locked") && !is_being_made(git_dir)) {
    const auto why = read_file(git_dir + "/locked");
    const auto reason = why ? without_line_end(*why) : std::string_view();
    if (reason.empty()) return "it is locked";
    return fmt::format("it is locked ({})", to_valid_utf8(reason));
  }
  // git looks into the index too, for those that keep their repository in the worktree.
  if (is_directory(git_dir + "/modules")) return std::string(kHoldsSubmodules);
  return std::nullopt;
}

bool force_helps(std::string_view failure_reason) {
  return failure_reason.find("locked working tree") != std::string_view::npos ||
         failure_reason.find("containing submodules") != std::string_view::npos;
}

bool branches_collide(std::string_view one, std::string_view other) {
  return one == other || is_below(one, other) || is_below(other, one);
}

std::string AtRisk::text() const {
  std::vector<std::string> parts;
  if (changed != 0) {
    parts.push_back(counted(changed, "changed file", "changed files") +
                    named(changed, changed_names));
  }
  if (untracked != 0) {
    parts.push_back(counted(untracked, "untracked file", "untracked files") +
                    named(untracked, untracked_names));
  }
  if (commits != 0) {
    parts.push_back(counted(commits, "commit that is", "commits that are") +
                    " on no other branch, tag or remote");
  }
  if (operation) parts.push_back("a " + *operation + " under way");
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == parts.size() ? " and " : ", ") + parts[i];
  }
  return text;
}

Result<ProcessOutput> RepositoryQuestions::ask(const std::string& place,
                                               std::vector<std::string> arguments) const {
  return runner_.run(git_command(place, std::move(arguments), timeout_));
}

Result<std::string> RepositoryQuestions::commit_of(const std::string& place,
                                                   const std::string& revision) const {
  SB_TRY(const auto output, ask(place, {"rev-parse", "--verify", "--quiet", "--end-of-options",
                                        revision + "^{commit}"}));
  const auto oid = without_line_end(output.out);
  if (output.exit_code != 0 || oid.empty()) {
    return fail(ErrorCode::not_found,
                fmt::format("\"{}\" names no commit here", to_valid_utf8(revision)));
  }
  return std::string(oid);
}

Result<std::string> RepositoryQuestions::default_start(
    const std::string& place, const std::optional<std::string>& default_branch) const {
  WorktreePlace of;
  of.default_branch = default_branch;
  auto candidates = base_candidates(of, std::string(kOriginHead));
  candidates.emplace_back("HEAD");
  for (const auto& candidate : candidates) {
    auto commit = commit_of(place, candidate);
    if (commit || commit.error().code != ErrorCode::not_found) return commit;
  }
  return fail(ErrorCode::not_found, "the repository has no commit yet");
}

Result<bool> RepositoryQuestions::has_branch(const std::string& place,
                                             const std::string& branch) const {
  SB_TRY(const auto output,
         ask(place, {"show-ref", "--verify", "--quiet", "--", "refs/heads/" + branch}));
  if (output.exit_code != 0 && output.exit_code != kNotThere) return git_failed(output);
  return output.exit_code == 0;
}

Result<std::optional<std::string>> RepositoryQuestions::branch_in_the_way(
    const std::string& place, const std::string& branch) const {
  using Branch = std::optional<std::string>;
  for (auto slash = branch.find('/'); slash != std::string::npos;
       slash = branch.find('/', slash + 1)) {
    const std::string folder = branch.substr(0, slash);
    SB_TRY(const bool there, has_branch(place, folder));
    if (there) return Branch(folder);
  }
  // The pattern stands for the branch itself and for all below it.
  SB_TRY(const auto output, ask(place, {"for-each-ref", "--count=1", "--format=%(refname:lstrip=2)",
                                        "refs/heads/" + branch}));
  if (output.exit_code != 0) return git_failed(output);
  const auto found = without_line_end(output.out);
  return found.empty() ? Branch() : Branch(found);
}

Result<AtRisk> RepositoryQuestions::at_risk(const std::string& worktree,
                                            const std::string& git_dir) const {
  SB_TRY(const auto output, ask(worktree, {"status", "--porcelain=v2", "-z", "--branch",
                                           "--no-renames", "--untracked-files=normal"}));
  if (output.exit_code != 0) return git_failed(output);
  SB_TRY(auto status, parse_status_v2(output.out));
  AtRisk risk;
  risk.branch = std::move(status.branch);
  risk.changed = status.changed;
  risk.changed_names = std::move(status.changed_names);
  risk.untracked = status.untracked.size();
  risk.untracked_names = std::move(status.untracked);
  for (auto* names : {&risk.changed_names, &risk.untracked_names}) {
    names->resize(std::min(names->size(), kNamedMax));
  }
  risk.operation = operation_in_progress(git_dir);
  if (!status.oid) return risk;
  std::vector<std::string> arguments{"rev-list", "--count", "HEAD", "--not"};
  if (risk.branch) arguments.push_back("--exclude=" + *risk.branch);
  for (const char* refs : {"--branches", "--tags", "--remotes"}) arguments.emplace_back(refs);
  SB_TRY(const auto counted_output, ask(worktree, std::move(arguments)));
  if (counted_output.exit_code != 0) return git_failed(counted_output);
  const auto text = without_line_end(counted_output.out);
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), risk.commits);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
    return fail(ErrorCode::internal, "git did not count commits");
  }
  return risk;
}

ProcessSpec add_worktree(const std::string& place, const NewWorktree& worktree) {
  std::vector<std::string> arguments{"worktree", "add"};
  if (worktree.branch_made) {
    arguments.insert(arguments.end(), {"--", worktree.path, worktree.branch});
  } else {
    arguments.insert(arguments.end(),
                     {"--no-track", "-b", worktree.branch, "--", worktree.path, worktree.commit});
  }
  return change_command(place, std::move(arguments));
}

ProcessSpec remove_worktree(const std::string& place, const std::string& path, bool force) {
  std::vector<std::string> arguments{"worktree", "remove"};
  if (force) arguments.insert(arguments.end(), {"--force", "--force"});  // twice: locked ones too
  arguments.insert(arguments.end(), {"--", path});
  return change_command(place, std::move(arguments));
}

ProcessSpec delete_branch(const std::string& place, const std::string& branch) {
  return change_command(place, {"branch", "-D", "--", branch});
}

bool is_half_made(const std::string& git_dir) {
  return is_being_made(git_dir) || !exists(git_dir + "/index");
}

}  // namespace sb::git_cli
