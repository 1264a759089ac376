#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "sb/testing/fake_loop.h"

namespace sb::testing {

/// A child process of a test whose standard output is read through a pipe; killed and reaped at the
/// end of its life.
class ChildProcess {
 public:
  /// `argv[0]` is looked up in PATH; "/proc/self/exe" runs this very program. `env` is added to our
  /// environment, an empty value removes a variable. Throws when the program cannot be started.
  explicit ChildProcess(const std::vector<std::string>& argv, const std::string& cwd = {},
                        const std::map<std::string, std::string>& env = {}) {
    int out[2];
    if (::pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("pipe failed");
    out_ = out[0];
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    if (!cwd.empty()) posix_spawn_file_actions_addchdir_np(&actions, cwd.c_str());
    auto arguments = pointers(argv);
    const auto variables = environment(env);
    auto variable_pointers = pointers(variables);
    const int failed = ::posix_spawnp(&pid_, argv.front().c_str(), &actions, nullptr,
                                      arguments.data(), variable_pointers.data());
    posix_spawn_file_actions_destroy(&actions);
    ::close(out[1]);
    if (failed != 0) {
      ::close(out_);
      throw std::runtime_error("cannot start " + argv.front());
    }
  }
  ~ChildProcess() {
    kill_now();
    if (!status_) static_cast<void>(wait());
    ::close(out_);
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// The next line without its end; nothing at end of file. Throws when `kTestDeadline` passes
  /// without one.
  std::optional<std::string> read_line() {
    while (true) {
      if (const auto end = buffer_.find('\n'); end != std::string::npos) {
        std::string line = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        return line;
      }
      if (!read_more()) return std::nullopt;
    }
  }

  /// Everything up to end of file.
  std::string read_all() {
    while (read_more()) {
    }
    return std::exchange(buffer_, {});
  }

  /// SIGKILL, if it still runs.
  void kill_now() const {
    if (!status_) ::kill(pid_, SIGKILL);
  }

  /// The exit code, or 128 plus the number of the signal that ended it.
  int wait() {
    if (!status_) {
      int status = 0;
      while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
      }
      status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return *status_;
  }

  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  static std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (const auto& text : texts) result.push_back(const_cast<char*>(text.c_str()));
    result.push_back(nullptr);
    return result;
  }

  static std::vector<std::string> environment(const std::map<std::string, std::string>& changes) {
    std::vector<std::string> result;
    for (char** variable = environ; *variable != nullptr; ++variable) {
      const std::string text = *variable;
      if (!changes.contains(text.substr(0, text.find('=')))) result.push_back(text);
    }
    for (const auto& [name, value] : changes) {
      if (!value.empty()) result.push_back(name + "=" + value);
    }
    return result;
  }

  bool read_more() {
    pollfd readable{out_, POLLIN, 0};
    const auto patience = std::chrono::milliseconds(kTestDeadline).count();
    if (::poll(&readable, 1, static_cast<int>(patience)) <= 0) {
      throw std::runtime_error("the child process said nothing in time");
    }
    char chunk[4096];
    const auto count = ::read(out_, chunk, sizeof chunk);
    if (count <= 0) return false;
    buffer_.append(chunk, static_cast<std::size_t>(count));
    return true;
  }

  pid_t pid_ = -1;
  int out_ = -1;
  std::string buffer_;
  std::optional<int> status_;
};

}  // namespace sb::testing
