#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sb/model/stamp.h"
#include "sb/snapshot/derive.h"
#include "sb/snapshot/store.h"

#include "statement.h"

namespace sb::sim {

/// The naive judge: plain maps of who said what, when by its own count and when it arrived, and
/// everything that is shown computed anew from them each time. No index, no cache, no patches, no
/// revisions. It is told what the store is told and must come to the same state.
/// Thread: externally locked.
class Oracle {
 public:
  struct Origin {
    int source = kOwn;
    model::Stamp stamp;
    std::uint64_t arrival = 0;
  };
  enum class Answer { accepted, stale, not_found, conflict };

  void put_project(int project) { projects_.insert(project); }
  void remove_project(int project);
  [[nodiscard]] bool has_project(int project) const { return projects_.contains(project); }

  /// `stale` and `conflict` change nothing. Creation and existence included.
  Answer say(const Statement& statement, const model::Stamp& stamp, WallTime wall);
  /// What an event about a session's activity comes to, by whether the session is known now.
  [[nodiscard]] Statement resolve(const Statement& statement) const;
  Answer remove(int workspace, int source, const model::Stamp& stamp);
  /// Ids a read of `source` at `fence` takes away, and does.
  std::vector<int> absence(int source, int project, const std::set<int>& present,
                           const model::Stamp& fence);
  std::vector<int> synced(int source, int project, std::uint32_t epoch);
  /// The store dropped it for want of room.
  void evict(int workspace);
  /// After a restart: facts of one source that the journal kept, told again without contest.
  /// `late`: it was stale, and told only what it tells besides values.
  void recall(const Statement& statement, const model::Stamp& stamp, WallTime wall, bool late);
  void recall_removal(int workspace, int source, const model::Stamp& stamp);
  void recall_floor(int workspace, int source, const model::Stamp& stamp);
  void forget_tombstone(int workspace) {
    tombstones_.erase(workspace);
    evicted_.erase(workspace);
  }

  /// True when a statement counts for what it tells besides values, even a stale one: nothing
  /// removed the workspace since.
  [[nodiscard]] bool listens(int workspace, int source, const model::Stamp& stamp) const;
  [[nodiscard]] bool exists(int workspace) const { return entities_.contains(workspace); }
  [[nodiscard]] std::optional<model::Stamp> tombstone(int workspace, int source) const;
  /// Of a workspace that is there: up to when nothing counts that the source said of it.
  [[nodiscard]] std::optional<model::Stamp> floor(int workspace, int source) const;
  [[nodiscard]] bool tombstoned(int workspace) const { return tombstones_.contains(workspace); }
  [[nodiscard]] bool evicted(int workspace) const { return evicted_.contains(workspace); }
  [[nodiscard]] std::vector<int> members(int project) const;
  /// Visible ids of a project, newest creation first.
  [[nodiscard]] std::vector<int> shown(int project) const;
  /// What differs between the store's entry and what it should be; empty when nothing does.
  [[nodiscard]] std::string difference(const snapshot::Store& store, int workspace) const;
  /// True when several sources spoke of what one of them decides, so that the order of arrival
  /// counts, which a restart does not keep.
  [[nodiscard]] bool arrival_decides(int workspace) const;
  /// The number held for a scalar; nothing when nobody reported it.
  [[nodiscard]] std::optional<std::int64_t> value(int workspace, model::Field field) const;

 private:
  using Stamps = std::array<std::optional<model::Stamp>, kSources>;
  struct ScalarState {
    bool known = false;
    Origin origin;
    std::int64_t value = 0;
    Stamps newest;  // per source, also of sources that do not hold it now
  };
  struct ElementState {
    Element element;
    Origin origin;
    WallTime at{};
    bool live = false;
    [[nodiscard]] model::SessionSummary session() const {
      return make_session(origin.source, element, at);
    }
  };
  struct PrWord {
    Origin origin;
    std::int64_t value;  // kNull: none
  };
  struct Entity {
    Stamps floors;
    Stamps touched;
    std::array<ScalarState, model::kScalarCount> scalars;
    std::vector<ElementState> elements;
    std::array<Stamps, 3> whole_floors;  // per collection
    std::array<bool, 3> reported{};
    std::vector<Origin> session_words, start_words, request_words;
    std::vector<PrWord> numbers, urls;
  };
  struct Shown;

  static void raise(std::optional<model::Stamp>& held, const model::Stamp& stamp);
  static bool newer(const Stamps& stamps, int source, const model::Stamp& stamp);
  static bool counts(const ScalarState& fact, const std::vector<Origin>& words);
  static void hear(std::vector<PrWord>& words, PrWord word);
  static std::optional<Origin> identity_since(const std::vector<PrWord>& words);
  bool contradicts_own(const Entity& entity, const Statement& statement) const;
  bool merge(Entity& entity, const Statement& statement, const Origin& origin, WallTime wall,
             bool late = false);
  bool merge_element(Entity& entity, const Element& element, const Origin& origin, WallTime at);
  static void void_older(Entity& entity, int source, const model::Stamp& stamp);
  static Shown settle(const Entity& entity);
  Entity* create(const Statement& statement, const model::Stamp& stamp);

  std::set<int> projects_;
  std::map<int, Entity> entities_;
  std::map<int, std::pair<int, Stamps>> tombstones_;  // (project or -1, stamps)
  std::map<int, std::pair<int, Stamps>> evicted_;
  std::uint64_t arrivals_ = 0;
};

}  // namespace sb::sim
