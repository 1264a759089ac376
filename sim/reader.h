#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "checks.h"
#include "swarm.h"

namespace sb::sim {

class Server;

/// One consumer and the network between it and the server: connects, is cut off, reads slowly, is
/// left half open, comes again. What it is told is the business of the dialects.
/// Thread: externally locked.
class Reader {
 public:
  Reader(Env& env, Checks& checks, int number) : env_(&env), checks_(&checks), number_(number) {}
  virtual ~Reader() = default;
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// The server that answers now; null while it is down.
  void attach(Server* server);
  /// A message of a connection arrives, unless that connection is over or nobody listens.
  void receive(std::uint64_t connection, const std::string& text);
  /// The server closed this connection.
  void closed(std::uint64_t connection);
  /// Once in a while: something a user does (a plain read, another view).
  virtual void act() = 0;
  /// T7: at rest it shows exactly the server's view.
  virtual void at_rest(const snapshot::Store& store) = 0;

  [[nodiscard]] std::chrono::microseconds latency();
  /// Time the socket needs to take one message: slow readers are slow here.
  [[nodiscard]] std::chrono::microseconds drain_time();

 protected:
  /// Opens a connection from what is held: 0 when refused.
  virtual std::uint64_t open() = 0;
  virtual void take(const std::string& text) = 0;
  /// The process of the consumer died and came back with what it had saved.
  virtual void restart() = 0;

  [[nodiscard]] std::string who() const { return "client " + std::to_string(number_) + " "; }
  [[nodiscard]] Env& env() { return *env_; }
  [[nodiscard]] const Env& env() const { return *env_; }
  [[nodiscard]] Checks& checks() { return *checks_; }
  [[nodiscard]] Server* server() { return server_; }
  [[nodiscard]] bool connected() const { return connection_ != 0; }
  [[nodiscard]] bool deaf() const { return deaf_; }
  [[nodiscard]] std::uint64_t connection() const { return connection_; }
  void drop();
  void reconnect_later(bool refused = false);
  /// Something was won since the last attempt (T10).
  void progress() { attempts_ = 0; }

 private:
  void connect();

  Env* env_;
  Checks* checks_;
  Server* server_ = nullptr;
  int number_;
  std::uint64_t connection_ = 0;  // 0: none
  bool deaf_ = false;             // half open: thinks it is connected, hears nothing
  bool waiting_ = false;          // a reconnect is planned
  int attempts_ = 0;              // without progress, since the faults are over
};

}  // namespace sb::sim
