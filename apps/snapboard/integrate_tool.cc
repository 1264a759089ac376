#include "integrate_tool.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string_view>
#include <utility>

#include "sb/session/integration.h"

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

/// Empty when there is no such file.
Result<std::string> read_config(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error == std::errc::no_such_file_or_directory) return std::string();
  if (error) return fail(ErrorCode::unavailable, "cannot read " + path.string());
  if (size > kConfigBytesMax) return fail(ErrorCode::limit_exceeded, path.string() + " is too big");
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) return fail(ErrorCode::unavailable, "cannot read " + path.string());
  return text;
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

/// Writes where the file really is: a link to it stays one.
Result<void> write_config(const fs::path& path, const std::string& before,
                          const std::string& text) {
  std::error_code error;
  const fs::path canonical = fs::weakly_canonical(path, error);
  const fs::path& target = error ? path : canonical;
  SB_TRY(const std::string now, read_config(target));
  if (now != before) {
    return fail(ErrorCode::conflict, path.string() + " changed meanwhile; nothing was written");
  }
  if (text.empty()) {
    fs::remove(target, error);
    if (error) return fail(ErrorCode::unavailable, "cannot remove " + path.string());
    return {};
  }
  fs::create_directories(target.parent_path(), error);
  struct stat info{};
  const bool there = stat(target.c_str(), &info) == 0;
  const mode_t mask = umask(0);
  umask(mask);
  return write_atomically(target.string(), text,
                          there ? info.st_mode & 07777U : kModeOfNew & ~mask);
}

Result<int> run(const IntegrateOptions& options) {
  const auto* place = session::find_integration(options.agent);
  if (place == nullptr) {
    return fail(ErrorCode::not_found,
                "no such agent: " + options.agent + " (claude, codex, gemini, opencode or cursor)");
  }
  SB_TRY(const fs::path path, config_file(*place, options.project));
  SB_TRY(const std::string before, read_config(path));
  auto made = options.remove ? session::disintegrate(options.agent, before)
                             : session::integrate(options.agent, before, program_name());
  if (!made) return tl::unexpected(std::move(made).error().with(path.string()));
  const std::string diff = unified_diff(before, *made, path.string());
  if (diff.empty()) {
    std::cout << path.string()
              << (options.remove ? " holds nothing of ours.\n" : " is as it should be.\n");
    return kExitOk;
  }
  print(diff);
  if (!confirmed(options)) return kExitOk;
  SB_TRY_VOID(write_config(path, before, *made));
  std::cout << (made->empty() ? "Removed " : "Wrote ") << path.string() << "\n";
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
