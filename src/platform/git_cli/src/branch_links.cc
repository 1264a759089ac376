#include "sb/git_cli/branch_links.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string_view>
#include <utility>

#include "sb/git_cli/repository.h"

#include "config.h"
#include "files.h"
#include "head.h"
#include "refs.h"

namespace sb::git_cli {
namespace {

constexpr std::string_view kHeads = "refs/heads/";

/// What the configuration says of remotes and branches.
struct LinkConfig {
  std::vector<std::pair<std::string, std::string>> urls;  // remote, url: the first of each counts
  std::map<std::string, std::string> remote_of;           // branch.<name>.remote
  std::map<std::string, std::string> merge_of;            // branch.<name>.merge
  std::map<std::string, std::string> push_remote_of;      // branch.<name>.pushRemote
  std::string push_default;
  std::vector<std::pair<std::string, std::string>> instead_of;  // prefix, replacement

  void note(std::string_view name, std::string_view value) {
    const auto first = name.find('.');
    const auto last = name.rfind('.');
    if (first == std::string_view::npos) return;
    const std::string_view section = name.substr(0, first);
    const std::string_view key = name.substr(last + 1);
    const std::string sub =
        last > first ? std::string(name.substr(first + 1, last - first - 1)) : std::string();
    if (section == "remote") {
      if (sub.empty() && key == "pushdefault") push_default = value;
      if (!sub.empty() && key == "url") urls.emplace_back(sub, value);
    } else if (section == "branch" && !sub.empty()) {
      if (key == "remote") remote_of[sub] = value;
      if (key == "merge") merge_of[sub] = value;
      if (key == "pushremote") push_remote_of[sub] = value;
    } else if (section == "url" && key == "insteadof") {
      instead_of.emplace_back(value, sub);
    }
  }

  void read(const std::string& path) {
    const auto text = read_file(path, kConfigBytesMax);
    if (!text) return;
    parse_config(*text,
                 [this](std::string_view name, std::string_view value) { note(name, value); });
  }

  [[nodiscard]] std::string real_url(const std::string& url) const {
    const std::pair<std::string, std::string>* best = nullptr;
    for (const auto& rule : instead_of) {
      if (!url.starts_with(rule.first)) continue;
      if (best == nullptr || rule.first.size() > best->first.size()) best = &rule;
    }
    return best == nullptr ? url : best->second + url.substr(best->first.size());
  }
};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

LinkConfig read_config(const std::string& common_dir) {
  LinkConfig config;
  if (const auto chosen = environment("GIT_CONFIG_GLOBAL"); !chosen.empty()) {
    config.read(chosen);
  } else if (const auto home = environment("HOME"); !home.empty()) {
    const auto xdg = environment("XDG_CONFIG_HOME");
    config.read((xdg.empty() ? home + "/.config" : xdg) + "/git/config");
    config.read(home + "/.gitconfig");
  }
  config.read(common_dir + "/config");
  return config;
}

/// The branch a rebase came from: git notes it while HEAD is detached.
std::optional<std::string> rebased_branch(const std::string& git_dir) {
  for (const auto* folder : {"/rebase-merge", "/rebase-apply"}) {
    const auto text = read_file(git_dir + folder + "/head-name");
    if (!text) continue;
    const std::string_view name = without_line_end(*text);
    if (name.starts_with(kHeads)) return std::string(name.substr(kHeads.size()));
  }
  return std::nullopt;
}

std::string value_or(const std::map<std::string, std::string>& map, const std::string& key,
                     const std::string& fallback) {
  const auto found = map.find(key);
  return found == map.end() ? fallback : found->second;
}

}  // namespace

Result<BranchLinks> read_branch_links(const std::string& git_dir, const std::string& common_dir) {
  RefReader refs(git_dir, common_dir);
  SB_TRY(Head head, read_head(git_dir, refs));
  BranchLinks links;
  links.branch = head.branch ? std::move(head.branch) : rebased_branch(git_dir);
  links.head_oid = std::move(head.oid);
  const LinkConfig config = read_config(common_dir);
  const std::string branch = links.branch.value_or("");
  const std::string upstream = value_or(config.remote_of, branch, "");
  const std::string merge = value_or(config.merge_of, branch, "");
  std::string push = value_or(config.push_remote_of, branch, config.push_default);
  if (push.empty()) push = upstream.empty() || upstream == "." ? "origin" : upstream;
  for (const auto& [name, url] : config.urls) {
    const auto known = [&name = name](const RemoteBranch& held) { return held.remote == name; };
    if (std::any_of(links.remotes.begin(), links.remotes.end(), known)) continue;
    RemoteBranch remote;
    remote.remote = name;
    remote.url = config.real_url(url);
    remote.upstream = name == upstream && merge.starts_with(kHeads);
    remote.branch = remote.upstream ? merge.substr(kHeads.size()) : branch;
    remote.push_target = name == push;
    if (!remote.branch.empty()) {
      remote.oid = refs.resolve("refs/remotes/" + name + "/" + remote.branch);
    }
    links.remotes.push_back(std::move(remote));
  }
  return links;
}

}  // namespace sb::git_cli
