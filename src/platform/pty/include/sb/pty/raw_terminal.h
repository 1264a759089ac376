#pragma once

#include <memory>

#include "sb/core/result.h"
#include "sb/core/unique_fd.h"

namespace sb::pty {

/// The user's own terminal in raw mode: every key goes to the program, unread by the kernel. Its
/// modes come back with the destructor, and on a crash of this process (SIGSEGV, SIGABRT and their
/// like) before it dies; only SIGKILL leaves them, and then the shell around us sets its own. One
/// at a time. Thread: confined to its owner.
class RawTerminal {
 public:
  /// Errors: invalid_argument (`input` is no terminal), internal.
  static Result<RawTerminal> enter(int input, int output);
  RawTerminal(RawTerminal&& other) noexcept;
  RawTerminal& operator=(RawTerminal&& other) = delete;
  ~RawTerminal();

  [[nodiscard]] int input() const { return input_; }
  /// Where to write: a description of our own when it is a terminal, so that it can be non-blocking
  /// without the programs around us noticing.
  [[nodiscard]] int output() const { return output_.get(); }
  /// Back to the user's modes, for instance before this process stops.
  void leave();
  void enter_again();

 private:
  struct Modes;
  RawTerminal();
  int input_ = -1;
  UniqueFd output_;
  std::unique_ptr<Modes> modes_;
};

}  // namespace sb::pty
