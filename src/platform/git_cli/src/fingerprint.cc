#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <string_view>
#include <utility>

#include "sb/core/hash.h"
#include "sb/git_cli/repository.h"
#include "sb/git_cli/worktree_reader.h"

#include "base.h"
#include "config.h"
#include "files.h"
#include "head.h"
#include "refs.h"

namespace sb::git_cli {
namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr std::size_t kPublishedMax = 16;  // remotes that have the branch

std::int64_t nanoseconds(const struct timespec& time) {
  return time.tv_sec * kNanosecondsPerSecond + time.tv_nsec;
}

Fingerprint::File look_at(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return {};
  if (S_ISDIR(info.st_mode)) return {info.st_ino, 0, 0};  // its content is not its state
  return {info.st_ino, info.st_size, nanoseconds(info.st_mtim)};
}

void find_base(const WorktreePlace& place, RefReader& refs, RefState& state) {
  for (auto& candidate : base_candidates(place, refs.symbolic_target(kOriginHead))) {
    if (auto oid = refs.resolve(candidate)) {
      state.base = std::move(candidate);
      state.base_oid = std::move(oid);
      return;
    }
  }
}

void find_published(const std::set<std::string, std::less<>>& remotes, RefReader& refs,
                    RefState& state) {
  if (!state.branch) return;
  for (const auto& remote : remotes) {
    if (state.published.size() == kPublishedMax) return;
    auto oid = refs.resolve("refs/remotes/" + remote + "/" + *state.branch);
    if (oid) state.published.emplace_back(remote, *std::move(oid));
  }
}

RefState read_refs(const WorktreePlace& place, const std::optional<std::string>& upstream,
                   const std::set<std::string, std::less<>>& remotes) {
  RefState state;
  RefReader refs(place.git_dir, place.common_dir);
  auto head = read_head(place.git_dir, refs);
  if (!head || head->needs_git) return state;
  state.known = true;
  state.branch = std::move(head->branch);
  state.head = std::move(head->oid);
  find_base(place, refs, state);
  if (upstream) {
    state.upstream_oid = refs.resolve("refs/remotes/" + *upstream);
    if (!state.upstream_oid) state.upstream_oid = refs.resolve("refs/heads/" + *upstream);
  }
  find_published(remotes, refs, state);
  return state;
}

/// The part of the config a worktree depends on: another branch getting an upstream, or a remote
/// another address, is none of its business.
std::uint64_t hash_config(const std::string& config, const std::optional<std::string>& branch) {
  std::uint64_t hash = kFnvOffset;
  const std::string own = "branch." + branch.value_or("") + ".";
  parse_config(config, [&](std::string_view name, std::string_view value) {
    if (name.starts_with("remote.")) return;
    if (name.starts_with("branch.") && !name.starts_with(own)) return;
    hash = fnv1a(value, fnv1a("=", fnv1a(name, fnv1a("\n", hash))));
  });
  return hash;
}

std::set<std::string, std::less<>> remotes_of(const std::string& config) {
  static constexpr std::string_view kRemote = "remote.";
  std::set<std::string, std::less<>> names;
  parse_config(config, [&](std::string_view name, std::string_view) {
    if (!name.starts_with(kRemote)) return;
    name.remove_prefix(kRemote.size());
    const auto end = name.rfind('.');  // a remote may have dots in its name
    if (end != std::string_view::npos && end != 0) names.emplace(name.substr(0, end));
  });
  return names;
}

}  // namespace

Fingerprint take_fingerprint(const WorktreePlace& place,
                             const std::optional<std::string>& upstream) {
  Fingerprint result;
  result.root = look_at(place.path);
  result.dot_git = look_at(place.path + "/.git");
  result.head = look_at(place.git_dir + "/HEAD");
  result.index = look_at(place.git_dir + "/index");
  result.reftable = look_at(place.common_dir + "/reftable/tables.list");
  const auto config =
      read_file(place.common_dir + "/config", kConfigBytesMax).value_or(std::string());
  result.refs = read_refs(place, upstream, remotes_of(config));
  result.config = hash_config(config, result.refs.branch);
  result.operation = operation_in_progress(place.git_dir);
  return result;
}

std::optional<WallTime> last_git_activity(const std::string& git_dir) {
  std::int64_t newest = 0;
  for (const char* name : {"/logs/HEAD", "/index"}) {
    const auto file = look_at(git_dir + name);
    newest = std::max(newest, file.changed_ns);
  }
  if (newest == 0) return std::nullopt;
  return WallTime(
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::nanoseconds(newest)));
}

bool index_is_locked(const std::string& git_dir) {
  return exists(git_dir + "/index.lock");
}

}  // namespace sb::git_cli
