#include "store_checks.h"

#include <algorithm>

#include <rapidcheck.h>

#include "entity.h"

namespace sb::snapshot {

using model::Field;
using model::FieldSet;

namespace {

void hold(bool holds, const std::string& guarantee, const std::string& message) {
  if (!holds) RC_FAIL(guarantee + ": " + message);
}

std::string name(int workspace) {
  return "w" + std::to_string(workspace);
}

FieldSet difference(const EntryText& a, const EntryText& b) {
  FieldSet fields;
  model::all_fields().each([&](Field field) {
    if (a.member(field) != b.member(field)) fields.insert(field);
  });
  return fields;
}

std::string names(FieldSet fields) {
  std::string text;
  fields.each([&](Field field) { text.append(" ").append(model::field_name(field)); });
  return text.empty() ? " none" : text;
}

bool in_view(const PublishedEntry& entry, int project) {
  return !entry.hidden && entry.project == sim::project_id(project);
}

}  // namespace

StoreChecks::StoreChecks(const Store& store, int workspaces, int projects)
    : store_(&store),
      workspaces_(workspaces),
      projects_(projects),
      head_(store.head()),
      floors_(static_cast<std::size_t>(projects)) {
  history_.emplace(head_, take());
}

StoreChecks::State StoreChecks::take() const {
  State state;
  for (int workspace = 0; workspace < workspaces_; ++workspace) {
    if (auto entry = store_->entry(sim::workspace_id(workspace))) {
      state.emplace(workspace, *std::move(entry));
    }
  }
  return state;
}

void StoreChecks::forget_project(int project) {
  floors_.at(static_cast<std::size_t>(project)) = 0;
}

void StoreChecks::after(const sim::Oracle& oracle, bool joined, bool gone) {
  const State now = take();
  against(oracle);
  commit(now, joined, gone);
  index();
  history_.insert_or_assign(head_, now);
  for (int project = 0; project < projects_; ++project) {
    const auto pulse = store_->pulse(sim::project_id(project));
    if (pulse == nullptr) continue;
    const Revision floor = pulse->floor;
    Revision& before = floors_.at(static_cast<std::size_t>(project));
    hold(floor >= before && floor <= head_, "L3", "the floor fell, or is above the head");
    before = floor;
    for (auto then = history_.lower_bound(floor); then != history_.end(); ++then) {
      replay(project, then->first, then->second, now);
    }
  }
}

// Facts, what derives from them, what is unknown, order and number: computed anew.
void StoreChecks::against(const sim::Oracle& oracle) const {
  std::size_t entries = 0;
  for (int workspace = 0; workspace < workspaces_; ++workspace) {
    entries += oracle.exists(workspace) ? 1 : 0;
    const std::string difference = oracle.difference(*store_, workspace);
    hold(difference.empty(), "I6", name(workspace) + " " + difference);
  }
  hold(store_->counts().entries == entries, "M1", "another number of entries is held");
  for (int project = 0; project < projects_; ++project) {
    const auto id = sim::project_id(project);
    hold((store_->project(id) != nullptr) == oracle.has_project(project), "I6",
         "a project is missing or should not be there");
    std::string shown;
    std::string expected;
    for (const auto& entry : store_->entries(id)) shown.append(" ").append(entry.id.view());
    const auto order = oracle.shown(project);
    for (const int workspace : order) expected += " " + name(workspace);
    hold(shown == expected, "V1", id.str() + " shows" + shown + ", should show" + expected);
    hold(store_->workspace_count(id) == order.size(), "V1", "the visible are counted wrongly");
    hold(store_->ids(id).size() == oracle.members(project).size(), "V1", "a member is missing");
  }
}

// One revision per visible change, none without; no entry goes back.
void StoreChecks::commit(const State& now, bool joined, bool gone) {
  const State& before = history_.at(head_);
  bool moved = gone || store_->review_count() != review_count_ || now.size() != before.size();
  for (const auto& [workspace, entry] : now) {
    const auto held = before.find(workspace);
    moved = moved || held == before.end() || held->second.text->plain() != entry.text->plain();
  }
  const Revision head = store_->head();
  hold(head == head_ + 1 || (head == head_ && !moved), "L1",
       moved ? "a visible change took no revision, or several" : "head moved by more than one");
  hold(moved || joined || head == head_, "I9", "a revision without a visible change");
  for (const auto& [workspace, entry] : now) {
    Revision& newest = newest_[workspace];
    hold(entry.revision >= newest && entry.revision <= head, "T2", name(workspace) + " goes back");
    const auto held = before.find(workspace);
    const bool same = held != before.end() && held->second.text->plain() == entry.text->plain();
    hold(!same || joined || entry.revision == newest, "I9",
         name(workspace) + " has a new revision and the same text");
    hold(same || entry.revision == head, "L1", name(workspace) + " moved at an old revision");
    newest = entry.revision;
  }
  if (!joined) fields(before, now);
  head_ = head;
  review_count_ = store_->review_count();
}

// A field carries the revision of its last visible change.
void StoreChecks::fields(const State& before, const State& now) const {
  const Revision head = store_->head();
  if (head == head_) return;
  for (const auto& [workspace, entry] : now) {
    const auto held = before.find(workspace);
    const FieldSet moved =
        held == before.end() ? model::all_fields() : difference(*held->second.text, *entry.text);
    const FieldSet told = store_->entity(entry.id)->field_revisions.above(head - 1);
    hold(told == moved, "V1",
         name(workspace) + " says that" + names(told) + " moved; it was" + names(moved));
  }
}

// Each id of a project once, newest first, and every member among them.
void StoreChecks::index() const {
  for (int project = 0; project < projects_; ++project) {
    const auto id = sim::project_id(project);
    if (store_->project(id) == nullptr) continue;
    std::set<std::string> seen;
    std::size_t living = 0;
    Revision last = store_->head();
    store_->walk(&id, 0, [&](const IndexNode& node) {
      hold(seen.insert(node.id().str()).second, "L1", node.id().str() + " is twice in the index");
      hold(node.revision <= last, "L1", "the index is out of order");
      last = node.revision;
      living += node.entity != nullptr ? 1 : 0;
    });
    hold(living == store_->ids(id).size(), "L1", "a member is not in the index of " + id.str());
  }
}

// A reader of the project who holds what was shown at `since` and takes the changes, as patches
// where it has the entry, shows what is shown now.
void StoreChecks::replay(int project, Revision since, const State& then, const State& now) const {
  const auto id = sim::project_id(project);
  const std::string what = "changes of " + id.str() + " since " + std::to_string(since);
  std::map<int, const EntryText*> reader;
  for (const auto& [workspace, entry] : then) {
    if (in_view(entry, project)) reader.emplace(workspace, entry.text.get());
  }
  bool reason_moved = false;
  Revision last = since;
  std::set<int> told;
  for (const Change& change : store_->changes(id, since)) {
    const int workspace = sim::workspace_number(change.id.view());
    hold(change.revision > since && change.revision >= last, "L1", what + " are out of order");
    hold(told.insert(workspace).second, "L1", what + " name " + name(workspace) + " twice");
    last = change.revision;
    const auto held = reader.find(workspace);
    if (change.removed) {
      reason_moved = reason_moved || held != reader.end();
      if (held != reader.end()) reader.erase(held);
      continue;
    }
    const EntryText& text = *change.entry.text;
    if (held == reader.end()) {
      reason_moved = true;
      reader.emplace(workspace, &text);
      continue;
    }
    const FieldSet patch = store_->entity(change.id)->field_revisions.above(since);
    const FieldSet lost = difference(*held->second, text) & ~patch;
    hold(lost.empty(), "L2",
         what + " leave" + names(lost) + " of " + name(workspace) + " as it was");
    reason_moved = reason_moved ||
                   held->second->member(Field::statusReason) != text.member(Field::statusReason);
    held->second = &text;
  }
  for (const auto& [workspace, entry] : now) {
    if (!in_view(entry, project)) continue;
    const auto held = reader.find(workspace);
    hold(held != reader.end(), "L2", what + " miss " + name(workspace));
    hold(held->second->plain() == entry.text->plain(), "L2",
         what + " end in another " + name(workspace));
    reader.erase(held);
  }
  hold(reader.empty(), "L2", what + " leave an entry that is gone");
  hold(!reason_moved || store_->pulse(id)->reason_revision > since, "F4",
       what + " moved a status reason and are not urgent");
}

}  // namespace sb::snapshot
