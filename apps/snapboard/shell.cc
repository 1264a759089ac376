#include "shell.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <utility>
#include <vector>

#include "sb/core/random.h"
#include "sb/process/process_watch.h"
#include "sb/pty/pty.h"
#include "sb/pty/raw_terminal.h"
#include "sb/pty/relay.h"

#include "local_api.h"
#include "shell_observer.h"
#include "shell_target.h"
#include "terminal_reporter.h"
#include "tools.h"

namespace sb::app {
namespace {

constexpr std::size_t kIdBytes = 8;  // random, as hex
constexpr const char* kTerminalVariable = "SNAPBOARD_TERMINAL";
constexpr const char* kWorkspaceVariable = "SNAPBOARD_WORKSPACE";

std::vector<std::string> environment_of(const ShellTarget& target, const std::string& id) {
  std::vector<std::string> result;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    const std::string_view name = text.substr(0, text.find('='));
    if (name != kTerminalVariable && name != kWorkspaceVariable) result.emplace_back(text);
  }
  result.push_back(std::string(kTerminalVariable) + "=" + id);
  if (!target.workspace.empty()) {
    result.push_back(std::string(kWorkspaceVariable) + "=" + target.workspace);
  }
  return result;
}

Result<pty::PtySpec> spec_of(const ShellTarget& target, const std::string& id) {
  pty::PtySpec spec;
  SB_TRY(spec.program, users_shell());
  spec.argv = {std::filesystem::path(spec.program).filename().string()};
  spec.cwd = target.directory;
  spec.environment = environment_of(target, id);
  spec.size = pty::window_size(STDIN_FILENO).value_or(pty::WindowSize());
  spec.modes_of = STDIN_FILENO;
  return spec;
}

/// From here on the user's terminal is the shell's.
Result<int> run_on(const ShellTarget& target, const std::string& socket) {
  SystemRandom random;
  const std::string id = "shell-" + random_hex(random, kIdBytes);
  SB_TRY(const pty::PtySpec spec, spec_of(target, id));
  SB_TRY(const ProcessIdentity own, process::identify(::getpid()));
  const pty::SignalIntake signals;  // before there is a thread
  SB_TRY(pty::Pty pty, pty::Pty::spawn(spec));
  SB_TRY(pty::RawTerminal terminal, pty::RawTerminal::enter(STDIN_FILENO, STDOUT_FILENO));
  TerminalReporter reporter(socket, {id, target.directory, own});
  ShellObserver observer(pty, [&reporter](const TerminalNow& now) { reporter.set(now); });
  const pty::PtyExit exit = pty::relay(pty, terminal, signals, observer);
  terminal.leave();  // before the last word to the server, which may take a moment
  return exit.code;
}

}  // namespace

int shell(const ShellOptions& options) {
  if (::isatty(STDIN_FILENO) == 0) {
    std::fprintf(stderr, "snapboard: shell wants a terminal, and standard input is none\n");
    return kExitUsage;
  }
  const auto socket = find_socket(options.socket);
  if (!socket) return report(socket.error());
  const auto target = find_shell_target(*socket, options.workspace);
  if (!target) return report(target.error());
  const auto code = run_on(*target, options.socket);
  return code ? *code : report(code.error());
}

}  // namespace sb::app
