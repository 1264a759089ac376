#pragma once

#include <memory>
#include <string>
#include <vector>

#include "event_maker.h"
#include "options.h"
#include "publisher.h"
#include "subscriber.h"

namespace sb::load {

/// What was measured while events were sent.
struct Phase {
  std::string name;
  double seconds = 0;
  std::uint64_t events = 0;
  std::uint64_t deliveries = 0;  ///< events that reached a client, each client counted
  std::uint64_t operations = 0;
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  std::uint64_t cpu_nanos = 0;      ///< of the server
  std::uint64_t own_cpu_nanos = 0;  ///< of this process
  std::uint64_t resident = 0;       ///< of the server at the end, bytes
  Histogram each;
  Histogram last;
};

struct Outcome {
  std::vector<Phase> phases;
  Findings findings;
  std::size_t clients = 0;
  std::size_t equal = 0;      ///< clients that show the server's view at the end
  std::size_t connected = 0;  ///< of the clients, once all had time to connect
  std::uint64_t lost = 0;     ///< workspaces whose confirmed name the server does not show
  std::uint64_t accepted = 0;
  std::uint64_t repeated = 0;
  double connect_seconds = 0;
  double settle_seconds = 0;  ///< from the last event to all equal
  std::uint64_t resident_before = 0;
  std::uint64_t resident_connected = 0;
  Histogram baselines;
  std::uint64_t baseline_bytes = 0;
  std::uint64_t handshakes = 0;
  double handshake_seconds = 0;
  std::uint64_t first_baseline_at = 0;  ///< monotonic nanoseconds of the first baseline read
  double longest_outage = 0;            ///< seconds from the first client lost to all clients back
  bool checked = true;

  [[nodiscard]] bool right() const;
};

/// One run against one server.
class Run {
 public:
  explicit Run(const Options& options);
  /// Errors: unavailable (no server, a client that never connects).
  Result<Outcome> go();

 private:
  Result<void> bring_about();
  Result<void> connect_all();
  Phase send_events(std::string name, double seconds);
  void measure_handshakes(Outcome& outcome);
  void stall(bool stalled);
  void settle(Outcome& outcome);
  [[nodiscard]] std::uint32_t readers() const;
  void watch_outages(std::uint64_t now);
  std::shared_ptr<const Message> snapshot();

  const Options& options_;
  Shared shared_;
  Publisher publisher_;
  EventMaker maker_;
  std::vector<std::unique_ptr<Subscriber>> clients_;
  std::vector<std::unique_ptr<BaselineReader>> baseline_readers_;
  std::uint64_t outage_began_ = 0;
  std::uint64_t longest_outage_ = 0;
};

}  // namespace sb::load
