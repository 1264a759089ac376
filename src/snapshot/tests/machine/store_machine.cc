#include "store_machine.h"

#include <algorithm>
#include <utility>

#include <rapidcheck.h>

#include "step_statement.h"

namespace sb::snapshot {

using model::Field;
using model::Stamp;
using sim::kOwn;
using sim::Oracle;
using sim::Statement;

namespace {

constexpr std::array<const char*, sim::kSources> kNames{"snapboard", "numbered", "unnumbered",
                                                        "mixed"};
constexpr int kUnnumbered = 2;
constexpr int kMixed = 3;

bool numbers(int source, const Step& step) {
  return source != kUnnumbered && (source != kMixed || step.value % 2 == 0);
}

Oracle::Answer answer_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::changed:
    case Outcome::unchanged:
      return Oracle::Answer::accepted;
    case Outcome::stale:
      return Oracle::Answer::stale;
    case Outcome::conflict:
      return Oracle::Answer::conflict;
    case Outcome::not_found:
    case Outcome::limit:
      return Oracle::Answer::not_found;
  }
  return Oracle::Answer::not_found;
}

}  // namespace

StoreMachine::StoreMachine(const Limits& limits)
    : limits_(limits), store_("epoch-1", limits), checks_(store_, kStepWorkspaces, kStepProjects) {
  for (const char* name : kNames) RC_ASSERT(store_.source(name).has_value());
  for (int project = 0; project < kStepProjects; ++project) toggle_project(project);
}

std::string StoreMachine::life(int source, int number) {
  return std::string(kNames.at(static_cast<std::size_t>(source))) + "-" + std::to_string(number);
}

void StoreMachine::run(const Step& step) {
  wall_ += std::chrono::seconds(1);
  const bool alone = step.what == Do::project || step.what == Do::expire || step.what == Do::batch;
  if (alone) end_commit();
  bool gone = false;
  Speaker& speaker = speakers_.at(static_cast<std::size_t>(step.source));
  switch (step.what) {
    case Do::deliver:
      if (!late_.empty()) {
        const auto which = late_.begin() + step.pick % static_cast<int>(late_.size());
        const Said said = *which;
        late_.erase(which);
        deliver(said);
      }
      break;
    case Do::repeat:
      if (!said_.empty()) {
        const Said said = said_.at(static_cast<std::size_t>(step.pick) % said_.size());
        // Without a number it would be another event.
        if (said.sequence || said.statement.source == kOwn) deliver(said);
      }
      break;
    case Do::fence:
      fence_ = Stamp{0, ++own_counter_, 0};
      read_.clear();
      break;
    case Do::read:
      read(step);
      break;
    case Do::absence:
      absence(step);
      break;
    case Do::synced:
      synced(step);
      break;
    case Do::new_life:
      ++speaker.lives;
      speaker.sequence = 0;
      break;
    case Do::project:
      gone = oracle_.has_project(step.project);
      toggle_project(step.project);
      break;
    case Do::expire:
      expire(step);
      break;
    case Do::batch:
      store_.begin_commit();
      in_commit_ = true;
      joined_ = 2 + step.value % 4;
      return;
    case Do::review_count:
      store_.set_review_count(step.value % 3);
      break;
    default:
      say(step);
  }
  if (in_commit_) {
    if (--joined_ == 0) end_commit();
    return;
  }
  check(gone);
}

void StoreMachine::finish() {
  end_commit();
  for (const Said& said : std::exchange(late_, {})) {
    deliver(said);
    check();
  }
}

void StoreMachine::end_commit() {
  if (!in_commit_) return;
  store_.end_commit();
  check();
  in_commit_ = false;
}

void StoreMachine::check(bool gone) {
  checks_.after(oracle_, in_commit_, gone);
  RC_ASSERT(store_.counts().tombstones == tombstones_.size());
  RC_ASSERT(store_.counts().evicted == markers_.size());
}

// --- what is said ---

void StoreMachine::say(const Step& step) {
  Speaker& speaker = speakers_.at(static_cast<std::size_t>(step.source));
  Said said;
  said.statement = statement_of(step);
  said.removal = step.what == Do::remove || step.what == Do::archive;
  said.archives = step.what == Do::archive;
  said.life = life(step.source, speaker.lives - (step.what == Do::retired_life ? 1 : 0));
  if (step.source == kOwn) {
    said.own = {0, ++own_counter_, 0};
  } else if (numbers(step.source, step)) {
    said.sequence = ++speaker.sequence;
  }
  said_.push_back(said);
  if (step.late && (said.sequence || step.source == kOwn)) {
    late_.push_back(said);
  } else {
    deliver(said);
  }
}

// A pass of our own domains reads a row as of the fence taken before.
void StoreMachine::read(const Step& step) {
  if (!fence_ || !read_.insert(step.workspace).second) {
    fence_ = Stamp{0, ++own_counter_, 0};
    read_ = {step.workspace};
  }
  Said said;
  said.statement = statement_of(step);
  said.statement.source = kOwn;
  said.own = *fence_;
  said.cause = Update::Cause::pass;
  said_.push_back(said);
  if (step.late) {
    late_.push_back(said);
  } else {
    deliver(said);
  }
}

// What a read lists, and nothing else.
void StoreMachine::absence(const Step& step) {
  const Speaker& speaker = speakers_.at(static_cast<std::size_t>(step.source));
  Stamp fence{speaker.epoch, speaker.sequence_max, arrivals_};
  if (step.source == kOwn) fence = fence_ ? *fence_ : Stamp{0, ++own_counter_, 0};
  if (step.source != kOwn && speaker.epoch == 0) return;  // never heard of
  std::set<int> present;
  std::vector<model::WorkspaceId> listed;
  for (int workspace = 0; workspace < kStepWorkspaces; ++workspace) {
    if ((step.value >> workspace & 1) == 0) continue;
    present.insert(workspace);
    listed.push_back(sim::workspace_id(workspace));
  }
  const auto gone = store_.apply_absence(source_id(step.source), sim::project_id(step.project),
                                         listed, fence, wall_, mono_);
  std::set<int> expected;
  for (const int workspace : oracle_.absence(step.source, step.project, present, fence)) {
    if (!oracle_.exists(workspace)) expected.insert(workspace);
  }
  std::set<int> removed;
  for (const auto& id : gone) removed.insert(sim::workspace_number(id.view()));
  if (removed != expected) RC_FAIL("I4: an absence took others than it may");
  removed_in_order(gone);
}

void StoreMachine::synced(const Step& step) {
  const int source = step.source == kOwn ? 1 : step.source;
  Said said;
  said.statement.source = source;
  said.life = life(source, speakers_.at(static_cast<std::size_t>(source)).lives);
  const auto stamp = stamp_of(said);
  if (!stamp) return;
  const auto gone =
      store_.source_synced(source_id(source), sim::project_id(step.project), wall_, mono_);
  const auto expected = oracle_.synced(source, step.project, stamp->epoch);
  if (gone.size() != expected.size()) RC_FAIL("I4: source.synced took others than it may");
  removed_in_order(gone);
}

// --- delivery ---

// Where it stands in its source's order, found twice. Nothing: its life is over.
std::optional<Stamp> StoreMachine::stamp_of(const Said& said) {
  const int source = said.statement.source;
  if (source == kOwn) return said.own;
  Speaker& speaker = speakers_.at(static_cast<std::size_t>(source));
  const auto epoch = store_.source_epoch(source_id(source), said.life);
  const auto heard = std::find(speaker.heard.begin(), speaker.heard.end(), said.life);
  const bool retired = heard != speaker.heard.end() && said.life != speaker.heard.back();
  if (heard == speaker.heard.end()) {
    speaker.heard.push_back(said.life);
    ++speaker.epoch;
    speaker.sequence_max = 0;
  }
  if (epoch != (retired ? std::nullopt : std::optional(speaker.epoch))) {
    RC_FAIL("I6: a life of a source is not known for what it is");
  }
  if (retired) return std::nullopt;
  if (!said.sequence) return Stamp{speaker.epoch, speaker.sequence_max, ++arrivals_};
  speaker.sequence_max = std::max(speaker.sequence_max, *said.sequence);
  return Stamp{speaker.epoch, *said.sequence, 0};
}

void StoreMachine::deliver(const Said& said) {
  if (const auto stamp = stamp_of(said)) apply(said, *stamp);
}

void StoreMachine::apply(const Said& said, const Stamp& stamp) {
  const Statement& statement = said.statement;
  const int workspace = statement.workspace;
  const bool existed = oracle_.exists(workspace);
  Update update;
  update.workspace = sim::workspace_id(workspace);
  update.source = source_id(statement.source);
  update.stamp = stamp;
  update.cause = said.cause;
  update.label = "event";
  if (said.archives) {
    update.facts.set<&model::Facts::status>(model::WorkspaceStatus::ARCHIVED);
  } else if (said.removal) {
    update.kind = Update::Kind::remove;
  } else {
    update.facts = sim::to_patch(statement, wall_);
  }
  const sim::Scalar* project = statement.find(Field::projectId);
  const Ranks ranks = rank();
  const Applied applied = store_.apply(update, wall_, mono_);
  note_evictions(ranks, project == nullptr ? -1 : static_cast<int>(project->value));

  Oracle::Answer expected = Oracle::Answer::not_found;
  if (said.removal) {
    expected = oracle_.remove(workspace, statement.source, stamp);
    if (oracle_.tombstoned(workspace) &&
        std::find(tombstones_.begin(), tombstones_.end(), workspace) == tombstones_.end()) {
      std::erase(markers_, workspace);
      bury(tombstones_, workspace);
    }
  } else if (said.cause != Update::Cause::pass || existed || !oracle_.evicted(workspace)) {
    // A pass brings nothing back that had to go.
    expected = oracle_.say(statement, stamp, wall_);
  }
  if (answer_of(applied.outcome) != expected) {
    RC_FAIL("I6: " + sim::to_text(statement) + " came to another outcome than it should");
  }
  if (!existed && oracle_.exists(workspace)) {
    std::erase(tombstones_, workspace);
    std::erase(markers_, workspace);
    last_event_.erase(workspace);
  }
  if (said.cause == Update::Cause::event && !applied.accepted.empty()) {
    last_event_[workspace] = ++events_;
  }
}

// --- what is gone ---

void StoreMachine::bury(std::deque<int>& graves, int workspace) {
  gone_at_[workspace] = mono_;
  graves.push_back(workspace);
  if (graves.size() <= limits_.tombstones_max) return;
  oracle_.forget_tombstone(graves.front());
  forgotten_.push_back(graves.front());
  graves.pop_front();
}

void StoreMachine::removed_in_order(const std::vector<model::WorkspaceId>& ids) {
  for (const auto& id : ids) {
    const int workspace = sim::workspace_number(id.view());
    if (!oracle_.exists(workspace)) bury(tombstones_, workspace);
  }
}

void StoreMachine::toggle_project(int project) {
  const auto id = sim::project_id(project);
  if (!oracle_.has_project(project)) {
    model::ProjectInfo info;
    info.id = id;
    RC_ASSERT(store_.put_project(std::move(info)).has_value());
    return oracle_.put_project(project);
  }
  store_.remove_project(id);
  oracle_.remove_project(project);
  std::erase_if(tombstones_, [&](int workspace) { return !oracle_.tombstoned(workspace); });
  std::erase_if(markers_, [&](int workspace) { return !oracle_.evicted(workspace); });
  checks_.forget_project(project);
}

void StoreMachine::expire(const Step& step) {
  mono_ += std::chrono::minutes(30) * (step.value % 4);
  while (!tombstones_.empty() &&
         mono_ - gone_at_.at(tombstones_.front()) >= limits_.tombstone_age_min) {
    oracle_.forget_tombstone(tombstones_.front());
    forgotten_.push_back(tombstones_.front());
    tombstones_.pop_front();
  }
  std::set<int> expected;
  for (const int workspace : forgotten_) {
    const bool held =
        oracle_.exists(workspace) || oracle_.tombstoned(workspace) || oracle_.evicted(workspace);
    if (!held) expected.insert(workspace);
  }
  std::set<int> told;
  for (const auto& id : store_.expire(mono_)) told.insert(sim::workspace_number(id.view()));
  // What is forgotten for want of room is told as far as there is room for it.
  const bool all = forgotten_.size() <= limits_.tombstones_max;
  if (!std::includes(expected.begin(), expected.end(), told.begin(), told.end()) ||
      (all && told != expected)) {
    RC_FAIL("M2: other tombstones were dropped than should be");
  }
  forgotten_.clear();
}

// --- what has to go for want of room ---

StoreMachine::Ranks StoreMachine::rank() const {
  Ranks ranks;
  if (in_commit_) return ranks;  // who works is not settled yet
  for (int workspace = 0; workspace < kStepWorkspaces; ++workspace) {
    const auto entry = store_.entry(sim::workspace_id(workspace));
    if (!entry) continue;
    const std::string_view reason = entry->text->member(Field::statusReason);
    const bool busy = reason.find("\"needsUser\":true") != std::string_view::npos ||
                      entry->text->member(Field::kanbanColumn) == "\"kanbanColumn\":\"WORKING\"";
    const auto spoke = last_event_.find(workspace);
    ranks[workspace] = {entry->project, busy, spoke == last_event_.end() ? 0 : spoke->second};
  }
  return ranks;
}

void StoreMachine::note_evictions(const Ranks& ranks, int project) {
  const std::uint64_t now = store_.counts().evictions_total;
  const std::uint64_t missing = now - std::exchange(evictions_, now);
  std::uint64_t found = 0;
  for (int workspace = 0; workspace < kStepWorkspaces; ++workspace) {
    if (!oracle_.exists(workspace) || store_.facts(sim::workspace_id(workspace)) != nullptr) {
      continue;
    }
    // A removal has not reached the oracle yet.
    if (found == missing) break;
    ++found;
    oracle_.evict(workspace);
    bury(markers_, workspace);
    const auto victim = ranks.find(workspace);
    if (victim == ranks.end()) continue;
    for (const auto& [id, other] : ranks) {
      if (other.project != victim->second.project) continue;
      if (std::pair(other.busy, other.last_event) <
          std::pair(victim->second.busy, victim->second.last_event)) {
        RC_FAIL("M1: w" + std::to_string(workspace) + " had to go before w" + std::to_string(id));
      }
    }
    const auto target = sim::project_id(project);
    const bool there = std::any_of(ranks.begin(), ranks.end(),
                                   [&](const auto& held) { return held.second.project == target; });
    if (there && victim->second.project != target) {
      RC_FAIL("M1: another project had to make room");
    }
  }
  if (found != missing) RC_FAIL("M1: evictions are counted that did not happen");
}

void run_steps(const std::vector<Step>& steps, const Limits& limits) {
  StoreMachine machine(limits);
  for (const Step& step : steps) machine.run(step);
  machine.finish();
}

Limits narrow_limits() {
  Limits limits;
  limits.workspaces_per_project_max = 2;
  limits.workspaces_max = 3;
  limits.tombstones_max = 2;
  return limits;
}

}  // namespace sb::snapshot
