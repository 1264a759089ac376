#include "sb/pty/raw_terminal.h"

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <string>
#include <system_error>
#include <utility>

namespace sb::pty {
namespace {

constexpr std::array kCrashes{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

// What the handler of a crash needs; written before it is installed.
std::atomic<int> crash_terminal{-1};
termios crash_modes{};
std::array<struct sigaction, kCrashes.size()> handlers_before{};

// tcsetattr and raise are safe in a handler (POSIX, signal-safety). SA_RESETHAND gave the signal
// its default back, so the second one ends the process.
void restore_and_die(int signal) {
  const int terminal = crash_terminal.load();
  if (terminal >= 0) ::tcsetattr(terminal, TCSANOW, &crash_modes);
  ::raise(signal);
}

void on_crash(int terminal, const termios& modes) {
  crash_modes = modes;
  crash_terminal = terminal;
  struct sigaction action{};
  action.sa_handler = restore_and_die;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (std::size_t i = 0; i < kCrashes.size(); ++i) {
    ::sigaction(kCrashes.at(i), &action, &handlers_before.at(i));
  }
}

void off_crash() {
  crash_terminal = -1;
  for (std::size_t i = 0; i < kCrashes.size(); ++i) {
    ::sigaction(kCrashes.at(i), &handlers_before.at(i), nullptr);
  }
}

/// Opens a terminal anew: flags of the description we got are shared with the programs around us.
UniqueFd open_output(int output) {
  if (::isatty(output) != 0) {
    const std::string path = "/proc/self/fd/" + std::to_string(output);
    UniqueFd opened(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (opened.open()) return opened;
  }
  return UniqueFd(::fcntl(output, F_DUPFD_CLOEXEC, 0));
}

}  // namespace

struct RawTerminal::Modes {
  termios users{};
  termios raw{};
  bool entered = false;
};

RawTerminal::RawTerminal() : modes_(std::make_unique<Modes>()) {}
RawTerminal::RawTerminal(RawTerminal&& other) noexcept
    : input_(std::exchange(other.input_, -1)),
      output_(std::move(other.output_)),
      modes_(std::move(other.modes_)) {}

Result<RawTerminal> RawTerminal::enter(int input, int output) {
  RawTerminal terminal;
  terminal.input_ = input;
  if (::tcgetattr(input, &terminal.modes_->users) != 0) {
    return fail(ErrorCode::invalid_argument, "standard input is no terminal");
  }
  terminal.output_ = open_output(output);
  if (!terminal.output_.open()) return fail(ErrorCode::internal, "standard output is closed");
  terminal.modes_->raw = terminal.modes_->users;
  ::cfmakeraw(&terminal.modes_->raw);
  on_crash(input, terminal.modes_->users);
  terminal.enter_again();
  return terminal;
}

RawTerminal::~RawTerminal() {
  if (!modes_) return;  // moved from
  leave();
  off_crash();
}

void RawTerminal::leave() {
  if (std::exchange(modes_->entered, false)) {
    ::tcsetattr(input_, TCSADRAIN, &modes_->users);
  }
}

void RawTerminal::enter_again() {
  if (!std::exchange(modes_->entered, true)) {
    ::tcsetattr(input_, TCSADRAIN, &modes_->raw);
  }
}

}  // namespace sb::pty
