#include "refresh_queue.h"

#include <algorithm>
#include <utility>

namespace sb::git {

RefreshQueue::RefreshQueue(Loop& loop, const Clock& clock, Options options, Start start)
    : loop_(loop), clock_(clock), options_(options), start_(std::move(start)) {}

RefreshQueue::~RefreshQueue() {
  for (const auto& [id, entry] : entries_) loop_.cancel(entry.timer);
}

void RefreshQueue::hint(const model::WorkspaceId& id) {
  Entry& entry = entries_[id];
  if (entry.ready) return;  // its read has not begun: it will see this change too
  const MonoTime now = clock_.mono_now();
  if (!entry.first_hint) entry.first_hint = now;
  const MonoTime due = std::min(now + options_.debounce, *entry.first_hint + options_.debounce_max);
  entry.due = due;
  arm(id, entry);
}

void RefreshQueue::urgent(const model::WorkspaceId& id) {
  Entry& entry = entries_[id];
  if (entry.ready) return;
  const MonoTime now = clock_.mono_now();
  if (!entry.first_hint) entry.first_hint = now;
  entry.due = now;
  if (entry.running == 0) fire(id);
}

void RefreshQueue::later(const model::WorkspaceId& id, std::chrono::nanoseconds delay) {
  Entry& entry = entries_[id];
  if (entry.ready || entry.due) return;
  entry.due = clock_.mono_now() + delay;
  arm(id, entry);
}

void RefreshQueue::arm(const model::WorkspaceId& id, Entry& entry) {
  if (entry.running != 0) return;  // `finished` arms
  loop_.cancel(entry.timer);
  const auto wait = std::max(*entry.due, entry.not_before) - clock_.mono_now();
  entry.timer = loop_.after(std::max(wait, std::chrono::nanoseconds(0)), [this, id] { fire(id); });
}

void RefreshQueue::fire(const model::WorkspaceId& id) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  loop_.cancel(std::exchange(found->second.timer, 0));
  found->second.ready = true;
  ready_.push_back(id);
  pump();
}

void RefreshQueue::pump() {
  while (running_.size() < options_.running_max && !ready_.empty()) {
    const model::WorkspaceId id = std::move(ready_.front());
    ready_.pop_front();
    const auto found = entries_.find(id);
    if (found == entries_.end() || !found->second.ready) continue;
    Entry& entry = found->second;
    entry.ready = false;
    entry.first_hint.reset();
    entry.due.reset();
    entry.started = clock_.mono_now();
    entry.running = ++last_ticket_;
    running_.emplace(entry.running, id);
    start_(id, entry.running);
  }
}

void RefreshQueue::finished(Ticket ticket) {
  const auto ran = running_.find(ticket);
  if (ran == running_.end()) return;
  const model::WorkspaceId id = std::move(ran->second);
  running_.erase(ran);
  // Removed and tracked again meanwhile: then the entry is of a newer life.
  const auto found = entries_.find(id);
  if (found != entries_.end() && found->second.running == ticket) {
    Entry& entry = found->second;
    entry.running = 0;
    const MonoTime now = clock_.mono_now();
    entry.not_before = now + (now - entry.started);
    if (entry.due) arm(id, entry);
  }
  pump();
}

void RefreshQueue::remove(const model::WorkspaceId& id) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  loop_.cancel(found->second.timer);
  entries_.erase(found);
}

bool RefreshQueue::quiet(const model::WorkspaceId& id) const {
  const auto found = entries_.find(id);
  return found == entries_.end() ||
         (!found->second.due && !found->second.ready && found->second.running == 0);
}

}  // namespace sb::git
