#include "hook_slimmer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "sb/core/hash.h"

namespace sb::app {
namespace {

// Large, private, and of no use to a board.
constexpr std::array<std::string_view, 11> kLeftOut{"tool_response",
                                                    "last_assistant_message",
                                                    "prompt",
                                                    "prompt_response",
                                                    "llm_request",
                                                    "llm_response",
                                                    "session_crons",
                                                    "permission_suggestions",
                                                    "tool_calls",
                                                    "input-messages",
                                                    "last-assistant-message"};

bool is_blank(char byte) {
  return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

}  // namespace

void HookSlimmer::push(std::string_view bytes) {
  for (const char byte : bytes) {
    if (overflowed_) return;
    take(byte);
  }
}

void HookSlimmer::put(char byte) {
  if (skipping_) return;
  if (out_.size() >= kBytesMax) {
    overflowed_ = true;
    return;
  }
  out_ += byte;
}

void HookSlimmer::take(char byte) {
  if (in_string_) {
    take_string(byte);
  } else if (byte == '"') {
    begin_string();
  } else if (!is_blank(byte)) {
    take_structure(byte);
  }
}

void HookSlimmer::take_structure(char byte) {
  if (byte == '}' || byte == ']') {
    if (depth_ == 1) skipping_ = false;
    --depth_;
  }
  if (byte == ',' && depth_ == 1) {
    skipping_ = false;
    comma_ = true;
    expect_key_ = true;
    return;  // put before the next member, if that stays
  }
  put(byte);
  if (byte == '{' || byte == '[') {
    ++depth_;
    expect_key_ = depth_ == 1 && byte == '{';
  }
}

void HookSlimmer::begin_string() {
  in_string_ = true;
  is_key_ = std::exchange(expect_key_, false) && depth_ == 1;
  string_bytes_ = 0;
  hash_ = kFnvOffset;
  escape_ = 0;
  surrogate_ = false;
  cutting_ = false;
  if (is_key_) {
    key_.clear();
    member_at_ = out_.size();
    if (comma_ && out_.size() > 1) put(',');
    comma_ = false;
  } else if (comma_ && depth_ == 1) {
    put(',');  // not an object after all
    comma_ = false;
  }
  put('"');
}

// Only between two characters: not inside an escape, a pair of them, or a UTF-8 sequence.
bool HookSlimmer::may_cut(char next) const {
  return escape_ == 0 && !surrogate_ && (static_cast<unsigned char>(next) & 0xC0U) != 0x80U;
}

void HookSlimmer::take_string(char byte) {
  if (escape_ == 0 && byte == '"') return end_string();
  const std::size_t bytes_max = depth_ <= 1 ? kStringBytesMax : kLongBytesMax;
  if (!cutting_ && string_bytes_ >= bytes_max && may_cut(byte)) cutting_ = true;
  ++string_bytes_;
  hash_ = fnv1a(std::string_view(&byte, 1), hash_);
  if (!cutting_) {
    // A raw line break is no JSON; it must not become two lines.
    put(byte == '\n' || byte == '\r' ? ' ' : byte);
    if (is_key_) key_ += byte;
    if (!is_key_ && depth_ == 1 && key_ == "cwd") directory_ += byte;
  }
  if (escape_ == 0) {
    const bool was_half = std::exchange(surrogate_, false);
    if (byte == '\\') {
      escape_ = 1;
      surrogate_ = was_half;  // the other half begins
    }
    return;
  }
  --escape_;
  if (escape_ == 0 && hex_.empty()) {
    if (byte == 'u') {
      escape_ = 4;
      hex_ = "u";
    } else {
      surrogate_ = false;
    }
    return;
  }
  hex_ += byte;
  if (escape_ == 0) {
    const bool high = hex_.size() == 5 && (hex_[1] == 'd' || hex_[1] == 'D') &&
                      std::string_view("89abAB").find(hex_[2]) != std::string_view::npos;
    surrogate_ = high;
    hex_.clear();
  }
}

void HookSlimmer::end_string() {
  in_string_ = false;
  hex_.clear();
  if (cutting_) {
    const std::string mark = "#" + std::to_string(string_bytes_) + ":" + std::to_string(hash_);
    for (const char byte : mark) put(byte);
    if (key_ == "cwd" && depth_ == 1) directory_.clear();
  }
  put('"');
  if (!is_key_) return;
  if (std::find(kLeftOut.begin(), kLeftOut.end(), key_) != kLeftOut.end()) {
    comma_ = member_at_ != out_.size() && out_[member_at_] == ',';
    out_.resize(member_at_);
    if (out_.size() > 1) comma_ = true;
    skipping_ = true;
  }
}

}  // namespace sb::app
