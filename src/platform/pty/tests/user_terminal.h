#pragma once

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>

#include "sb/core/unique_fd.h"
#include "sb/pty/pty.h"
#include "sb/testing/fake_loop.h"

namespace sb::pty {

/// The terminal a user sits at, as a pseudo-terminal: the test is the keyboard and the screen.
class UserTerminal {
 public:
  UserTerminal() : master_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    char name[128];
    if (!master_.open() || ::grantpt(master_.get()) != 0 || ::unlockpt(master_.get()) != 0 ||
        ::ptsname_r(master_.get(), name, sizeof name) != 0) {
      throw std::runtime_error("no pseudo-terminal");
    }
    slave_ = UniqueFd(::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
    resize({24, 80, 0, 0});
  }

  /// The side of the program that runs on it.
  [[nodiscard]] int fd() const { return slave_.get(); }
  void resize(const WindowSize& size) const {
    const winsize raw{size.rows, size.columns, size.width, size.height};
    ::ioctl(master_.get(), TIOCSWINSZ, &raw);
  }
  void type(std::string_view keys) const {
    while (!keys.empty()) {
      const ssize_t wrote = ::write(master_.get(), keys.data(), keys.size());
      if (wrote <= 0) throw std::runtime_error("cannot type");
      keys.remove_prefix(static_cast<std::size_t>(wrote));
    }
  }
  /// Reads the screen until it shows `text`; false when that does not come in time.
  bool shows(std::string_view text) {
    const auto deadline = std::chrono::steady_clock::now() + testing::kTestDeadline;
    while (screen.find(text) == std::string::npos) {
      if (std::chrono::steady_clock::now() >= deadline) return false;
      read_some();
    }
    return true;
  }
  /// Takes what is shown within a moment, without waiting for anything particular. False when
  /// nothing was.
  bool read_some() {
    constexpr int kMomentMs = 50;
    pollfd readable{master_.get(), POLLIN, 0};
    if (::poll(&readable, 1, kMomentMs) <= 0) return false;
    char chunk[65536];
    const ssize_t got = ::read(master_.get(), chunk, sizeof chunk);
    if (got > 0) screen.append(chunk, static_cast<std::size_t>(got));
    return got > 0;
  }
  [[nodiscard]] termios modes() const {
    termios now{};
    ::tcgetattr(slave_.get(), &now);
    return now;
  }
  /// The user closes the window.
  void close() { master_.reset(); }

  std::string screen;  ///< everything ever shown

 private:
  UniqueFd master_;
  UniqueFd slave_;
};

}  // namespace sb::pty
