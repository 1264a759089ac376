#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sb::app {

/// Makes hook JSON small as it streams by, in bounded memory: what tools answered, prompts and
/// replies are left out (they are nobody's business but the agent's), and long strings are cut,
/// with a mark of length and hash, so that two equal inputs stay equal and two different ones
/// different. The result is one line of JSON when the input was JSON. Thread: externally locked.
class HookSlimmer {
 public:
  void push(std::string_view bytes);
  /// The result so far; whole once everything was pushed.
  [[nodiscard]] const std::string& text() const { return out_; }
  /// More than kBytesMax is left: not worth sending.
  [[nodiscard]] bool overflowed() const { return overflowed_; }
  /// The top-level member "cwd" as JSON text without its quotes; empty when it was not there.
  [[nodiscard]] const std::string& directory() const { return directory_; }

  static constexpr std::size_t kBytesMax = 512U << 10U;
  static constexpr std::size_t kStringBytesMax = 4U << 10U;  // also a path must fit
  static constexpr std::size_t kLongBytesMax = 256;          // below the top level

 private:
  void take(char byte);
  void take_structure(char byte);
  void begin_string();
  void take_string(char byte);
  void end_string();
  void put(char byte);
  [[nodiscard]] bool may_cut(char next) const;

  std::string out_;
  std::string key_;  // of the top-level member
  std::string directory_;
  std::size_t member_at_ = 0;  // where this top-level member begins in out_
  int depth_ = 0;
  bool in_string_ = false;
  bool is_key_ = false;
  bool expect_key_ = false;
  bool skipping_ = false;  // a member that is left out
  bool comma_ = false;     // before the next top-level member
  bool overflowed_ = false;
  // The string at hand.
  std::size_t string_bytes_ = 0;
  std::uint64_t hash_ = 0;
  int escape_ = 0;          // bytes of an escape still to come
  bool surrogate_ = false;  // its other half follows
  std::string hex_;
  bool cutting_ = false;
};

}  // namespace sb::app
