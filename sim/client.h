#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "checks.h"
#include "swarm.h"

namespace sb::sim {

class Server;

/// One consumer of dialect 1 and the network between it and the server: strict, so that anything a
/// real client would silently get wrong is a failure here. Checks what arrives (T1, T2, T3, T4, T5,
/// L3, T7). Thread: externally locked.
class Client {
 public:
  Client(Env& env, Checks& checks, int number, int project);

  /// The server that answers now; null while it is down.
  void attach(Server* server);
  void connect();
  /// A message of a connection arrives, unless that connection is over or nobody listens.
  void receive(std::uint64_t connection, const std::string& text);
  /// The server closed this connection.
  void closed(std::uint64_t connection);
  /// A plain snapshot read; the answer arrives later.
  void read();
  /// T7: at rest the client shows exactly the server's view.
  void at_rest(const snapshot::Store& store);

  [[nodiscard]] int project() const { return project_; }
  [[nodiscard]] bool deaf() const { return deaf_; }
  [[nodiscard]] std::chrono::microseconds latency();
  /// Time the socket needs to take one message: slow readers are slow here.
  [[nodiscard]] std::chrono::microseconds drain_time();

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

  [[nodiscard]] std::string who() const { return "client " + std::to_string(number_) + " "; }
  std::optional<Message> parse(const std::string& text);
  bool parse_tail(std::string_view text, std::size_t at, Message& message);
  void apply(const Message& message);
  void note_entry(int workspace, std::uint64_t revision);
  void complete(const Message& message);
  void drop();
  void reconnect_later();

  Env* env_;
  Checks* checks_;
  Server* server_ = nullptr;
  int number_;
  int project_;
  std::uint64_t connection_ = 0;  // 0: none
  bool deaf_ = false;             // half open: thinks it is connected, hears nothing
  bool waiting_ = false;          // a reconnect is planned
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
