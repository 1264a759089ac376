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

#include "sb/core/metrics.h"
#include "sb/core/mutant.h"
#include "sb/orchestration/ingest.h"
#include "sb/orchestration/reconciler.h"
#include "sb/snapshot/dialect1_session.h"
#include "sb/snapshot/store.h"
#include "sb/snapshot/sync_session.h"

#include "checks.h"
#include "drift.h"
#include "oracle.h"
#include "own_view.h"
#include "swarm.h"
#include "world.h"

namespace sb::sim {

class Reader;

inline constexpr const char* kProducers[kSources] = {"snapboard", "producer/1", "producer/2",
                                                     "producer/3"};

/// One life of the server process: the shipped store, ingest, view of our own domains, reconciler
/// and sessions, and around them the shells that are I/O in the product: tables, database queue,
/// git reads, journal, timers and sockets. Destroying it is a crash. Thread: externally locked.
class Server : public std::enable_shared_from_this<Server> {
 public:
  Server(Env& env, World& world, Checks& checks, std::string epoch);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  /// Loads tables and journal, after a while; until then nothing is served.
  void start();
  [[nodiscard]] bool ready() const { return ready_; }

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
  /// Dialect 1; 0 when refused.
  ConnectionId connect(Reader& reader, int project, const std::string& cursor);
  /// Dialect 2: `hello` is its first message.
  ConnectionId connect(Reader& reader, const std::string& hello);
  void send(ConnectionId id, const std::string& text);  ///< a message of the client
  void disconnect(ConnectionId id);
  [[nodiscard]] std::string read(int project);  ///< the text of a plain snapshot read

  [[nodiscard]] const snapshot::Store& store() const { return store_; }
  [[nodiscard]] Oracle& oracle() { return oracle_; }
  [[nodiscard]] std::uint64_t drift() const { return drift_.total(); }
  /// The naive comparison of everything.
  void judge();

 private:
  struct Connection {
    ConnectionId id = 0;
    Reader* reader = nullptr;
    std::unique_ptr<snapshot::Dialect1Session> dialect1;  // one of the two
    std::unique_ptr<snapshot::SyncSession> dialect2;
    std::size_t in_flight = 0;  // messages handed over and not yet drained
    std::optional<MonoTime> wakes_at;
    // Of dialect 1: what its checks look at.
    int project = 0;
    std::uint64_t handed = 0;  // head when the last batch was handed over
    bool first = true;
    std::optional<MonoTime> waiting_since;
  };
  struct QueuedStep {
    orchestration::JournalStep rows;
    bool forgets = false;  ///< what was said before of the workspaces it forgets is void for good
    std::uint64_t number = 0;
    std::function<void()> done;
  };
  struct SourceOrder {
    std::vector<std::string> lives;
    std::uint64_t sequence_max = 0;
  };

  void later(std::chrono::nanoseconds delay, std::function<void()> task);
  void database(std::function<void()> job);
  void run_database();
  void load();
  void restore();
  void take(const workspace::Event& event, const Statement& statement, std::uint64_t stamp);
  void mirror(const Statement& statement, const model::Stamp& stamp, bool pass);
  void tell_project(Told told, int project, std::uint64_t stamp);
  void on_row(int workspace, const Row& row);
  void on_removed(int workspace, int project, std::int64_t version, std::uint64_t stamp);
  void on_git(int workspace, std::int64_t version, const model::Stamp& stamp);
  void read_git(int workspace);
  void read_rows();
  bool apply_rows(const std::map<int, Row>& rows, const std::set<int>& projects,
                  const model::Stamp& fence);
  void end_pass_part();
  void schedule_pass();
  void take(const Incoming& event, const orchestration::Ingest::Verdict& verdict);
  void write_journal(orchestration::JournalStep rows, bool forgets, std::function<void()> done);
  void hear_floor(int workspace, int source, const model::Stamp& stamp);
  void note_written(const QueuedStep& step);
  void commit_journal(const orchestration::JournalStep& step);
  void journal_own_removal(int workspace);
  std::optional<model::Stamp> naive_stamp(const Incoming& event);
  void removed(int workspace, int source, std::int64_t version);
  void notice_evictions();
  void on_commit();
  ConnectionId open(Connection connection);
  void wake(Connection& connection, std::optional<MonoTime> at);
  void pump(Connection& connection);
  std::shared_ptr<const snapshot::MessageBatch> next(Connection& connection);
  void deliver(Connection& connection, const std::shared_ptr<const snapshot::MessageBatch>& batch);
  void pump_all();
  void after_change();

  Env& env_;
  World& world_;
  Checks& checks_;
  model::OwnCounter counter_;
  snapshot::Store store_;
  snapshot::Dialect1Encoder encoder_;
  snapshot::ViewEncoder views_;
  orchestration::Ingest ingest_;
  struct Tracker;
  std::unique_ptr<Tracker> tracker_;
  Metrics metrics_;
  orchestration::DriftLog drift_;
  orchestration::OwnView own_;
  orchestration::Reconciler reconciler_;
  model::Stamp cycle_fence_;
  Oracle oracle_;
  std::map<int, SourceOrder> orders_;
  std::uint64_t arrivals_ = 0;
  std::set<std::string> seen_;
  std::uint64_t evictions_ = 0;
  std::set<int> leaving_;    // removed by the pass that is being applied
  std::set<int> uncertain_;  // with few tombstones: what was removed may come back

  std::deque<std::function<void()>> database_;
  bool database_busy_ = false;
  struct GitRead {
    bool again = false;
    bool void_now = false;  // begun before the worktree was tracked as it is now
  };
  std::map<int, GitRead> git_reads_;      // in flight
  std::map<int, std::int64_t> git_seen_;  // version of the last read
  std::vector<std::function<void()>> pass_waiters_;
  std::deque<QueuedStep> journal_;

  std::map<ConnectionId, std::unique_ptr<Connection>> connections_;
  ConnectionId last_connection_ = 0;
  bool pump_posted_ = false;
  bool loading_ = false;
  bool ready_ = false;
};

}  // namespace sb::sim
