#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sb/fs_watch/watcher.h"
#include "sb/process/process_watch.h"
#include "sb/session/agents.h"
#include "sb/session/session_service.h"
#include "sb/sqlite/database.h"
#include "sb/sqlite/submit.h"

#include "program_levels.h"

namespace sb::session {

/// One session in memory, ahead of its table by what is in flight.
struct Live {
  SessionRow row;  ///< all but `facts`, which are the state's
  SessionState state;
  const Agent* agent = nullptr;
  std::uint64_t serial = 0;             ///< tells two lives of one id apart
  std::optional<SessionRow> committed;  ///< what the table is known to hold
  std::optional<SessionRow> queued;     ///< what it holds once all writes are through
  std::size_t in_flight = 0;            ///< writes
  std::vector<std::function<void(Result<void>)>> waiting;  ///< for the last write in flight

  process::ProcessWatch::WatchId watch = 0;
  ProcessIdentity watched;
  Loop::TimerId timer = 0;
  bool reading = false;  ///< a level is being read
  bool read_again = false;
  std::optional<MonoTime> read_at;  ///< when the next one is due
  std::string level_file;           ///< whose change is a hint
};

struct SessionService::Impl : std::enable_shared_from_this<SessionService::Impl> {
  Impl(Deps given, std::vector<std::unique_ptr<LevelSource>> sources);

  [[nodiscard]] Now now() const { return {deps.clock.mono_now(), deps.clock.wall_now()}; }
  [[nodiscard]] std::uint64_t next_stamp() { return deps.counter.next().sequence; }
  [[nodiscard]] Live* find(const std::string& id) const {
    const auto found = lives.find(id);
    return found == lives.end() ? nullptr : found->second.get();
  }

  // --- hooks in (service_intake.cc) ---
  Result<Live*> take_event(const Agent& agent, const AgentEvent& event,
                           const HookLocators& locators);
  Result<Live*> make_live(const Agent& agent, const std::string& id, const std::string& session);
  void place(Live& live, const AgentEvent& event, const HookLocators& locators);
  void find_by_link(const std::string& id, std::string directory);
  void settle_start(const Live& live);
  [[nodiscard]] bool was_forgotten(const std::string& id, const Edge& edge) const;
  void remember_forgotten(const Live& live);

  // --- programs on terminals (service_programs.cc) ---
  [[nodiscard]] std::vector<Live*> sessions_in(const ProcessIdentity& leader) const;
  void replace_programs(const Live& live);
  void tell_edge(const ProcessIdentity& process, AgentEvent event);

  // --- tables (service_writes.cc) ---
  void persist(Live& live, std::function<void(Result<void>)> done);
  void written(std::uint64_t serial, const SessionRow& row, const Result<void>& result);
  void revert(Live& live);
  void forget(const std::string& id, std::function<void(Result<void>)> done);
  void tell(const SessionRow& row);
  void tell_removed(const std::string& id, std::uint64_t stamp);
  void emit(const Event& event) {
    if (stopped) return;
    for (const auto& listener : listeners) listener(event);
  }

  // --- the world (service_levels.cc) ---
  void follow(Live& live);  // after every step: process, level, timer, table
  void watch_process(Live& live);
  void process_ended(const std::string& id, const ProcessIdentity& process,
                     std::optional<int> code);
  void take(Live& live, const Signal& signal);
  void schedule(Live& live);
  void wake(const std::string& id);
  void watch_level(Live& live);
  void retry_watch(const Live& live);
  [[nodiscard]] std::vector<const LevelSource*> sources_of(const Live& live) const;
  void read_level(Live& live);
  [[nodiscard]] std::optional<std::chrono::milliseconds> pause_before_look(
      const Live& live, const std::vector<Level>& read) const;
  void take_levels(const std::string& id, const std::vector<Level>& levels);
  void files_changed(const std::vector<fs_watch::Event>& events);
  [[nodiscard]] LevelQuery query_of(const Live& live) const {
    return {live.row.agent_session, live.state.process, live.row.config_directory};
  }
  void drop(Live& live);  // its watch and timer

  struct Told {
    model::WorkspaceId workspace;
    std::vector<std::string> requests;
  };
  struct Forgotten {
    std::string id;
    ProcessIdentity process;
    std::uint64_t order = 0;
  };
  struct Directory {
    fs_watch::WatchId watch = 0;
    bool installed = false;
    bool broken = false;  // not there, or not to be trusted
  };

  Deps deps;
  std::vector<std::unique_ptr<LevelSource>> levels;
  ProgramLevels* programs = nullptr;  // one of them
  const WorkspaceLocator* locator = nullptr;
  std::vector<std::function<void(const Event&)>> listeners;
  std::map<std::string, std::unique_ptr<Live>> lives;
  std::map<std::string, Told> told;
  std::deque<Forgotten> forgotten;
  std::map<std::string, Directory> directories;  // of level files
  // Who waits for a removal, by its stamp. Kept here, because what a job of the database thread
  // holds may be destroyed there.
  std::map<std::uint64_t, std::vector<std::function<void(Result<void>)>>> removals;
  std::uint64_t last_serial = 0;
  bool started = false;
  bool stopped = false;
};

}  // namespace sb::session
