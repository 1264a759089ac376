#include "sb/git_cli/worktree_reader.h"

#include <functional>
#include <map>
#include <sstream>
#include <string_view>
#include <utility>

#include "sb/git_cli/output.h"
#include "sb/git_cli/repository.h"

#include "base.h"
#include "files.h"
#include "git_command.h"
#include "line_count.h"

namespace sb::git_cli {
namespace {

constexpr std::string_view kHere = "./";
constexpr std::string_view kEmptyTreeSha1 = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
constexpr std::string_view kEmptyTreeSha256 =
    "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321";

/// True for the folder (ending in '/') of a linked worktree, of whatever repository: its `.git`
/// leads to a private git directory.
bool is_linked_worktree(const std::string& folder) {
  const auto git_dir = read_gitdir_file(folder + ".git");
  return git_dir && exists(*git_dir + "/commondir");
}

/// One reading of one worktree: the steps share what they learn, and the first problem ends them.
class ReadRun {
 public:
  ReadRun(ProcessRunner& runner, std::chrono::milliseconds timeout, const WorktreePlace& place,
          const RefState& refs, const ReadOptions& options)
      : runner_(runner), timeout_(timeout), place_(place), refs_(refs), options_(options) {}

  Reading run() {
    reading_.operation = operation_in_progress(place_.git_dir);
    reading_.problem = look_for_worktree(place_.path);
    if (!reading_.problem) ask_ignored();
    if (!reading_.problem) read_status();
    if (!reading_.problem) read_diff();
    if (!reading_.problem) finish();
    return std::move(reading_);
  }

 private:
  Result<ProcessOutput> git(std::vector<std::string> arguments, std::string input = {}) {
    auto spec = git_command(place_.path, std::move(arguments), timeout_);
    spec.stdin_bytes = std::move(input);
    return runner_.run(spec);
  }

  void fail_with(const Error& error) {
    reading_.problem = look_for_worktree(place_.path);  // it may have gone while we looked
    if (!reading_.problem) reading_.problem = explain_failure(error);
  }

  void ask_ignored() {
    if (options_.ask_ignored.empty()) return;
    std::string input;
    // With "./" in front, a name that begins with ':' is no pathspec magic.
    for (const auto& path : options_.ask_ignored) input.append(kHere).append(path) += '\0';
    const auto output = git({"check-ignore", "-z", "--stdin"}, std::move(input));
    if (!output) return fail_with(output.error());
    constexpr int kNoneIgnored = 1;
    if (output->exit_code != 0 && output->exit_code != kNoneIgnored) {
      return;  // for instance a path below a link: nothing is known of it, which harms nothing
    }
    const auto paths = parse_paths(output->out);
    if (!paths) return fail_with(paths.error());
    for (const auto& path : *paths) {
      if (path.starts_with(kHere)) reading_.ignored_of_asked.push_back(path.substr(kHere.size()));
    }
  }

  /// `--untracked-files=all`, or folded directories where there are too many files for our limit.
  void read_status() {
    auto output = status("all");
    if (!output && output.error().code == ErrorCode::limit_exceeded) output = status("normal");
    if (!output) return fail_with(output.error());
    if (output->exit_code != 0) {
      reading_.problem = explain_failure(place_.path, *output);
      return;
    }
    auto parsed = parse_status_v2(output->out);
    if (!parsed) return fail_with(parsed.error());
    status_ = std::move(*parsed);
    reading_.ahead = status_.ahead;
    reading_.behind = status_.behind;
    reading_.upstream = status_.upstream;
    if (options_.list_ignored) reading_.ignored = std::move(status_.ignored);
    // A worktree inside another one is its own business, not a change of the outer one.
    std::erase_if(status_.untracked, [this](const std::string& path) {
      return path.ends_with('/') && is_linked_worktree(place_.path + "/" + path);
    });
  }

  Result<ProcessOutput> status(std::string_view untracked) {
    std::vector<std::string> arguments{"status",
                                       "--porcelain=v2",
                                       "-z",
                                       "--branch",
                                       "--no-renames",
                                       "--ahead-behind",
                                       "--untracked-files=" + std::string(untracked)};
    if (options_.list_ignored && untracked == "all") arguments.emplace_back("--ignored=matching");
    return git(std::move(arguments));
  }

  /// The working tree against the merge base with the base; without one against HEAD; without a
  /// commit everything in the index is new.
  void read_diff() {
    if (!status_.oid) {
      if (!try_diff({std::string(kEmptyTreeSha1)}) && !reading_.problem) {
        require_diff({std::string(kEmptyTreeSha256)});
      }
      return;
    }
    const auto base = refs_.known ? refs_.base_oid : ask_for_base();
    if (reading_.problem) return;
    const bool at_base = base == status_.oid;
    if (at_base && status_.changed == 0) return;  // nothing can differ
    if (base && !at_base) {
      if (try_diff({"--merge-base", *base}) || reading_.problem) return;
      // Several merge bases make git refuse: take the first, as `git merge-base` does.
      const auto bases = git({"merge-base", *base, "HEAD"});
      if (!bases) return fail_with(bases.error());
      const auto oid = std::string_view(bases->out).substr(0, bases->out.find('\n'));
      if (bases->exit_code == 0 && !oid.empty()) return require_diff({std::string(oid)});
    }
    require_diff({"HEAD"});  // unrelated histories, or nothing to compare with
  }

  /// The oid of the base where refs are not files.
  std::optional<std::string> ask_for_base() {
    std::vector<std::string> arguments{"for-each-ref", "--format=%(refname) %(objectname)"};
    for (auto& candidate : base_candidates(place_, std::string(kOriginHead))) {
      arguments.push_back(std::move(candidate));
    }
    const auto output = git(std::move(arguments));
    if (!output) {
      fail_with(output.error());
      return std::nullopt;
    }
    std::map<std::string, std::string, std::less<>> oids;
    std::istringstream lines(output->out);
    std::string line;
    while (std::getline(lines, line)) {
      std::istringstream words(line);
      std::string name;
      std::string oid;
      words >> name >> oid;
      oids[name] = oid;  // of a symbolic ref: its target's
    }
    for (const auto& candidate : base_candidates(place_, std::string(kOriginHead))) {
      if (const auto found = oids.find(candidate); found != oids.end()) return found->second;
    }
    return std::nullopt;
  }

  /// False when git refused, which the caller may get round.
  bool try_diff(std::vector<std::string> against) {
    const auto output = diff(std::move(against));
    if (!output) {
      fail_with(output.error());
      return false;
    }
    if (output->exit_code != 0) {
      refusal_ = *output;
      return false;
    }
    take_diff(output->out);
    return !reading_.problem;
  }

  void require_diff(std::vector<std::string> against) {
    if (!try_diff(std::move(against)) && !reading_.problem) {
      reading_.problem = explain_failure(place_.path, refusal_);
    }
  }

  Result<ProcessOutput> diff(std::vector<std::string> against) {
    std::vector<std::string> arguments{"diff-index",
                                       "--numstat",
                                       "-z",
                                       "-M",
                                       "-l1000",
                                       "--no-ext-diff",
                                       "--no-textconv",
                                       "--diff-algorithm=default"};
    for (auto& argument : against) arguments.push_back(std::move(argument));
    arguments.emplace_back("--");
    return git(std::move(arguments));
  }

  void take_diff(std::string_view bytes) {
    const auto lines = parse_numstat(bytes);
    if (!lines) return fail_with(lines.error());
    for (const auto& line : *lines) {
      ++stats_.total;
      stats_.additions += line.added.value_or(0);
      stats_.deletions += line.deleted.value_or(0);
    }
  }

  void finish() {
    const auto untracked = count_untracked(place_.path, status_.untracked);
    stats_.untracked_files = untracked.files;
    stats_.untracked_additions = untracked.lines;
    stats_.has_uncommitted = status_.changed > 0 || !status_.untracked.empty();
    reading_.stats = stats_;
  }

  ProcessRunner& runner_;
  std::chrono::milliseconds timeout_;
  const WorktreePlace& place_;
  const RefState& refs_;
  const ReadOptions& options_;
  Status status_;
  Stats stats_;
  ProcessOutput refusal_;
  Reading reading_;
};

}  // namespace

Reading WorktreeReader::read(const WorktreePlace& place, const RefState& refs,
                             const ReadOptions& options) const {
  return ReadRun(runner_, timeout_, place, refs, options).run();
}

}  // namespace sb::git_cli
