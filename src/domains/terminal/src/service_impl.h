#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sb/process/process_watch.h"
#include "sb/sqlite/database.h"
#include "sb/sqlite/submit.h"
#include "sb/terminal/terminal_service.h"

#include "tables.h"

namespace sb::terminal {

/// One terminal as the table is known to hold it.
struct Known {
  TerminalRow row;
  process::ProcessWatch::WatchId watch = 0;
  ProcessIdentity watched;
};

struct TerminalService::Impl : std::enable_shared_from_this<TerminalService::Impl> {
  explicit Impl(Deps given) : deps(std::move(given)) {}

  template <class T>
  void write(std::function<Result<T>(sqlite::Database&)> job, std::function<void(Result<T>)> then) {
    sqlite::submit<T>(deps.loop, deps.writer, weak_from_this(), std::move(job), std::move(then));
  }
  [[nodiscard]] std::uint64_t next_stamp() { return deps.counter.next().sequence; }
  void emit(const Event& event) {
    if (stopped) return;
    for (const auto& listener : listeners) listener(event);
  }
  [[nodiscard]] Known* find(const std::string& id) {
    const auto found = terminals.find(id);
    return found == terminals.end() ? nullptr : &found->second;
  }

  /// True when a report says nothing new, and nothing is on its way that could change that.
  [[nodiscard]] bool is_known(const TerminalRow& next);
  void write_report(TerminalRow next, std::function<void(Result<void>)> done);
  /// After a commit: remembers, watches and tells.
  void take(const Step& step);
  void take_removed(const TerminalRemoved& removed);
  void close(const std::string& id, const ProcessIdentity& process);
  void repair(const Contents& contents);
  void watch(Known& known);
  void unwatch(Known& known);
  void remove_later(const std::string& id);

  Deps deps;
  const WorkspaceLocator* locator = nullptr;
  std::vector<std::function<void(const Event&)>> listeners;
  std::map<std::string, Known> terminals;
  std::map<std::string, std::size_t> in_flight;  // writes by terminal
  bool started = false;
  bool stopped = false;
};

}  // namespace sb::terminal
