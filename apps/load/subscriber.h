#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "sb/core/unique_fd.h"

#include "frames.h"
#include "poller.h"
#include "replica.h"

namespace sb::load {

/// What all clients of a run share. Borrowed by them. Thread: the loop's.
struct Shared {
  const Options& options;
  Poller poller;
  MessageReader reader;
  Deliveries deliveries;
  Findings findings;
  std::mt19937_64 random;
  std::string authority;      ///< "127.0.0.1:7420"
  std::vector<char> scratch;  ///< for one read
  Histogram baselines;        ///< connect to the last byte of a baseline
  std::uint64_t baseline_bytes = 0;
  std::uint64_t first_baseline_at = 0;  ///< monotonic nanoseconds; 0: none yet
  bool cutting = false;

  [[nodiscard]] Request request(std::string_view target) const {
    return {authority, options.token, target};
  }
};

/// One client of any kind: connects, reads, is cut, comes back with its cursor.
class Subscriber final : public Watched {
 public:
  Subscriber(Shared& shared, Kind kind);

  void start(std::uint64_t at) { reconnect(at); }
  void on_ready(std::uint32_t events) override;
  void set_stalled(bool stalled);
  /// Chooses when and where in the bytes the next cut is; cuts must have begun (Shared::cutting).
  void plan_cut();
  [[nodiscard]] bool counts() const { return kind_ != Kind::sync_where; }
  [[nodiscard]] bool stalled() const { return stalled_; }
  [[nodiscard]] bool live() const { return state_ == State::live && replica_.live(); }
  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] const Replica& replica() const { return replica_; }

 private:
  enum class State : std::uint8_t { away, connecting, handshake, live };

  void connect();
  void say_hello();
  void read_some();
  /// False when the connection is gone.
  bool take_units(std::string_view& bytes);
  bool take_head(const Unit& unit);
  bool take_poll(const Unit& unit);
  bool take_text(std::string_view text);
  void ask_again();  ///< the next long poll
  void send(std::string_view bytes);
  void reconnect(std::uint64_t at);
  [[nodiscard]] std::string view() const;

  Shared* shared_;
  Kind kind_;
  Replica replica_;
  UniqueFd fd_;
  State state_ = State::away;
  std::string rest_;               ///< of a unit that is not whole yet
  std::uint64_t cut_at_ = 0;       ///< when the bytes of the cut begin to count; 0: never
  std::int64_t cut_after_ = 0;     ///< bytes
  std::uint64_t retry_after_ = 0;  ///< nanoseconds, chosen by the server
  unsigned failures_ = 0;          ///< connects in a row that came to nothing
  bool stalled_ = false;
};

/// Reads one baseline after the other without looking into it.
class BaselineReader final : public Watched {
 public:
  explicit BaselineReader(Shared& shared) : shared_(&shared) {}
  void start() { connect(); }
  void stop();
  void on_ready(std::uint32_t events) override;

 private:
  void connect();

  Shared* shared_;
  UniqueFd fd_;
  std::uint64_t began_ = 0;
  std::uint64_t wanted_ = 0;  ///< bytes of handshake and baseline; 0: not known yet
  std::uint64_t got_ = 0;
  std::string head_;
  bool asked_ = false;
  bool stopped_ = false;
};

}  // namespace sb::load
