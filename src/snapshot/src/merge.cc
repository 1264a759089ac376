#include "merge.h"

#include <string>

#include "sb/core/hash.h"
#include "sb/core/mutant.h"
#include "sb/model/fact_codec.h"

namespace sb::snapshot {
namespace {

using model::Field;
using model::FieldSet;

// Keeps the mark of a known identity apart from 0, "none", and two neighbouring numbers from each
// other.
constexpr std::uint64_t known_identity(std::uint64_t value) {
  return (value << 1U) | 1U;
}

// A late word on these is more than late: it may name no project of ours, or tell that the pull
// request changed in between.
constexpr FieldSet kIdentity{Field::projectId, Field::prNumber, Field::prUrl};

// True when a statement about the identity of the pull request was new.
bool note_identity(Entity& entity, const Origin& origin, const model::FactPatch& patch) {
  bool noted = false;
  if (patch.present.contains(Field::prNumber)) {
    const auto& number = patch.values.prNumber;
    noted = entity.pr.edit().numbers.note(
        origin, number ? known_identity(static_cast<std::uint64_t>(*number)) : 0);
  }
  if (patch.present.contains(Field::prUrl)) {
    const auto& url = patch.values.prUrl;
    const bool known = url && !url->empty();
    // A hash of our own: it is kept across restarts.
    noted |= entity.pr.edit().urls.note(origin, known ? known_identity(fnv1a(*url)) : 0);
  }
  return noted;
}

template <class T>
bool element_conflicts(const Elements<T>& elements, const model::ElementsPatch<T>& patch) {
  for (const T& value : patch.upserts) {
    const auto* slot = elements.find(model::element_id(value));
    if (slot != nullptr && !slot->removed && slot->holder == SourceId::own &&
        !(slot->value == value)) {
      return true;
    }
  }
  for (const std::string& id : patch.removals) {
    const auto* slot = elements.find(id);
    if (slot != nullptr && !slot->removed && slot->holder == SourceId::own) return true;
  }
  return false;
}

template <class T>
void merge_elements(Elements<T>& elements, Field field, const Origin& origin,
                    const model::ElementsPatch<T>& patch, Seen seen, Merged& merged) {
  if (patch.empty()) return;
  merged.unsettles = true;
  using Fate = typename Elements<T>::Fate;
  const auto take = [&](Fate fate) {
    if (fate == Fate::stale) {
      merged.rejected.insert(field);
    } else {
      merged.accepted.insert(field);
      if (fate == Fate::changed) merged.moved.insert(field);
    }
  };
  if (patch.whole) {
    const bool first_word = !elements.reported();
    take(elements.replace(origin.source, origin.stamp, patch.upserts, seen));
    if (first_word) merged.moved.insert(field);
  } else {
    for (const T& value : patch.upserts) {
      take(elements.upsert(origin.source, origin.stamp, value, seen));
    }
  }
  for (const std::string& id : patch.removals)
    take(elements.remove(origin.source, origin.stamp, id));
}

void merge_collections(Entity& entity, const Origin& origin, const model::FactPatch& patch,
                       Seen seen, bool after_floor, Merged& merged) {
  if (!after_floor) {
    if (!patch.sessions.empty()) merged.rejected.insert(Field::sessionSummaries);
    if (!patch.pending.empty()) merged.rejected.insert(Field::pendingRequests);
    if (!patch.terminals.empty()) merged.rejected.insert(Field::terminals);
    return;
  }
  AgentState& agents = entity.agents.edit();
  for (const model::SessionSummary& session : patch.sessions.upserts) {
    if (session_was_started(session)) raise_mark(agents.started_marks, origin);
  }
  if (!patch.sessions.empty()) raise_mark(agents.session_marks, origin);
  if (!patch.sessions.empty() || !patch.pending.empty()) {
    raise_mark(agents.pending_marks, origin);
  }
  merge_elements(agents.sessions, Field::sessionSummaries, origin, patch.sessions, seen, merged);
  merge_elements(agents.pending, Field::pendingRequests, origin, patch.pending, seen, merged);
  merge_elements(agents.terminals, Field::terminals, origin, patch.terminals, seen, merged);
}

}  // namespace

bool is_stale(const Entity& entity, const Origin& origin, const model::FactPatch& patch) {
  if (!(patch.present & kIdentity).empty() || patch.present.empty()) return false;
  return patch.present.all_of([&](Field field) {
    const Origin* holder = entity.origins.holder(field);
    return holder != nullptr && holder->source == origin.source &&
           is_late(entity.origins, field, origin);
  }) && !patch.has_elements();
}

bool contradicts_own(const Entity& entity, const model::FactPatch& patch) {
  const bool same = (patch.present & entity.origins.own()).all_of([&](Field field) {
    return model::same_fact(entity.facts, patch.values, field);
  });
  return !same || element_conflicts(entity.agents->sessions, patch.sessions) ||
         element_conflicts(entity.agents->pending, patch.pending) ||
         element_conflicts(entity.agents->terminals, patch.terminals);
}

bool overflows(const AgentState& agents, const Origin& origin, const model::FactPatch& patch) {
  const auto& [source, stamp, ingest] = origin;
  return agents.sessions.overflows(source, stamp, patch.sessions) ||
         agents.pending.overflows(source, stamp, patch.pending) ||
         agents.terminals.overflows(source, stamp, patch.terminals);
}

Merged merge(Entity& entity, const Origin& origin, const model::FactPatch& patch, Seen seen) {
  Merged merged;
  const bool after_floor = entity.floors.is_newer(origin.source, origin.stamp);
  // What was said before the workspace was removed speaks of no pull request of this one.
  merged.unsettles = after_floor && note_identity(entity, origin, patch);
  patch.present.each([&](Field field) {
    if (!after_floor || is_late(entity.origins, field, origin)) {
      merged.rejected.insert(field);
      return;
    }
    const Origin* holder = entity.origins.holder(field);
    if (holder != nullptr && holder->source == SourceId::own && origin.source != SourceId::own) {
      return;  // the same value as our own domains hold (else a conflict): nothing to learn
    }
    merged.accepted.insert(field);
    if (holder == nullptr) {  // from unknown to known
      merged.moved.insert(field);
      merged.unsettles = true;
    }
    entity.origins.set(field, origin, seen);
    if (model::assign_fact(entity.facts, patch.values, field)) merged.moved.insert(field);
  });
  merged.unsettles |= can_settle_differently(merged.accepted, merged.moved);
  if (patch.has_elements()) merge_collections(entity, origin, patch, seen, after_floor, merged);
  if (!merged.accepted.empty()) entity.touched.raise(origin.source, origin.stamp);
  // Requests are shown only while their session lives, also one nobody had told of before; and one
  // raised anew stands again, whether or not it is another one.
  if (merged.accepted.contains(Field::sessionSummaries) ||
      merged.accepted.contains(Field::pendingRequests)) {
    merged.moved.insert(Field::pendingRequests);
  }
  return merged;
}

model::FieldSet void_older(Entity& entity, SourceId source, const model::Stamp& stamp) {
  static const model::Facts kDefaults;
  model::FieldSet moved;
  for (std::size_t i = 0; i < model::kScalarCount; ++i) {
    const auto field = static_cast<Field>(i);
    const Origin* holder = entity.origins.holder(field);
    if (holder == nullptr || holder->source != source || holder->stamp > stamp) continue;
    if (field == Field::projectId || field == Field::status)
      continue;  // without them it is nothing
    entity.origins.forget(field);
    model::assign_fact(entity.facts, kDefaults, field);
    moved.insert(field);
  }
  AgentState& agents = entity.agents.edit();
  if (agents.sessions.void_older(source, stamp)) moved.insert(Field::sessionSummaries);
  if (agents.pending.void_older(source, stamp)) moved.insert(Field::pendingRequests);
  if (agents.terminals.void_older(source, stamp)) moved.insert(Field::terminals);
  const auto stale = [&](const Origin& mark) {
    return mark.source == source && mark.stamp <= stamp;
  };
  std::erase_if(agents.started_marks, stale);
  std::erase_if(agents.session_marks, stale);
  std::erase_if(agents.pending_marks, stale);
  entity.floors.raise(source, stamp);
  return moved;
}

}  // namespace sb::snapshot
