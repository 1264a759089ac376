#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace sb::load {

/// How a client reads. The numbers index `kKindNames`.
enum class Kind : std::uint8_t { dialect1, sync, sync_where, events, poll };
inline constexpr std::size_t kKinds = 5;
inline constexpr const char* kKindNames[kKinds] = {"dialect1", "sync", "where", "sse", "poll"};

/// What the command line asks for. Thread: a value.
struct Options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 7420;
  std::string token;
  std::string project = "load";
  int pid = 0;  ///< of the server, for its CPU and memory; 0: not measured

  std::size_t clients[kKinds] = {};  ///< how many of each kind
  std::size_t baseline_readers = 0;  ///< read one whole baseline after the other
  std::size_t workspaces = 20;
  double rate = 100;              ///< events per second, open loop; unused with a window
  std::size_t window = 0;         ///< events outstanding, closed loop; 0: open loop
  double seconds = 5;             ///< how long events are sent
  double warm_up = 0;             ///< seconds of sending before anything is measured
  bool mixed = false;             ///< pull requests, sessions, comings and goings among the names
  double cut_every = 0;           ///< mean seconds between two cuts of one client; 0: never
  double stall_percent = 0;       ///< of the clients; they stop reading for the second half
  double handshakes = 0;          ///< seconds of nothing but handshakes; 0: none
  std::int64_t coalesce_ms = -1;  ///< asked for in a hello; negative: the server's own
  std::int64_t settle_seconds = 20;
  std::uint64_t seed = 1;
  bool entries_there = false;  ///< the workspaces are there already
  bool unchecked = false;      ///< the peer is a limit program: it has no snapshot to compare with
  bool json = false;

  [[nodiscard]] std::size_t all_clients() const {
    std::size_t sum = 0;
    for (const std::size_t count : clients) sum += count;
    return sum;
  }
};

}  // namespace sb::load
