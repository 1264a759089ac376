#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "latency.h"
#include "message.h"
#include "options.h"

namespace sb::load {

/// What the clients of a run found wrong or worth counting.
struct Findings {
  std::uint64_t messages = 0;
  std::uint64_t operations = 0;  ///< entries put, patched or removed by messages
  std::uint64_t bytes = 0;       ///< read from streams
  std::uint64_t cuts = 0;
  std::uint64_t connects = 0;
  std::uint64_t resumes = 0;
  std::uint64_t resets = 0;            ///< of clients that came with a cursor of this epoch
  std::uint64_t resets_compacted = 0;  ///< the part of them the server said it cannot continue
  std::uint64_t epochs = 0;            ///< resets because the server began anew
  std::uint64_t slow = 0;              ///< told to be too slow
  std::uint64_t violations = 0;
  std::vector<std::string> examples;  ///< of violations, the first ones

  void violation(std::string text);
};

/// What one client holds, kept by the client rules of the protocol and nothing else. Thread: the
/// loop's.
class Replica {
 public:
  struct Held {
    std::shared_ptr<const Image> image;  ///< null: not there
    std::uint64_t revision = 0;
  };

  explicit Replica(Kind kind) : kind_(kind) {}

  /// A connection begins; what was staged on the last one is dropped.
  void begin();
  /// Takes a message. False when the connection has to be given up: it broke the protocol.
  bool take(const Message& message, Findings& findings, Deliveries* deliveries, std::uint64_t now);
  /// A long poll was told that its cursor cannot be continued.
  void forget_cursor() { cursor_.clear(); }

  [[nodiscard]] const std::string& cursor() const { return cursor_; }
  [[nodiscard]] bool live() const { return live_; }  ///< holds a whole state since `begin`
  /// True when it shows exactly `wanted`, by the numbers of `hidden` fields not looked at.
  [[nodiscard]] bool equals(const std::vector<Held>& wanted, const std::vector<bool>& hidden) const;

 private:
  using Entries = std::vector<Held>;

  bool fails(Findings& findings, std::string text) const;
  bool take_full(const Message& message, Findings& findings);
  bool take_welcome(const Message& message, Findings& findings);
  bool take_batch(const Message& message, Findings& findings);
  bool apply(const Op& op, Entries& entries, Findings& findings, bool reset);
  void count_reset(const Message& message, Findings& findings) const;
  void tell(const Message& message, Deliveries& deliveries, std::uint64_t now);

  Kind kind_;
  Entries entries_;
  Entries staging_;
  bool is_staging_ = false;
  bool live_ = false;
  bool expect_reset_ = false;
  std::string epoch_;
  std::string cursor_;
  std::uint64_t revision_ = 0;  ///< up to where entries_ are complete
  std::uint64_t expected_ = 0;  ///< the `from` of the next batch
  Deliveries::Seen seen_;
};

}  // namespace sb::load
