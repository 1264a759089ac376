#include "hook.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include <climits>

#include "sb/core/unique_fd.h"
#include "sb/session/hook_report.h"
#include "sb/session/hook_spool.h"
#include "sb/workspace/data_dir.h"

#include "discovery.h"
#include "hook_process.h"
#include "hook_slimmer.h"
#include "paths.h"

namespace sb::app {
namespace {

using SteadyClock = std::chrono::steady_clock;

// An agent waits for us: what is not through by then is given up, or spooled.
constexpr std::chrono::milliseconds kInputPatience{500};
constexpr std::chrono::milliseconds kServerPatience{150};
constexpr std::size_t kChunkBytes = 64U << 10U;

bool wait_for(int file, short what, SteadyClock::time_point deadline) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now()).count();
    if (left <= 0) return false;
    pollfd waiting{file, what, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(left));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

/// Everything on standard input, made small. False when it does not end in time.
bool read_input(HookSlimmer& slimmer) {
  if (::isatty(STDIN_FILENO) != 0) return false;
  std::array<char, kChunkBytes> chunk;  // NOLINT: filled by read
  while (!slimmer.overflowed()) {
    if (!wait_for(STDIN_FILENO, POLLIN, SteadyClock::now() + kInputPatience)) return false;
    const ssize_t got = ::read(STDIN_FILENO, chunk.data(), chunk.size());
    if (got == 0) return true;
    if (got < 0 && errno != EINTR && errno != EAGAIN) return false;
    if (got > 0) slimmer.push({chunk.data(), static_cast<std::size_t>(got)});
  }
  return false;
}

std::string real_path(const char* path) {
  std::array<char, PATH_MAX> real;  // NOLINT: filled by realpath
  if (path == nullptr || path[0] != '/' || ::realpath(path, real.data()) == nullptr) return {};
  return real.data();
}

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value).substr(0, PATH_MAX);
}

// The whole of what is taken from the environment, which holds secrets beside these.
session::HookLocators locate(std::string_view agent, std::uint64_t began,
                             const std::string& directory) {
  session::HookLocators locators;
  locators.order = began;
  locators.process = agent_process(from_environment("CLAUDE_PID"));
  const bool plain = directory.find('\\') == std::string::npos;
  if (plain) locators.directory = real_path(directory.c_str());
  for (const char* name : {"CLAUDE_PROJECT_DIR", "GEMINI_PROJECT_DIR", "CURSOR_PROJECT_DIR"}) {
    if (locators.project_directory.empty()) {
      locators.project_directory = real_path(from_environment(name).c_str());
    }
  }
  locators.config_directory =
      real_path(from_environment(agent == "codex" ? "CODEX_HOME" : "CLAUDE_CONFIG_DIR").c_str());
  for (const char* name : {"TMUX_PANE", "TERM_SESSION_ID"}) {
    if (locators.terminal.empty()) locators.terminal = from_environment(name);
  }
  return locators;
}

UniqueFd connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return UniqueFd();
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (socket.open() &&
      ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    socket.reset();
  }
  return socket;
}

enum class Answer { taken, refused, none };

Answer ask(const std::string& socket_path, std::string_view agent, std::string_view locators,
           std::string_view body) {
  const UniqueFd socket = connect_to(socket_path);
  if (!socket.open()) return Answer::none;
  const auto deadline = SteadyClock::now() + kServerPatience;
  std::string request = "POST /hooks/";
  request.append(agent).append(" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
  request.append("Content-Type: application/json\r\n");
  request.append(session::kLocatorsHeader).append(": ").append(locators).append("\r\n");
  request.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n");
  request.append(body);
  std::string_view left = request;
  while (!left.empty()) {
    const ssize_t sent = ::send(socket.get(), left.data(), left.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      left.remove_prefix(static_cast<std::size_t>(sent));
    } else if (sent == 0 || (errno != EAGAIN && errno != EINTR) ||
               !wait_for(socket.get(), POLLOUT, deadline)) {
      return Answer::none;
    }
  }
  std::array<char, 16> status{};  // "HTTP/1.1 204 …"
  std::size_t size = 0;
  while (size < status.size()) {
    if (!wait_for(socket.get(), POLLIN, deadline)) return Answer::none;
    const ssize_t got = ::recv(socket.get(), status.data() + size, status.size() - size, 0);
    if (got <= 0) return Answer::none;
    size += static_cast<std::size_t>(got);
  }
  switch (status[9]) {
    case '2':
      return Answer::taken;
    case '4':
      // Wrong for ever, unless we are only too many.
      return std::string_view(status.data() + 9, 3) == "429" ? Answer::none : Answer::refused;
    default:
      return Answer::none;
  }
}

bool is_name(std::string_view text) {
  constexpr std::size_t kNameBytesMax = 32;
  return !text.empty() && text.size() <= kNameBytesMax &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

/// In the runtime directory, unless only the server of the data directory is there: an agent may
/// have been given another runtime directory than it (su, cron).
std::string usual_socket(const Result<std::string>& runtime) {
  std::string socket = runtime ? *runtime + "/api.sock" : std::string();
  if (::access(socket.c_str(), F_OK) == 0) return socket;
  const auto data_dir = workspace::default_data_dir();
  const auto elsewhere = data_dir ? find_living(*data_dir) : std::nullopt;
  return elsewhere ? elsewhere->socket : socket;
}

void run(int count, char** arguments) {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  constexpr std::uint64_t kNanoseconds = 1'000'000'000;
  const auto began = static_cast<std::uint64_t>(now.tv_sec) * kNanoseconds +
                     static_cast<std::uint64_t>(now.tv_nsec);
  std::string_view agent;
  std::string socket_path;
  HookSlimmer slimmer;
  bool given = false;  // as an argument, which is how Codex notifies
  for (int i = 0; i < count; ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--socket" && i + 1 < count) {
      socket_path = arguments[++i];
    } else if (argument.starts_with("{")) {
      slimmer.push(argument);
      given = true;
    } else if (agent.empty()) {
      agent = argument;
    }
  }
  if (!is_name(agent) || (!given && !read_input(slimmer)) || slimmer.overflowed() ||
      slimmer.text().empty()) {
    return;
  }
  const std::string locators = format_locators(locate(agent, began, slimmer.directory()));
  const auto runtime = runtime_dir();
  if (socket_path.empty()) socket_path = usual_socket(runtime);
  if (ask(socket_path, agent, locators, slimmer.text()) != Answer::none || !runtime) return;
  session::append_to_spool(*runtime + "/" + std::string(session::kSpoolName), agent, locators,
                           slimmer.text());
}

}  // namespace

int hook(int count, char** arguments) {
  try {
    run(count, arguments);
  } catch (...) {  // NOLINT: no memory; the agent goes on
  }
  return 0;
}

}  // namespace sb::app
