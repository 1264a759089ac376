#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "sb/snapshot/store.h"
#include "sb/snapshot/sync_batch.h"

#include "oracle.h"
#include "swarm.h"
#include "world.h"

namespace sb::sim {

inline constexpr int kProjects = 4;

/// Checkers, one per guarantee and called by its name: I1 to I10 and L1 to L3, F3, M1, M2, R2
/// here, those of delivery (T1 to T7, F1, F4, F5) in the client and the connection, which ask this
/// for history. They look at what is shown and at the true state; none looks at a stamp of the
/// store. Thread: externally locked.
class Checks {
 public:
  explicit Checks(Env& env) : env_(&env) {}

  /// A new life of the server begins: revisions and what was shown start over.
  void new_life(const std::string& epoch);
  /// The server ran out of revisions: they start over, and what was shown stands.
  void new_epoch(const std::string& epoch);
  [[nodiscard]] const std::string& epoch() const { return epoch_; }

  enum class By { event, read, removal_event, absence };
  /// The tables are in the store: from now on it may be served.
  void stated() { stated_ = true; }
  /// R4: a baseline reached a client.
  void baseline(const std::string& epoch);
  /// What was known of a workspace went with its project.
  void forget(int workspace);
  /// I1, I2, I3, I5: called after anything was applied to a workspace.
  void shown(const snapshot::Store& store, const Statement& statement, By by);
  /// Remembers that `source` removed a workspace as of a version of the true state.
  void removed(int workspace, int source, std::int64_t version);
  /// I4: an absence took `workspace` although it existed when the read began.
  void absence(int workspace, bool existed);
  /// I8: after a pass nothing shown is older than what the pass read.
  void repaired(const snapshot::Store& store, int workspace, const Row& row);
  /// L1, L3, M1, M2 and the history of views; called at each commit.
  void committed(const snapshot::Store& store);
  /// I6, V1: everything shown equals the naive recomputation.
  /// Nothing is said of the `uncertain`: what blocked their old facts may have been dropped.
  void everything(const snapshot::Store& store, const Oracle& oracle, std::string_view guarantee,
                  const std::set<int>& uncertain);
  /// L2: changes(R) on top of state(R) is state(head).
  void log_replays(const snapshot::Store& store);
  /// F3: whatever a reader lags behind, to bring it to the head costs no more than the whole view
  /// and one batch.
  void catching_up(snapshot::ViewEncoder& views);

  // --- history, for delivery ---
  using View = std::map<int, std::uint64_t>;  // id -> revision
  [[nodiscard]] std::shared_ptr<const snapshot::EntryText> text(int workspace,
                                                                std::uint64_t revision) const {
    return text(epoch_, workspace, revision);
  }
  /// Of an earlier epoch of this life too: what was said then may still be on its way.
  [[nodiscard]] std::shared_ptr<const snapshot::EntryText> text(const std::string& epoch,
                                                                int workspace,
                                                                std::uint64_t revision) const;
  /// The view of a project as it was at a revision; null when that revision never was.
  [[nodiscard]] const View* view(int project, std::uint64_t revision) const;
  /// True when a status reason or the membership moved after `since`.
  [[nodiscard]] bool reason_moved(int project, std::uint64_t since) const;
  [[nodiscard]] std::uint64_t visible_head(int project) const;
  /// A hash of everything that ever was shown, wall clock times left out (I10).
  [[nodiscard]] std::uint64_t fingerprint() const { return fingerprint_; }

 private:
  struct Seen {
    View view;
    std::map<int, model::StatusReasonCode> reasons;
    std::uint64_t head = 0;
    std::uint64_t reason_head = 0;
  };
  using Versions = std::array<std::int64_t, kSources>;
  enum Slot : std::size_t { name_slot, branch_slot, port_slot, git_slot, retry_slot, slots };
  void never_back(int workspace, std::size_t slot, std::int64_t tagged_version, By by,
                  std::string_view what);

  Env* env_;
  std::map<std::pair<int, std::size_t>, Versions> newest_;
  std::map<int, Versions> removed_;
  std::map<int, By> last_by_;

  std::string epoch_;
  bool stated_ = false;
  std::uint64_t head_ = 0;
  std::array<std::uint64_t, kProjects> floors_{};
  std::array<std::shared_ptr<Seen>, kProjects> now_;
  std::vector<std::array<std::shared_ptr<Seen>, kProjects>> history_;  // by revision
  using Texts = std::map<std::pair<int, std::uint64_t>,                // id and revision
                         std::shared_ptr<const snapshot::EntryText>>;
  std::map<std::string, Texts> texts_;  // by epoch
  Texts* texts_now_ = nullptr;          // of this one
  std::uint64_t fingerprint_ = 0;
};

}  // namespace sb::sim
