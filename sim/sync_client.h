#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "sb/model/field.h"
#include "sb/snapshot/view.h"

#include "reader.h"

namespace sb::sim {

/// What a consumer of dialect 2 asks to see, and the naive answer to whether an entry is in it: by
/// reading its published text.
struct SimView {
  enum class Filter { none, status, column, needs_user };
  int project = 0;  ///< -1: all
  snapshot::ViewShape shape = snapshot::ViewShape::full;
  Filter filter = Filter::none;

  [[nodiscard]] static SimView draw(Rng& rng);
  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool holds(const snapshot::EntryText& entry) const;
  friend bool operator==(const SimView&, const SimView&) = default;
};

/// A consumer of dialect 2 that follows the client rules of the protocol, section 4, to the letter.
/// Checks what arrives (T1 to T7, T9, T11, V1 to V4, F5, L3, R2, R4). Thread: externally locked.
class SyncClient final : public Reader {
 public:
  SyncClient(Env& env, Checks& checks, int number);

  /// Asks for another view, on the connection there is (V3).
  void act() override;
  void at_rest(const snapshot::Store& store) override;

 private:
  struct Entry {
    std::uint64_t revision = 0;
    std::array<std::string, model::kFieldCount> fields;
  };
  struct Replica {
    SimView view;
    std::map<int, Entry> entries;
    std::uint64_t revision = 0;
    bool complete = false;
    std::string cursor;
    std::optional<std::int64_t> review_count;
  };
  struct Batch;

  std::uint64_t open() override;
  void take(const std::string& text) override;
  void restart() override;

  void take_welcome(std::string_view text);
  void take_batch(std::string_view text);
  void take_mark(std::string_view text);
  void take_op(Replica& replica, std::string_view op, const Batch& batch);
  void put(Entry& entry, std::string_view members);
  void complete(bool reset);
  void saved();
  /// What differs between a replica and the naive view of a revision; empty when nothing does.
  [[nodiscard]] std::string difference(const Replica& replica, std::uint64_t revision);
  [[nodiscard]] std::uint64_t digest(const Replica& replica) const;
  void watch_heartbeat(std::uint64_t connection);
  [[nodiscard]] bool current_life() { return checks().epoch() == epoch_; }

  SimView view_;  // asked for last
  bool patches_;
  std::string epoch_;
  Replica shown_;
  std::optional<Replica> staging_;
  Replica saved_;  // with its epoch: survives a restart of the client
  std::string saved_epoch_;
  std::map<int, std::uint64_t> newest_;  // per epoch and view: newest revision ever shown (T2)

  // Of this connection.
  std::uint64_t view_seq_ = 1;
  bool welcomed_ = false;
  bool resumable_ = false;
  MonoTime last_frame_at_{};
  int incomplete_ = 0;  // batches since the last complete one (F5)
};

}  // namespace sb::sim
