#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sb::pty {

/// Told of the operating system commands (OSC, ECMA-48) in what a program writes.
struct OscListener {
  virtual ~OscListener() = default;
  /// `ESC ] number ; payload` and a terminator; complete. The bytes are the program's: untrusted.
  virtual void osc(unsigned number, std::string_view payload) = 0;
  /// The program asks whether OSC 7501 is spoken here; `terminator` is to end the answer.
  virtual void status_query(std::string_view terminator) = 0;
  /// `ESC c`: the terminal is reset.
  virtual void reset() = 0;
};

/// Finds OSC sequences in a stream cut anywhere, in constant memory. Everything passes unchanged,
/// in order and at once, but for the question of the program status protocol (OSC 7501, revision
/// 0.4), which whoever speaks it answers instead of the terminal outside: its first bytes are held
/// back until they are something else. Thread: confined to its owner.
class OscScanner {
 public:
  explicit OscScanner(OscListener& listener) : listener_(&listener) {}

  /// Appends to `pass` what is to be shown of `bytes` now.
  void push(std::string_view bytes, std::string& pass);
  /// True while bytes are held back: at most the length of the question. A program that stops in
  /// the middle of it must not wait for more: call `release` after a moment.
  [[nodiscard]] bool holds() const { return !held_.empty(); }
  void release(std::string& pass);

  /// A longer sequence is passed on and told to nobody (bytes, introducer and terminator included).
  static constexpr std::size_t kSequenceBytesMax = 4096;

 private:
  enum class State { ground, escape, command, command_escape };
  void take(char byte);
  void finish(std::string_view terminator);

  OscListener* listener_;
  State state_ = State::ground;
  std::string command_;  // between the introducer and the terminator
  bool too_long_ = false;
  std::string held_;  // a beginning of the question
};

}  // namespace sb::pty
