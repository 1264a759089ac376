#include "discovery.h"

#include <cstdio>
#include <fstream>
#include <sstream>

#include "atomic_file.h"

namespace sb::app {

Result<void> write_discovery(const std::string& path, const Discovery& discovery) {
  return write_atomically(path, to_json(discovery) + "\n", 0600);
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
