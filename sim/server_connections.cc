#include <algorithm>
#include <utility>

#include "sb/snapshot/cursor.h"

#include "reader.h"
#include "server.h"

namespace sb::sim {

using namespace std::chrono_literals;
using snapshot::MessageBatch;

Server::ConnectionId Server::open(Connection connection) {
  const ConnectionId id = ++last_connection_;
  connection.id = id;
  connections_.emplace(id, std::make_unique<Connection>(std::move(connection)));
  later(0ns, [this, id] {
    const auto found = connections_.find(id);
    if (found != connections_.end()) pump(*found->second);
  });
  return id;
}

Server::ConnectionId Server::connect(Reader& reader, int project, const std::string& cursor) {
  if (!ready_ && !SB_MUTANT(served_before_ready)) return 0;
  if (store_.project(project_id(project)) == nullptr) return 0;
  Connection made;
  made.reader = &reader;
  made.project = project;
  made.dialect1 = std::make_unique<snapshot::Dialect1Session>(
      store_, encoder_,
      snapshot::Dialect1Session::Options{project_id(project), cursor, env_.swarm.coalesce});
  if (const auto decoded = snapshot::decode_cursor(cursor)) {
    made.handed = decoded->epoch == store_.epoch() ? decoded->revision : 0;
  }
  return open(std::move(made));
}

Server::ConnectionId Server::connect(Reader& reader, const std::string& hello) {
  if (!ready_ && !SB_MUTANT(served_before_ready)) return 0;
  Connection made;
  made.reader = &reader;
  snapshot::SyncSession::Options options;
  options.id = "s";
  made.dialect2 =
      std::make_unique<snapshot::SyncSession>(views_, std::move(options), env_.loop.mono_now());
  made.dialect2->on_message(hello, env_.loop.mono_now());
  return open(std::move(made));
}

void Server::send(ConnectionId id, const std::string& text) {
  const auto found = connections_.find(id);
  if (found == connections_.end() || !found->second->dialect2) return;
  found->second->dialect2->on_message(text, env_.loop.mono_now());
  pump(*found->second);
}

void Server::disconnect(ConnectionId id) {
  connections_.erase(id);
}

std::string Server::read(int project) {
  if (store_.project(project_id(project)) == nullptr) return {};
  return encoder_.baseline(project_id(project))->front().text();
}

void Server::pump_all() {
  std::vector<ConnectionId> ids;
  ids.reserve(connections_.size());
  for (const auto& [id, connection] : connections_) ids.push_back(id);
  for (const ConnectionId id : ids) {
    const auto found = connections_.find(id);
    if (found != connections_.end()) pump(*found->second);
  }
}

void Server::wake(Connection& connection, std::optional<MonoTime> at) {
  if (!at || (connection.wakes_at && *connection.wakes_at <= *at)) return;
  connection.wakes_at = at;
  later(*at - env_.loop.mono_now(), [this, id = connection.id, at] {
    const auto found = connections_.find(id);
    if (found == connections_.end() || found->second->wakes_at != at) return;
    found->second->wakes_at.reset();
    pump(*found->second);
  });
}

// What there is to say now. F4: nothing that may be said at once is held back, and what is held
// back is said within the gap.
std::shared_ptr<const MessageBatch> Server::next(Connection& connection) {
  auto& judge = env_.judge;
  const MonoTime now = env_.loop.mono_now();
  const auto hold_claim = [&](bool at_head, bool told) {
    judge.hold(!at_head || !told, "F4", [&] {
      return "connection " + std::to_string(connection.id) + " was not at the head it claimed";
    });
  };
  if (connection.dialect2) {
    const bool at_head = connection.dialect2->is_at_head();
    auto batch = connection.dialect2->next(now);
    hold_claim(at_head, batch && !batch->front().head.starts_with("{\"type\":\"mark\""));
    if (!batch) wake(connection, connection.dialect2->wake_at());
    return batch;
  }
  const auto floor = store_.floor(project_id(connection.project));
  const bool at_head = connection.dialect1->is_at_head();
  auto batch = connection.dialect1->next(now);
  hold_claim(at_head, batch != nullptr);
  if (!batch) {
    const bool moved = checks_.visible_head(connection.project) > connection.handed;
    if (!moved) {
      connection.handed = store_.head();
      return nullptr;
    }
    judge.hold(!checks_.reason_moved(connection.project, connection.handed), "F4", [&] {
      return "a changed status reason waits on idle connection " + std::to_string(connection.id);
    });
    if (!connection.waiting_since) connection.waiting_since = now;
    const auto at = connection.dialect1->wake_at();
    judge.hold(at && *at <= *connection.waiting_since + env_.swarm.coalesce, "F4", [&] {
      return "connection " + std::to_string(connection.id) + " is not woken within the gap";
    });
    wake(connection, at);
    return nullptr;
  }
  judge.hold(!connection.waiting_since || now - *connection.waiting_since <= env_.swarm.coalesce,
             "F4", [&] { return "a change waited longer than the gap"; });
  connection.waiting_since.reset();
  const bool full = batch->front().head.starts_with("{\"type\":\"snapshot_full\"");
  judge.hold(full || connection.first || connection.handed >= floor, "L3", [&] {
    return "live connection " + std::to_string(connection.id) + " is below the floor and goes on";
  });
  connection.first = false;
  connection.handed = store_.head();
  return batch;
}

void Server::pump(Connection& connection) {
  if (connection.in_flight != 0) return;
  Reader* const reader = connection.reader;
  const ConnectionId id = connection.id;
  const bool over = connection.dialect1 ? connection.dialect1->project_gone()
                                        : connection.dialect2->close_code().has_value();
  if (over) {
    connections_.erase(id);
    return reader->closed(id);
  }
  if (const auto batch = next(connection)) deliver(connection, batch);
}

// F1: one batch is on its way at most. The network takes its time, and may lose it only together
// with the connection.
void Server::deliver(Connection& connection, const std::shared_ptr<const MessageBatch>& batch) {
  if (SB_MUTANT(dropped_ignored) && env_.network_strikes(env_.swarm.client_slow / 4)) {
    return later(1ms, [this, id = connection.id] {
      const auto found = connections_.find(id);
      if (found != connections_.end()) pump(*found->second);
    });
  }
  env_.judge.hold(connection.in_flight == 0, "F1", [&] {
    return "connection " + std::to_string(connection.id) + " is handed a second batch";
  });
  const MonoTime now = env_.loop.mono_now();
  connection.in_flight = batch->size();
  MonoTime arrives = now;
  for (std::size_t i = 0; i < batch->size(); ++i) {
    arrives += connection.reader->drain_time() + connection.reader->latency();
    later(arrives - now, [this, id = connection.id, batch, i] {
      const auto found = connections_.find(id);
      if (found == connections_.end()) return;
      --found->second->in_flight;
      found->second->reader->receive(id, (*batch)[i].text());
      const auto still = connections_.find(id);
      if (still != connections_.end() && still->second->in_flight == 0) pump(*still->second);
    });
  }
}

}  // namespace sb::sim
