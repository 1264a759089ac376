#include "checks.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "sb/core/hash.h"

namespace sb::sim {

using model::Field;
using snapshot::Store;

namespace {

constexpr std::size_t kSessionSlots = 16;  // after the scalars, by source and id

std::int64_t number_in(std::string_view text) {
  const auto digits = text.find_first_of("0123456789");
  std::int64_t number = 0;
  if (digits != std::string_view::npos) {
    std::from_chars(text.data() + digits, text.data() + text.size(), number);
  }
  return number;
}

std::string at(int workspace) {
  return "w" + std::to_string(workspace) + " ";
}

std::string text_of(const Checks::View& view) {
  std::string text;
  for (const auto& [id, revision] : view) {
    text += " w" + std::to_string(id) + "@" + std::to_string(revision);
  }
  return text.empty() ? " nothing" : text;
}

Checks::View view_of(const Store& store, int project) {
  Checks::View view;
  for (const auto& entry : store.entries(project_id(project))) {
    view.emplace(workspace_number(entry.id.view()), entry.revision);
  }
  return view;
}

}  // namespace

void Checks::new_life(const std::string& epoch) {
  stated_ = false;
  removed_.clear();  // a removal nobody was told of may not have been written
  newest_.clear();
  last_by_.clear();
  texts_.clear();
  new_epoch(epoch);
}

void Checks::new_epoch(const std::string& epoch) {
  epoch_ = epoch;
  head_ = 0;
  floors_.fill(0);
  now_.fill(std::make_shared<Seen>());
  history_.assign(1, now_);
  texts_now_ = &texts_[epoch];
}

void Checks::baseline(const std::string& epoch) {
  env_->judge.hold(stated_ || epoch != epoch_, "R4",
                   [] { return "a baseline was served before the tables were loaded"; });
}

void Checks::forget(int workspace) {
  std::erase_if(newest_, [&](const auto& held) { return held.first.first == workspace; });
  removed_.erase(workspace);
}

void Checks::never_back(int workspace, std::size_t slot, std::int64_t tagged_version, By by,
                        std::string_view what) {
  const int source = source_of(tagged_version);
  std::int64_t& newest = newest_[{workspace, slot}][static_cast<std::size_t>(source)];
  if (tagged_version >= newest) {
    newest = tagged_version;
    return;
  }
  // Which rule let it through: an older read over a newer event, an older event over a newer read,
  // or simply an older fact.
  const auto last = last_by_.find(workspace);
  const bool after_read = last != last_by_.end() && last->second == By::read;
  const char* name = by == By::read ? "I2" : after_read ? "I3" : "I1";
  env_->judge.fail(name, at(workspace) + std::string(what) + " went back from version " +
                             std::to_string(newest / kSources) + " to " +
                             std::to_string(tagged_version / kSources) + " of source " +
                             std::to_string(source));
}

void Checks::shown(const Store& store, const Statement& statement, By by) {
  const int workspace = statement.workspace;
  const model::WorkspaceId id = workspace_id(workspace);
  const auto* facts = store.facts(id);
  if (facts == nullptr) {
    last_by_.erase(workspace);
    return;
  }
  if (const auto removed = removed_.find(workspace); removed != removed_.end()) {
    const std::int64_t name = number_in(facts->name);
    const std::int64_t then = removed->second[static_cast<std::size_t>(source_of(name))];
    env_->judge.hold(facts->name.empty() || name / kSources > then, "I5", [&] {
      return at(workspace) + "is back with version " + std::to_string(name / kSources) +
             " although source " + std::to_string(source_of(name)) + " removed it at version " +
             std::to_string(then);
    });
  }
  if (!facts->name.empty()) {
    never_back(workspace, name_slot, number_in(facts->name), by, "name");
  }
  if (facts->branchName) {
    never_back(workspace, branch_slot, number_in(*facts->branchName), by, "branchName");
  }
  if (facts->runScriptPort) {
    never_back(workspace, port_slot, *facts->runScriptPort, by, "runScriptPort");
  }
  if (facts->gitStats) never_back(workspace, git_slot, facts->gitStats->total, by, "gitStats");
  if (facts->ratchetDispatchRetryCount != 0) {
    never_back(workspace, retry_slot, facts->ratchetDispatchRetryCount, by,
               "ratchetDispatchRetryCount");
  }
  for (const Element& element : statement.elements) {
    if (element.collection == Field::sessionSummaries) {
      const auto slot = kSessionSlots + static_cast<std::size_t>(element.id);
      const auto* session = store.session(id, session_id(statement.source, element.id));
      if (session != nullptr) {
        never_back(workspace, slot, number_in(*session->name), by, "a session");
      }
    } else if (element.collection == Field::terminals) {
      const auto slot = 2 * kSessionSlots + static_cast<std::size_t>(element.id);
      const auto* terminal = store.terminal(id, terminal_id(statement.source, element.id));
      if (terminal != nullptr) {
        never_back(workspace, slot, number_in(*terminal->title), by, "a terminal");
      }
    }
  }
  last_by_[workspace] = by;
}

void Checks::removed(int workspace, int source, std::int64_t version) {
  if (env_->swarm.tombstones_bounded) {
    // Their tombstones may be dropped early: what comes back then is repaired by a pass.
    std::erase_if(newest_, [&](const auto& held) { return held.first.first == workspace; });
    return;
  }
  auto& held = removed_[workspace][static_cast<std::size_t>(source)];
  held = std::max(held, version);
}

void Checks::absence(int workspace, bool existed) {
  env_->judge.hold(!existed, "I4", [&] {
    return at(workspace) + "was removed by a read that began after it was created";
  });
}

void Checks::repaired(const Store& store, int workspace, const Row& row) {
  const auto* facts = store.facts(workspace_id(workspace));
  if (facts == nullptr) return;  // removed since, or evicted: the oracle knows
  env_->judge.hold(number_in(facts->name) >= row.name, "I8", [&] {
    return at(workspace) + "shows " + facts->name + " after a pass that read n" +
           std::to_string(row.name);
  });
}

void Checks::committed(const Store& store) {
  auto& judge = env_->judge;
  if (store.epoch() != epoch_) {
    const auto last = env_->swarm.limits.revision_max;
    judge.hold(head_ >= last, "L1", [&] {
      return "epoch " + epoch_ + " ended at " + std::to_string(head_) + " of " +
             std::to_string(last);
    });
    new_epoch(std::string(store.epoch()));
  }
  judge.hold(store.head() == head_ + 1, "L1", [&] {
    return "head went from " + std::to_string(head_) + " to " + std::to_string(store.head());
  });
  head_ = store.head();
  const auto counts = store.counts();
  judge.hold(counts.entries <= env_->swarm.limits.workspaces_max, "M1",
             [&] { return std::to_string(counts.entries) + " entries"; });
  judge.hold(counts.tombstones <= env_->swarm.limits.tombstones_max, "M2",
             [&] { return std::to_string(counts.tombstones) + " tombstones"; });
  for (int project = 0; project < kProjects; ++project) {
    const auto index = static_cast<std::size_t>(project);
    const auto id = project_id(project);
    const auto floor = store.floor(id);
    if (store.project(id) != nullptr) {
      judge.hold(floor >= floors_.at(index), "L3", [&] {
        return "the floor of p" + std::to_string(project) + " fell from " +
               std::to_string(floors_.at(index)) + " to " + std::to_string(floor);
      });
      floors_.at(index) = floor;
      judge.hold(store.ids(id).size() <= env_->swarm.limits.workspaces_per_project_max, "M1", [&] {
        return "p" + std::to_string(project) + " holds " + std::to_string(store.ids(id).size()) +
               " entries";
      });
    }
    const auto entries = store.entries(id);
    const Seen& before = *now_.at(index);
    bool moved = entries.size() != before.view.size();
    bool reason_moved = moved;
    for (const auto& entry : entries) {
      const int workspace = workspace_number(entry.id.view());
      const auto held = before.view.find(workspace);
      if (held == before.view.end()) {
        moved = reason_moved = true;
      } else if (held->second != entry.revision) {
        moved = true;
        reason_moved = reason_moved || before.reasons.at(workspace) != entry.status_reason;
      }
      if (held == before.view.end() || held->second != entry.revision) {
        (*texts_now_)[{workspace, entry.revision}] = entry.text;
        for (std::size_t field = 0; field < model::kScalarCount; ++field) {
          // The time of an event about activity alone is the wall clock's: for display.
          if (static_cast<Field>(field) == Field::lastActivityAt) continue;
          fingerprint_ = hash_text(entry.text->member(static_cast<Field>(field)).substr(0, 48),
                                   fingerprint_ + entry.revision);
        }
      }
    }
    if (!moved) continue;
    auto seen = std::make_shared<Seen>();
    for (const auto& entry : entries) {
      const int workspace = workspace_number(entry.id.view());
      seen->view.emplace(workspace, entry.revision);
      seen->reasons.emplace(workspace, entry.status_reason);
    }
    seen->head = head_;
    seen->reason_head = reason_moved ? head_ : before.reason_head;
    now_.at(index) = std::move(seen);
  }
  history_.resize(head_ + 1, now_);
  history_.back() = now_;
}

void Checks::everything(const Store& store, const Oracle& oracle, std::string_view guarantee,
                        const std::set<int>& uncertain) {
  for (int workspace = 0; workspace < env_->swarm.workspaces; ++workspace) {
    if (uncertain.contains(workspace)) continue;
    const std::string difference = oracle.difference(store, workspace);
    if (!env_->judge.hold(difference.empty(), guarantee,
                          [&] { return at(workspace) + difference; })) {
      return;
    }
  }
  for (int project = 0; project < kProjects; ++project) {
    std::string shown;
    std::string expected;
    for (const auto& entry : store.entries(project_id(project))) {
      if (uncertain.contains(workspace_number(entry.id.view()))) continue;
      shown.append(" ").append(entry.id.view());
    }
    for (const int id : oracle.shown(project)) {
      if (!uncertain.contains(id)) expected += " w" + std::to_string(id);
    }
    env_->judge.hold(shown == expected, "V1", [&] {
      std::string text = "p" + std::to_string(project);
      return text.append(" shows").append(shown).append(", should show").append(expected);
    });
  }
}

void Checks::log_replays(const Store& store) {
  for (int project = 0; project < kProjects; ++project) {
    const auto id = project_id(project);
    const auto floor = store.floor(id);
    if (store.project(id) == nullptr || floor > head_) continue;
    const std::uint64_t from = env_->rng.between<std::uint64_t>(floor, head_);
    const View* then = view(project, from);
    if (then == nullptr) continue;
    View replayed = *then;
    std::uint64_t last = from;
    std::set<std::string> ids;
    for (const auto& change : store.changes(id, from)) {
      env_->judge.hold(change.revision >= last && change.revision > from, "L1", [&] {
        return "changes since " + std::to_string(from) + " are out of order";
      });
      env_->judge.hold(ids.insert(change.id.str()).second, "L1",
                       [&] { return change.id.str() + " is twice in the index"; });
      last = change.revision;
      const int workspace = workspace_number(change.id.view());
      if (change.removed) {
        replayed.erase(workspace);
      } else {
        replayed[workspace] = change.entry.revision;
      }
    }
    const View now = view_of(store, project);
    env_->judge.hold(replayed == now, "L2", [&] {
      return "changes of p" + std::to_string(project) + " since " + std::to_string(from) +
             " end in" + text_of(replayed) + ", the view is" + text_of(now);
    });
  }
}

void Checks::catching_up(snapshot::ViewEncoder& views) {
  const Store& store = views.store();
  const auto size = [&](const std::shared_ptr<const snapshot::ViewAnswer>& answer) {
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < answer->ends.size(); ++i) {
      bytes += views.text(answer, i, 1, std::nullopt)->front().size();
    }
    return bytes;
  };
  for (int project = 0; project < kProjects; ++project) {
    const auto id = project_id(project);
    const auto floor = store.floor(id);
    if (store.project(id) == nullptr || floor > head_) continue;
    const auto view = snapshot::View::full(id);
    const std::size_t whole = size(views.answer(view, std::nullopt, true));
    for (const auto from : {floor, floor + (head_ - floor) / 2}) {
      const std::size_t cost = size(views.answer(view, snapshot::Position{.revision = from}, true));
      env_->judge.hold(cost <= whole + env_->swarm.batches.bytes, "F3", [&] {
        return "to come from revision " + std::to_string(from) + " of p" + std::to_string(project) +
               " to the head costs " + std::to_string(cost) + " bytes, the whole view " +
               std::to_string(whole);
      });
    }
  }
}

std::shared_ptr<const snapshot::EntryText> Checks::text(const std::string& epoch, int workspace,
                                                        std::uint64_t revision) const {
  const auto of_epoch = texts_.find(epoch);
  if (of_epoch == texts_.end()) return nullptr;
  const auto found = of_epoch->second.find({workspace, revision});
  return found == of_epoch->second.end() ? nullptr : found->second;
}

const Checks::View* Checks::view(int project, std::uint64_t revision) const {
  if (revision >= history_.size()) return nullptr;
  return &history_.at(revision).at(static_cast<std::size_t>(project))->view;
}

bool Checks::reason_moved(int project, std::uint64_t since) const {
  return now_.at(static_cast<std::size_t>(project))->reason_head > since;
}
std::uint64_t Checks::visible_head(int project) const {
  return now_.at(static_cast<std::size_t>(project))->head;
}

}  // namespace sb::sim
