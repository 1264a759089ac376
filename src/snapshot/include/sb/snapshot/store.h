#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sb/core/clock.h"
#include "sb/core/result.h"
#include "sb/model/ids.h"
#include "sb/model/project.h"
#include "sb/model/stamp.h"
#include "sb/snapshot/entry.h"
#include "sb/snapshot/project_pulse.h"
#include "sb/snapshot/source_memory.h"
#include "sb/snapshot/update.h"

namespace sb::snapshot {

struct Entity;                      // inside this room only
struct IndexNode;                   // inside this room only
enum class LabelId : std::uint8_t;  // inside this room only

struct Limits {
  std::size_t workspaces_per_project_max = 500;  // entries
  std::size_t workspaces_max = 20'000;           // entries of all projects
  std::size_t projects_max = 1'000;              // projects
  std::size_t tombstones_max = 10'000;           // tombstones
  std::chrono::seconds tombstone_age_min = std::chrono::hours(1);
  std::size_t sources_max = 1'000;       // external producers
  Revision revision_max = kRevisionMax;  // of one epoch; the commit after it begins a new one
};

struct StoreCounts {
  std::size_t projects = 0;
  std::size_t entries = 0;
  std::size_t tombstones = 0;
  std::size_t evicted = 0;
  std::uint64_t evictions_total = 0;
};

/// What changed for a view since a revision: entries to put, ids to delete, oldest change first.
struct Change {
  Revision revision = 0;
  model::WorkspaceId id;
  bool removed = false;  ///< removed, moved away or hidden: not in the view any more
  PublishedEntry entry;  ///< set unless removed
};

/// The materialised view: every workspace of every project, its facts with their stamps, what
/// derives from them, and the change index that answers "what changed since". Lifecycle: one per
/// process, a new random epoch each time; filled by orchestration before anything is served. Should
/// an epoch ever run out of revisions, the next commit begins another and publishes everything
/// anew. Thread: confined to the loop. No I/O, no clock of its own: time comes in with each call.
/// Rules: architecture, section 6; contract, sections 3 to 6.
class Store {
 public:
  Store(std::string epoch, Limits limits);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // --- sources ---
  /// The id of a producer, interned on first sight. Errors: limit_exceeded.
  Result<SourceId> source(std::string_view name);
  /// Takes the producer interned last back. REQUIRES: nothing it said was taken in; the removal of
  /// a workspace that is not known is.
  void forget_source(SourceId source);
  /// How many there are, ourselves included.
  [[nodiscard]] std::size_t source_count() const;
  [[nodiscard]] std::string_view source_name(SourceId source) const;
  /// The life a source is in now; 0 when it never named one.
  [[nodiscard]] std::uint32_t current_epoch(SourceId source) const;
  /// The label of updates behind an id kept with a fact.
  [[nodiscard]] std::string_view label_text(LabelId label) const;
  /// The ordinal of a source's life. A life not seen before becomes the current one, and what the
  /// source said before turns stale. A retired life (seen, then replaced) gives nothing: its events
  /// are stale.
  std::optional<std::uint32_t> source_epoch(SourceId source, std::string_view epoch);
  /// Restores a life at start-up, oldest first, without making anything stale.
  void restore_source_epoch(SourceId source, std::string_view epoch);

  // --- projects ---
  /// Adds or replaces a project. Errors: limit_exceeded.
  Result<void> put_project(model::ProjectInfo project);
  /// Removes a project and every entry, tombstone and marker of it, and answers their ids. Its
  /// subscribers see `project()` turn null.
  std::vector<model::WorkspaceId> remove_project(const model::ProjectId& id);
  /// Takes a project back in the same turn it was put. REQUIRES: it is empty.
  void forget_project(const model::ProjectId& id);
  [[nodiscard]] const model::ProjectInfo* project(const model::ProjectId& id) const;
  [[nodiscard]] std::vector<model::ProjectInfo> projects() const;
  [[nodiscard]] std::size_t workspace_count(const model::ProjectId& id) const;  ///< visible ones

  // --- writes ---
  /// Applies one update as one commit. `wall` is for display (computedAt), `mono` for ages and
  /// eviction.
  Applied apply(const UpdateView& update, WallTime wall, MonoTime mono);
  Applied apply(const Update& update, WallTime wall, MonoTime mono) {
    return apply(UpdateView{update.workspace, update.source, update.stamp, update.kind,
                            update.cause, update.label, update.facts},
                 wall, mono);
  }
  /// Joins every apply until `end_commit` into one commit with one revision.
  void begin_commit();
  void end_commit();
  /// A read of `source` listed `present` of a project and nothing else: removes entities whose
  /// existence that source owns and that were not touched since `fence`. Answers what it removed.
  std::vector<model::WorkspaceId> apply_absence(SourceId source, const model::ProjectId& project,
                                                std::span<const model::WorkspaceId> present,
                                                model::Stamp fence, WallTime wall, MonoTime mono);
  /// `source` has restated everything of `project` in its current life: removes its workspaces not
  /// restated since.
  std::vector<model::WorkspaceId> source_synced(SourceId source, const model::ProjectId& project,
                                                WallTime wall, MonoTime mono);
  void set_review_count(std::optional<std::int64_t> count);
  /// Drops tombstones that are old enough; raises floors. Call now and then. Answers the absent
  /// workspaces of which nothing is held any more since the last call: what a journal holds of them
  /// can go as well.
  std::vector<model::WorkspaceId> expire(MonoTime mono);

  /// What `source` said of a workspace besides the values held now, for the journal. Of a removed
  /// workspace: as of when nothing older counts.
  [[nodiscard]] SourceMemory memory(const model::WorkspaceId& id, SourceId source) const;
  /// True of a workspace that is here, and of one of which it is remembered why it is not.
  [[nodiscard]] bool knows(const model::WorkspaceId& id) const;
  /// The external sources that spoke of a removed workspace, as its tombstone tells.
  [[nodiscard]] std::vector<SourceId> speakers(const model::WorkspaceId& id) const;
  /// The reverse, at start-up. Of an absent id only as of when it was removed counts.
  void recall(const model::WorkspaceId& id, SourceId source, std::string_view memory, WallTime wall,
              MonoTime mono);

  // --- reads ---
  /// The name of the epoch, compared for equality only. The text changes when a new one begins.
  [[nodiscard]] const std::string& epoch() const;
  /// Differs whenever `epoch()` does, and costs nothing to compare.
  [[nodiscard]] std::uint64_t epoch_number() const;
  [[nodiscard]] Revision head() const;
  /// What readers of this project compare first. Null when there is no such project.
  [[nodiscard]] std::shared_ptr<const ProjectPulse> pulse(const model::ProjectId& project) const;
  /// The floor of one project: its head when there is no such project.
  [[nodiscard]] Revision floor(const model::ProjectId& project) const;
  [[nodiscard]] std::optional<std::int64_t> review_count() const;
  [[nodiscard]] Revision review_count_revision() const;
  [[nodiscard]] std::optional<PublishedEntry> entry(const model::WorkspaceId& id) const;
  /// Visible entries, newest createdAt first, id as tiebreak.
  [[nodiscard]] std::vector<PublishedEntry> entries(const model::ProjectId& project) const;
  /// Everything of the project that changed above `since`, oldest first. Cost: the size of the
  /// answer.
  [[nodiscard]] std::vector<Change> changes(const model::ProjectId& project, Revision since) const;
  /// The same for the rooms' own encoders, without a copy: fills `moved`. Valid until the next
  /// write.
  void find_moved(const model::ProjectId& project, Revision since,
                  std::vector<const IndexNode*>& moved) const;
  /// The floor of the view over all projects: also raised when a project is removed.
  [[nodiscard]] Revision floor() const;
  /// For the rooms' own sync sessions and explanations: calls `visit` for every id of one project
  /// (null: of all) that changed above `since`, hidden or not, newest first within a project. Cost:
  /// the size of the answer, and one step per project.
  void walk(const model::ProjectId* project, Revision since,
            const std::function<void(const IndexNode&)>& visit) const;
  /// What the store holds of one id, for the same. Null when absent. Valid until the next write.
  [[nodiscard]] const Entity* entity(const model::WorkspaceId& id) const;
  /// The raw facts as held, for tests, explain and the pass. Null when absent. Valid until the next
  /// write.
  [[nodiscard]] const model::Facts* facts(const model::WorkspaceId& id) const;
  /// A live element as held. Null when absent. Valid until the next write.
  [[nodiscard]] const model::SessionSummary* session(const model::WorkspaceId& id,
                                                     std::string_view session_id) const;
  [[nodiscard]] const model::Terminal* terminal(const model::WorkspaceId& id,
                                                std::string_view terminal_id) const;
  [[nodiscard]] std::vector<model::WorkspaceId> ids(const model::ProjectId& project) const;
  [[nodiscard]] StoreCounts counts() const;

  /// Called once after each commit that took a revision. At most one listener; it must not write to
  /// the store.
  void on_commit(std::function<void()> listener);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sb::snapshot
