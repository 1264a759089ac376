#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>

#include <boost/describe.hpp>

#include "sb/core/result.h"

// The program status protocol, OSC 7501, revision 0.4: a program says how it is to the terminal it
// runs on. Whoever holds that terminal keeps the records and tells the server what they come to.

namespace sb::session {

enum class ProgramState { idle, working, blocked, done, error };
BOOST_DESCRIBE_ENUM(ProgramState, idle, working, blocked, done, error)
enum class ProgramKind { permission, question, auth };
BOOST_DESCRIBE_ENUM(ProgramKind, permission, question, auth)

/// How the program in the foreground of a terminal is. Texts are the program's and untrusted: valid
/// UTF-8 without control characters, at most kProgramTextBytesMax, never acted upon.
struct ProgramStatus {
  ProgramState state = ProgramState::idle;
  std::optional<ProgramKind> kind;  ///< of `blocked`, when told
  std::string app;                  ///< may be empty
  std::string message;              ///< of `error` only: what others say is not ours to spread
  friend bool operator==(const ProgramStatus&, const ProgramStatus&) = default;
};
inline constexpr std::size_t kProgramTextBytesMax = 200;

/// Reads the words of a report. Errors: invalid_argument with the place.
Result<ProgramStatus> read_program_status(std::string_view state,
                                          const std::optional<std::string>& kind,
                                          std::string_view app, std::string_view message);

/// The records of one terminal: one of the program itself, and one of each of its sub-agents. Each
/// report replaces its record whole. Bounded: the record used longest ago gives way. Thread:
/// confined to its owner.
class ProgramRecords {
 public:
  /// The payload of one sequence, "state=working:app=x". One that breaks a rule changes nothing.
  void take(std::string_view payload);
  /// The program ended, a shell shows its prompt, or the terminal was reset.
  void clear() { records_.clear(); }
  [[nodiscard]] bool empty() const { return records_.empty(); }
  /// What they come to: the program's own record, unless one below it waits for the user.
  [[nodiscard]] std::optional<ProgramStatus> status() const;

  static constexpr std::size_t kRecordsMax = 256;
  static constexpr std::size_t kPathBytesMax = 128;    // of a record's id
  static constexpr std::size_t kPathLevelsMax = 8;     // the same
  static constexpr std::size_t kSegmentBytesMax = 32;  // of one level
  static constexpr std::size_t kTitleBytesMax = 192;   // decoded
  static constexpr std::size_t kMessageBytesMax = 2048;

 private:
  struct Record {
    std::string path;  ///< empty: the program itself
    ProgramStatus status;
  };
  [[nodiscard]] std::string inherited_app(std::string_view path) const;

  std::list<Record> records_;  // the one used last is first
};

}  // namespace sb::session
