#include "integrate_tool.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "sb/core/hash.h"
#include "sb/session/integration.h"
#include "sb/workspace/data_dir.h"

#include "atomic_file.h"
#include "line_diff.h"
#include "local_api.h"
#include "paths.h"
#include "tools.h"

namespace sb::app {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kConfigBytesMax = 4U << 20U;
constexpr mode_t kModeOfNew = 0644;  // before the umask of the user
constexpr mode_t kModeOfKept = 0600;
constexpr int kLinksMax = 40;  // as the kernel follows

/// The innermost folder that is a working tree of git.
Result<fs::path> project_root() {
  std::error_code error;
  for (fs::path at = fs::current_path(error); !at.empty() && !error; at = at.parent_path()) {
    if (fs::exists(at / ".git", error)) return at;
    if (at == at.root_path()) break;
  }
  return fail(ErrorCode::not_found, "not in a git repository");
}

Result<fs::path> config_file(const session::IntegrationPlace& place, bool project) {
  if (project) {
    SB_TRY(const fs::path root, project_root());
    return root / place.project_file;
  }
  const fs::path folder =
      config_dir(std::string(place.home_variable), std::string(place.home_folder));
  if (folder.empty()) return fail(ErrorCode::not_found, "HOME is not set");
  return folder / place.file;
}

struct ConfigText {
  std::string text;  ///< empty when there is no such file
  bool there = false;
};

Result<ConfigText> read_config(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error == std::errc::no_such_file_or_directory) return ConfigText{};
  if (error) return fail(ErrorCode::unavailable, "cannot read " + path.string());
  if (size > kConfigBytesMax) return fail(ErrorCode::limit_exceeded, path.string() + " is too big");
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) return fail(ErrorCode::unavailable, "cannot read " + path.string());
  return ConfigText{std::move(text), true};
}

/// Where the text of the user is kept that taking our hooks out would not give back by itself: a
/// file with nothing in it, or with lists of hooks that were there and empty.
Result<fs::path> kept_file(const fs::path& config) {
  SB_TRY(const std::string data, workspace::default_data_dir());
  return fs::path(data) / "integrations" / fmt::format("{:016x}", fingerprint(config.string()));
}

Result<void> keep(const fs::path& config, const std::string& text) {
  SB_TRY(const std::string data, workspace::default_data_dir());
  SB_TRY_VOID(workspace::create_data_dir(data));
  SB_TRY(const fs::path file, kept_file(config));
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  return write_atomically(file.string(), text, kModeOfKept);
}

ConfigText kept(const fs::path& config) {
  const auto file = kept_file(config);
  const auto read = file ? read_config(*file) : Result<ConfigText>(ConfigText{});
  return read ? *read : ConfigText{};
}

void forget_kept(const fs::path& config) {
  std::error_code error;
  if (const auto file = kept_file(config)) fs::remove(*file, error);
}

/// What an agent shall call: our name when a search of PATH finds this very program, else its path.
std::string program_name() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  const char* path = std::getenv("PATH");
  std::string_view left = path == nullptr ? "" : path;
  while (!left.empty()) {
    const auto end = std::min(left.find(':'), left.size());
    const fs::path candidate = fs::path(left.substr(0, end)) / "snapboard";
    if (access(candidate.c_str(), X_OK) == 0) {
      if (fs::equivalent(candidate, self, error)) return "snapboard";
      break;  // another one comes first
    }
    left.remove_prefix(std::min(end + 1, left.size()));
  }
  return self.string();
}

struct Plan {
  std::optional<std::string> wanted;  ///< what is to stand in the file; nothing: no file is
  bool first = false;                 ///< our hooks come into it
  bool keep = false;                  ///< to take them out would not give back what is there now
};

/// With our hooks in it.
Result<Plan> with_ours(std::string_view agent, const ConfigText& now) {
  SB_TRY(const std::string bare, session::disintegrate(agent, now.text));
  SB_TRY(std::string made, session::integrate(agent, now.text, program_name()));
  SB_TRY(const std::string back, session::disintegrate(agent, made));
  Plan plan;
  plan.first = bare == now.text;
  plan.keep = plan.first && now.there && (back != now.text || back.empty());
  plan.wanted = std::move(made);
  return plan;
}

/// As it was before our hooks came, to the byte where nobody changed the rest since.
Result<Plan> without_ours(std::string_view agent, const fs::path& config, const ConfigText& now) {
  SB_TRY(std::string rest, session::disintegrate(agent, now.text));
  Plan plan;
  const ConfigText before = kept(config);
  if (rest == now.text) {
    if (now.there) plan.wanted = now.text;
  } else if (before.there) {
    SB_TRY(const std::string with, session::integrate(agent, before.text, "snapboard"));
    SB_TRY(const std::string untouched, session::disintegrate(agent, with));
    plan.wanted = rest == untouched ? before.text : rest.empty() ? "{}\n" : std::move(rest);
  } else if (!rest.empty()) {
    plan.wanted = std::move(rest);
  }
  return plan;
}

void print(std::string_view lines) {
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    std::cout << printable(lines.substr(0, end)) << '\n';
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
}

bool confirmed(const IntegrateOptions& options) {
  if (options.yes) return true;
  if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0) {
    std::cout << "Nothing was written; --yes writes it.\n";
    return false;
  }
  std::cout << "Write it? [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

/// Where a chain of links ends, also when nothing is there.
fs::path end_of_links(fs::path path) {
  std::error_code error;
  for (int links = 0; links < kLinksMax && fs::is_symlink(path, error); ++links) {
    const fs::path target = fs::read_symlink(path, error);
    if (error) break;
    path = path.parent_path() / target;  // an absolute one takes the place of both
  }
  return path;
}

/// Writes where the file really is: a link to it stays one.
Result<void> write_config(const fs::path& path, const ConfigText& before,
                          const std::optional<std::string>& wanted) {
  std::error_code error;
  const fs::path target = end_of_links(path);
  SB_TRY(const ConfigText now, read_config(target));
  if (now.text != before.text || now.there != before.there) {
    return fail(ErrorCode::conflict, path.string() + " changed meanwhile; nothing was written");
  }
  if (!wanted) {
    fs::remove(target, error);
    if (error) return fail(ErrorCode::unavailable, "cannot remove " + path.string());
    return {};
  }
  fs::create_directories(target.parent_path(), error);
  struct stat info{};
  const bool there = stat(target.c_str(), &info) == 0;
  const mode_t mask = umask(0);
  umask(mask);
  return write_atomically(target.string(), *wanted,
                          there ? info.st_mode & 07777U : kModeOfNew & ~mask);
}

Result<int> run(const IntegrateOptions& options) {
  const auto* place = session::find_integration(options.agent);
  if (place == nullptr) {
    return fail(ErrorCode::not_found,
                "no such agent: " + options.agent + " (claude, codex, gemini, opencode or cursor)");
  }
  SB_TRY(const fs::path path, config_file(*place, options.project));
  SB_TRY(const ConfigText before, read_config(path));
  auto plan =
      options.remove ? without_ours(options.agent, path, before) : with_ours(options.agent, before);
  if (!plan) return tl::unexpected(std::move(plan).error().with(path.string()));
  const auto& wanted = plan->wanted;
  if (wanted.has_value() == before.there && wanted.value_or("") == before.text) {
    std::cout << path.string()
              << (options.remove ? " holds nothing of ours.\n" : " is as it should be.\n");
    return kExitOk;
  }
  print(unified_diff(before.text, wanted.value_or(""), path.string()));
  if (!confirmed(options)) return kExitOk;
  if (plan->keep) SB_TRY_VOID(keep(path, before.text));
  SB_TRY_VOID(write_config(path, before, wanted));
  if (options.remove || (plan->first && !plan->keep)) forget_kept(path);
  std::cout << (wanted ? "Wrote " : "Removed ") << path.string() << "\n";
  if (!options.remove && !place->note.empty()) std::cout << place->note << "\n";
  return kExitOk;
}

}  // namespace

int integrate(const IntegrateOptions& options) {
  const auto code = run(options);
  if (code) return *code;
  (void)report(code.error());
  return kExitFailed;
}

}  // namespace sb::app
