#include "sb/pty/osc_scanner.h"

#include <charconv>
#include <cstring>

namespace sb::pty {
namespace {

constexpr char kEscape = '\x1b';
constexpr char kBell = '\a';
constexpr char kCancel = '\x18';
constexpr char kSubstitute = '\x1a';
constexpr std::string_view kQuestion = "\x1b]7501;?";
constexpr std::string_view kQuestionCommand = "7501;?";
constexpr std::string_view kStringTerminator = "\x1b\\";
constexpr std::size_t kFrameBytes = 4;  // introducer and the longer terminator

bool begins_question(std::string_view held) {
  if (held.size() <= kQuestion.size()) return kQuestion.starts_with(held);
  // Ended by BEL it is over at once; of the other terminator the first half is there.
  return held.starts_with(kQuestion) && held.substr(kQuestion.size()) == "\x1b";
}

}  // namespace

void OscScanner::push(std::string_view bytes, std::string& pass) {
  while (!bytes.empty()) {
    if (state_ == State::ground) {
      const void* found = std::memchr(bytes.data(), kEscape, bytes.size());
      const std::size_t plain =
          found == nullptr
              ? bytes.size()
              : static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
      pass.append(bytes.substr(0, plain));
      bytes.remove_prefix(plain);
      if (bytes.empty()) return;
    }
    const char byte = bytes.front();
    bytes.remove_prefix(1);
    const bool begins = byte == kEscape && state_ != State::command;
    if (begins) release(pass);  // of what was begun before
    const bool asked = !held_.empty();
    if (begins || asked) {
      held_ += byte;
    } else {
      pass += byte;
    }
    take(byte);
    if (held_.empty()) continue;
    if (state_ == State::ground && asked && command_ == kQuestionCommand) {
      held_.clear();  // answered by us
    } else if (!begins_question(held_)) {
      release(pass);
    }
  }
}

void OscScanner::release(std::string& pass) {
  pass += held_;
  held_.clear();
}

void OscScanner::take(char byte) {
  switch (state_) {
    case State::ground:
    case State::escape:
      if (byte == kEscape) {
        state_ = State::escape;
        return;
      }
      if (byte == ']') {
        state_ = State::command;
        command_.clear();
        too_long_ = false;
        return;
      }
      state_ = State::ground;
      command_.clear();
      if (byte == 'c') listener_->reset();
      return;
    case State::command:
      if (byte == kBell) return finish("\a");
      if (byte == kEscape) {
        state_ = State::command_escape;
        return;
      }
      if (byte == kCancel || byte == kSubstitute) {
        state_ = State::ground;
        command_.clear();
        return;
      }
      too_long_ = too_long_ || command_.size() + kFrameBytes >= kSequenceBytesMax;
      if (!too_long_) command_ += byte;
      return;
    case State::command_escape:
      if (byte == '\\') return finish(kStringTerminator);
      state_ = State::escape;  // broken off by another sequence
      return take(byte);
  }
}

void OscScanner::finish(std::string_view terminator) {
  state_ = State::ground;
  if (too_long_) return;
  if (command_ == kQuestionCommand) return listener_->status_query(terminator);
  const std::string_view command = command_;
  const auto semicolon = command.find(';');
  if (semicolon == std::string_view::npos) return;
  const std::string_view digits = command.substr(0, semicolon);
  unsigned number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error == std::errc{} && end == digits.data() + digits.size()) {
    listener_->osc(number, command.substr(semicolon + 1));
  }
}

}  // namespace sb::pty
