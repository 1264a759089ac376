#include "discovery.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "atomic_file.h"
#include "local_client.h"

namespace sb::app {
namespace {

constexpr std::chrono::seconds kLookTimeout{1};

// As the kernel shows it; empty when there is no such process.
std::string process_name(const std::string& pid) {
  std::ifstream in("/proc/" + pid + "/comm");
  std::string name;
  std::getline(in, name);
  return name;
}

}  // namespace

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

bool lives(const Discovery& discovery) {
  const std::string own = process_name("self");
  return !own.empty() && process_name(std::to_string(discovery.pid)) == own;
}

bool answers(const Discovery& discovery) {
  return lives(discovery) &&
         local_request(discovery.socket, "GET", "/healthz", {}, {}, kLookTimeout).has_value();
}

std::optional<Discovery> find_living(const std::string& data_dir) {
  auto held = read_discovery(data_dir + "/server.json");
  if (!held || !lives(*held)) return std::nullopt;
  return *std::move(held);
}

std::optional<Discovery> find_cut_off(const std::string& data_dir) {
  const auto held = find_living(data_dir);
  if (!held || access(held->socket.c_str(), F_OK) == 0) return std::nullopt;
  // One that ends in order removes its file before its socket: still there, it is not ending.
  auto again = find_living(data_dir);
  if (!again || again->pid != held->pid) return std::nullopt;
  return again;
}

std::string describe_cut_off(const Discovery& server, const std::string& data_dir) {
  const std::string pid = std::to_string(server.pid);
  return "process " + pid + " serves " + data_dir + ", but its socket " + server.socket +
         " is gone. Restart it: kill " + pid + ", then snapboard serve";
}

void remove_discovery(const std::string& path, std::int64_t pid) {
  const auto held = read_discovery(path);
  if (held && held->pid == pid) std::remove(path.c_str());
}

}  // namespace sb::app
