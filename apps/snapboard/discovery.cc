#include "discovery.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

namespace sb::app {
namespace {

Error failed(const std::string& what, const std::string& path) {
  return {ErrorCode::unavailable, "cannot " + what + " " + path + ": " + std::strerror(errno), {}};
}

}  // namespace

Result<void> write_discovery(const std::string& path, const Discovery& discovery) {
  const std::string temporary = path + "." + std::to_string(getpid());
  const std::string text = to_json(discovery) + "\n";
  const int file = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return failed("write", temporary);
  (void)fchmod(file, 0600);  // also when a left-over file had other rights
  const bool written = write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  close(file);
  if (!written || std::rename(temporary.c_str(), path.c_str()) != 0) return failed("write", path);
  return {};
}

Result<Discovery> read_discovery(const std::string& path) {
  std::ifstream in(path);
  if (!in) return fail(ErrorCode::not_found, "no server has written " + path);
  std::ostringstream text;
  text << in.rdbuf();
  JsonDocument document;
  SB_TRY(const JsonValue json, document.parse(text.str()));
  return from_json<Discovery>(json, "$");
}

void remove_discovery(const std::string& path, std::int64_t pid) {
  const auto held = read_discovery(path);
  if (held && held->pid == pid) std::remove(path.c_str());
}

}  // namespace sb::app
