#include "swarm.h"

namespace sb::sim {

using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kEpochs = 0x65706F636873;

}  // namespace

Swarm Swarm::draw(Rng& rng) {
  Swarm s;
  const auto maybe = [&](int& fault, int low, int high) {
    if (rng.percent(35)) fault = rng.between(low, high);
  };
  s.actions = rng.percent(3) ? 400 : rng.between(15, 45);
  s.workspaces = rng.percent(70) ? rng.between(1, 4) : rng.between(5, 10);
  s.producers = rng.between(0, 3);
  s.clients = rng.percent(80) ? rng.between(1, 2) : rng.between(3, 5);
  s.gap = std::chrono::milliseconds(rng.between(1, 40));
  s.pass_interval = std::chrono::milliseconds(rng.between(50, 600));
  if (rng.percent(60)) s.event_delay_max = std::chrono::milliseconds(rng.between(5, 300));
  if (rng.percent(50)) s.coalesce = std::chrono::milliseconds(rng.between(0, 200));
  s.churn = rng.between(3, 40);
  maybe(s.hot_key, 50, 95);
  maybe(s.own_event_lost, 2, 40);
  maybe(s.own_event_late, 5, 50);
  maybe(s.event_lost, 2, 30);
  maybe(s.event_twice, 5, 40);
  maybe(s.event_batched, 10, 60);
  maybe(s.shared_facts, 5, 40);
  maybe(s.pass_slow, 20, 90);
  maybe(s.pass_partial, 10, 50);
  maybe(s.pass_failing, 10, 60);
  maybe(s.project_removed, 1, 4);
  maybe(s.hint_lost, 5, 50);
  maybe(s.git_failing, 5, 40);
  maybe(s.wall_step, 2, 15);
  maybe(s.crash, 1, 6);
  maybe(s.producer_restart, 2, 10);
  maybe(s.client_cut, 2, 25);
  maybe(s.client_slow, 10, 80);
  maybe(s.half_open, 1, 10);
  maybe(s.client_restart, 5, 60);
  maybe(s.client_acts, 2, 12);
  s.dialect2 = rng.percent(50) ? 50 : rng.percent(50) ? 0 : 100;
  if (rng.percent(40)) s.batches.ops = static_cast<std::size_t>(rng.between(1, 3));
  if (rng.percent(20)) s.batches.bytes = static_cast<std::size_t>(rng.between(2'000, 8'000));
  maybe(s.review_count, 1, 8);
  if (s.project_removed != 0) s.own_event_late = 0;  // a removed project forgets its tombstones
  for (bool& sequenced : s.sequenced) sequenced = rng.percent(75);
  if (rng.percent(20)) {
    s.limits.workspaces_per_project_max = static_cast<std::size_t>(rng.between(1, 4));
    s.event_batched = 0;  // who is evicted is told after each event
  }
  if (rng.percent(25)) {
    // Tombstones outlive every message and every read on its way, but not by much.
    s.limits.tombstone_age_min = std::chrono::seconds(1);
  } else if (rng.percent(20)) {
    s.tombstones_bounded = true;
    s.limits.tombstones_max = static_cast<std::size_t>(rng.between(1, 3));
    s.limits.workspaces_per_project_max = snapshot::Limits{}.workspaces_per_project_max;
  }
  // From a source of chance of its own, so that all else of a seed is what it was without it.
  if (Rng apart = rng; Rng(apart.next() ^ kEpochs).percent(12)) {
    s.limits.revision_max = Rng(apart.next()).between<snapshot::Revision>(3, 80);
  }
  return s;
}

std::string Swarm::text() const {
  std::string out;
  const auto say = [&](const char* name, std::int64_t value) {
    if (value != 0) out += std::string(out.empty() ? "" : " ") + name + "=" + std::to_string(value);
  };
  say("actions", actions);
  say("workspaces", workspaces);
  say("producers", producers);
  say("clients", clients);
  say("gap_ms", gap.count());
  say("pass_interval_ms", pass_interval.count());
  say("event_delay_ms", event_delay_max.count());
  say("coalesce_ms", coalesce.count());
  say("entries_max", static_cast<std::int64_t>(limits.workspaces_per_project_max));
  if (limits.revision_max != snapshot::kRevisionMax) {
    say("revision_max", static_cast<std::int64_t>(limits.revision_max));
  }
  say("tombstones_max", static_cast<std::int64_t>(limits.tombstones_max));
  say("tombstone_age_s", limits.tombstone_age_min.count());
  say("churn", churn);
  say("hot_key", hot_key);
  say("own_event_lost", own_event_lost);
  say("own_event_late", own_event_late);
  say("event_lost", event_lost);
  say("event_twice", event_twice);
  say("event_batched", event_batched);
  say("shared_facts", shared_facts);
  say("pass_slow", pass_slow);
  say("pass_partial", pass_partial);
  say("pass_failing", pass_failing);
  say("project_removed", project_removed);
  say("hint_lost", hint_lost);
  say("git_failing", git_failing);
  say("wall_step", wall_step);
  say("crash", crash);
  say("producer_restart", producer_restart);
  say("client_cut", client_cut);
  say("client_slow", client_slow);
  say("half_open", half_open);
  say("client_restart", client_restart);
  say("client_acts", client_acts);
  say("dialect2", dialect2);
  say("batch_ops", static_cast<std::int64_t>(batches.ops));
  say("batch_bytes", static_cast<std::int64_t>(batches.bytes));
  say("review_count", review_count);
  say("sequenced", (sequenced[0] ? 1 : 0) + (sequenced[1] ? 2 : 0) + (sequenced[2] ? 4 : 0));
  return out;
}

}  // namespace sb::sim
