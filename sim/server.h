#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "sb/orchestration/ingest.h"
#include "sb/snapshot/dialect1_session.h"
#include "sb/snapshot/store.h"

#include "checks.h"
#include "oracle.h"
#include "swarm.h"
#include "world.h"

namespace sb::sim {

class Client;

/// One life of the server process: the shipped store, ingest and sessions, and around them the
/// shells that are I/O in the product: tables, database queue, git reads, journal, timers and
/// sockets. The rules of the pass are those of orchestration: fence, read, apply, absence, point
/// re-read. Destroying it is a crash. Thread: externally locked.
class Server : public std::enable_shared_from_this<Server> {
 public:
  Server(Env& env, World& world, Checks& checks, std::string epoch);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  /// Loads tables and journal. `remembered`: what the oracle knows to be acknowledged or written.
  void start();

  // --- our own domains ---
  /// Queues one write to our own tables; `write` runs when its turn comes and answers what to tell.
  enum class Told { nothing, changed, removed, project_removed, project_added };
  void own_write(std::function<Told(World&, std::uint64_t stamp)> write, int workspace,
                 int project);
  void git_hint(int workspace);
  /// One pass now, unless one runs.
  void reconcile(std::function<void()> done = nullptr);
  void set_review_count(std::int64_t count);

  // --- events in ---
  struct Incoming {
    StatementPtr statement;
    std::string id;
    std::string epoch;
    std::optional<std::uint64_t> sequence;
  };
  /// `done` after the journal has it; never when the process dies before.
  void submit(std::vector<Incoming> events, std::function<void()> done);

  [[nodiscard]] bool knows_life(int source, const std::string& epoch) const;

  // --- clients ---
  using ConnectionId = std::uint64_t;
  ConnectionId connect(Client& client, int project, const std::string& cursor);
  void disconnect(ConnectionId id);
  [[nodiscard]] std::string read(int project);  ///< the text of a plain snapshot read

  [[nodiscard]] const snapshot::Store& store() const { return store_; }
  [[nodiscard]] Oracle& oracle() { return oracle_; }
  [[nodiscard]] bool pass_running() const { return pass_parts_ != 0; }
  [[nodiscard]] bool idle() const;  ///< nothing queued: database, journal, reads
  /// The naive comparison of everything.
  void judge();

 private:
  struct Connection;
  struct QueuedStep {
    orchestration::Ingest::JournalStep rows;
    bool forgets = false;  ///< what was said before of the workspaces it forgets is void for good
  };
  struct SourceOrder {
    std::vector<std::string> lives;
    std::uint64_t sequence_max = 0;
  };

  void later(std::chrono::nanoseconds delay, std::function<void()> task);
  void database(std::function<void()> job);
  void run_database();
  snapshot::Applied apply(const Statement& statement, const model::Stamp& stamp, bool pass,
                          bool removal);
  void tell(int workspace, Told told, int project);
  void on_row(int workspace, const Row& row);
  void track(int workspace, bool known_before);
  void read_git(int workspace);
  void read_rows(bool again, std::uint64_t cycle_fence);
  bool apply_rows(const std::map<int, Row>& rows, const std::set<int>& projects,
                  const model::Stamp& fence);
  void end_pass_part();
  void schedule_pass();
  void take(const Incoming& event, const orchestration::Ingest::Verdict& verdict);
  void write_journal(QueuedStep step, std::function<void()> done);
  void commit_journal(const QueuedStep& step, std::uint64_t number);
  void journal_own_removal(int workspace);
  std::optional<model::Stamp> naive_stamp(const Incoming& event);
  void removed(int workspace, int source, std::int64_t version);
  void notice_evictions();
  void on_commit();
  void pump(Connection& connection);
  void pump_all();
  void after_change();

  Env& env_;
  World& world_;
  Checks& checks_;
  model::OwnCounter counter_;
  snapshot::Store store_;
  snapshot::Dialect1Encoder encoder_;
  orchestration::Ingest ingest_;
  Oracle oracle_;
  std::map<int, SourceOrder> orders_;
  std::uint64_t arrivals_ = 0;
  std::set<std::string> seen_;
  std::uint64_t evictions_ = 0;
  std::set<int> uncertain_;  // with few tombstones: what was removed may come back

  std::deque<std::function<void()>> database_;
  bool database_busy_ = false;
  struct GitRead {
    bool again = false;
  };
  std::map<int, GitRead> git_reads_;      // in flight
  std::map<int, std::int64_t> git_seen_;  // version of the last read
  std::size_t pass_parts_ = 0;
  std::vector<std::function<void()>> pass_waiters_;
  std::deque<QueuedStep> journal_;
  std::size_t journal_pending_ = 0;

  std::map<ConnectionId, std::unique_ptr<Connection>> connections_;
  ConnectionId last_connection_ = 0;
  bool pump_posted_ = false;
  bool loading_ = false;
};

}  // namespace sb::sim
