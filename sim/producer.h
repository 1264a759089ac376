#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server.h"
#include "statement.h"
#include "swarm.h"

namespace sb::sim {

/// Who says whether a workspace exists: our own tables, or one producer.
[[nodiscard]] constexpr int owner_of(int workspace, int producers) {
  return workspace % (1 + producers);
}

/// One external producer with its own true state, and the network between it and the server: events
/// are lost, doubled, delayed and overtaken; it restarts with a new life and then says everything
/// again. A producer without sequence numbers keeps its order, because nothing else could.
/// Thread: externally locked.
class Producer {
 public:
  Producer(Env& env, int source, bool sequenced);

  void attach(Server* server) { server_ = server; }
  /// Something happens in its world, and it says so. `world`: what exists besides.
  void act(const World& world);
  /// A new life: numbers start over, everything is said again, then `source.synced`.
  void restart();
  /// Says everything again in the life it has.
  void restate();

  struct Subject {
    bool exists = false;  ///< only for workspaces it owns
    bool spoken = false;  ///< something was said of it that is to be restated
    std::map<model::Field, std::int64_t> scalars;
    std::map<std::pair<model::Field, int>, std::int64_t> elements;
  };
  [[nodiscard]] const std::map<int, Subject>& truth() const { return truth_; }
  [[nodiscard]] int source() const { return source_; }

 private:
  [[nodiscard]] std::int64_t next_version() { return tagged(++env_->versions, source_); }
  Statement speak(int workspace, Say say);
  void say_state(Statement& statement, Subject& subject);
  void remember(const Statement& statement);
  void state(Statement& statement, model::Field field, std::int64_t value);
  void send(Statement statement);
  void transmit(const std::vector<Server::Incoming>& batch, int life, int tries);
  void flush();

  Env* env_;
  Server* server_ = nullptr;
  int source_;
  bool sequenced_;
  int life_ = 1;
  std::uint64_t sequence_ = 0;
  std::uint64_t ids_ = 0;
  MonoTime last_arrival_{};
  std::map<int, Subject> truth_;
  std::vector<Server::Incoming> batch_;
};

}  // namespace sb::sim
