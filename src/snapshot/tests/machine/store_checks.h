#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sb/snapshot/store.h"

#include "oracle/oracle.h"

namespace sb::snapshot {

/// What the store holds and publishes, held against the naive oracle and against what it published
/// before. Every check fails the running property with the name of the guarantee first.
/// Thread: externally locked.
class StoreChecks {
 public:
  StoreChecks(const Store& store, int workspaces, int projects);

  /// After one command. `joined`: several updates in one commit, of which the last may undo the
  /// first. `gone`: a project was removed, which readers are told although no entry moved.
  void after(const sim::Oracle& oracle, bool joined, bool gone);
  /// The project is another one from now on: cursors from before are void.
  void forget_project(int project);

 private:
  using State = std::map<int, PublishedEntry>;  // everything published, hidden entries too

  void against(const sim::Oracle& oracle) const;
  void commit(const State& now, bool joined, bool gone);
  void fields(const State& before, const State& now) const;
  void index() const;
  void replay(int project, Revision since, const State& then, const State& now) const;
  [[nodiscard]] State take() const;

  const Store* store_;
  int workspaces_;
  int projects_;
  Revision head_ = 0;
  std::optional<std::int64_t> review_count_;
  std::map<Revision, State> history_;  // the newest is what was published last
  std::map<int, Revision> newest_;     // per workspace, over removal and re-creation
  std::vector<Revision> floors_;
};

}  // namespace sb::snapshot
