#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "reader.h"

namespace sb::sim {

/// A consumer of dialect 1: strict, so that anything a real client would silently get wrong is a
/// failure here. Checks what arrives (T1 to T5, T7, L3, R2, R4). Thread: externally locked.
class Client final : public Reader {
 public:
  Client(Env& env, Checks& checks, int number, int project)
      : Reader(env, checks, number), project_(project) {}

  /// A plain snapshot read; the answer arrives later.
  void act() override;
  void at_rest(const snapshot::Store& store) override;

 private:
  struct State {
    std::string epoch;
    std::uint64_t revision = 0;
    std::string cursor;
    Checks::View view;
    std::optional<std::int64_t> review_count;
  };
  struct Message {
    bool full = false;
    bool removed = false;
    int workspace = -1;
    std::uint64_t entry_revision = 0;
    Checks::View entries;  ///< of a full one
    std::uint64_t revision = 0;
    std::string epoch;
    std::string cursor;
    std::optional<std::int64_t> review_count;
  };

  std::uint64_t open() override;
  void take(const std::string& text) override;
  void restart() override;
  std::optional<Message> parse(const std::string& text);
  bool parse_tail(std::string_view text, std::size_t at, Message& message);
  void apply(const Message& message);
  void note_entry(int workspace, std::uint64_t revision);
  void complete(const Message& message);

  int project_;
  State state_;
  State saved_;  // as of the last cursor
  // Of this connection.
  bool first_ = true;
  std::uint64_t resumed_from_ = 0;
  bool resumable_ = false;
  std::uint64_t last_revision_ = 0;
  // Per epoch: newest revision ever shown of each entry (T2).
  std::map<int, std::uint64_t> newest_;
};

}  // namespace sb::sim
