#include "paths.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace sb::app {

Result<std::string> runtime_dir() {
  const char* xdg = std::getenv("XDG_RUNTIME_DIR");
  std::string dir = xdg != nullptr && xdg[0] == '/' ? std::string(xdg) + "/snapboard"
                                                    : "/tmp/snapboard-" + std::to_string(getuid());
  if (mkdir(dir.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail(ErrorCode::unavailable, "cannot make " + dir + ": " + std::strerror(errno));
  }
  struct stat info{};
  if (lstat(dir.c_str(), &info) != 0 || !S_ISDIR(info.st_mode) || info.st_uid != getuid()) {
    return fail(ErrorCode::forbidden, dir + " is not a directory of yours");
  }
  return dir;
}

Result<std::string> default_socket_path() {
  SB_TRY(const std::string dir, runtime_dir());
  return dir + "/api.sock";
}

std::string config_dir(const std::string& variable, const std::string& below_home) {
  const char* chosen = variable.empty() ? nullptr : std::getenv(variable.c_str());
  if (chosen != nullptr && *chosen == '/') return chosen;
  const char* home = std::getenv("HOME");
  return home != nullptr && *home == '/' ? std::string(home) + "/" + below_home : std::string();
}

std::string claude_config_dir() {
  return config_dir("CLAUDE_CONFIG_DIR", ".claude");
}

std::string codex_home_dir() {
  return config_dir("CODEX_HOME", ".codex");
}

}  // namespace sb::app
