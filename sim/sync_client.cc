#include "sync_client.h"

#include <charconv>
#include <utility>

#include "sb/core/hash.h"
#include "sb/core/json_value.h"
#include "sb/core/mutant.h"
#include "sb/snapshot/cursor.h"

#include "scan.h"
#include "server.h"

namespace sb::sim {

using namespace std::chrono_literals;
using model::Field;
using snapshot::EntryText;

namespace {

constexpr int kReparsePercent = 2;  // of messages are read by the JSON parser as well
constexpr int kRedeliverPercent = 3;
constexpr std::chrono::milliseconds kHeartbeat{1'000};
constexpr std::chrono::milliseconds kNetworkMax{500};  // a frame may be on its way for so long

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string_view value_of(const EntryText& text, Field field) {
  return text.member(field).substr(model::field_name(field).size() + 3);
}

}  // namespace

SimView SimView::draw(Rng& rng) {
  SimView view;
  view.project = rng.percent(20) ? -1 : rng.below(kProjects);
  view.shape = static_cast<snapshot::ViewShape>(rng.percent(50) ? 0 : rng.below(4));
  view.filter = static_cast<Filter>(rng.percent(50) ? 0 : rng.below(4));
  return view;
}

std::string SimView::text() const {
  std::string out = R"({"projectId":")";
  out += project < 0 ? std::string("*") : project_id(project).str();
  out += R"(","shape":")" + std::string(enum_text(shape)) + '"';
  if (filter == Filter::status) out += R"(,"where":{"status":["READY","NEW"]})";
  if (filter == Filter::column) out += R"(,"where":{"kanbanColumn":["WAITING",null]})";
  if (filter == Filter::needs_user) out += R"(,"where":{"needsUser":false})";
  return out + '}';
}

bool SimView::holds(const EntryText& entry) const {
  switch (filter) {
    case Filter::none:
      return true;
    case Filter::status:
      return value_of(entry, Field::status) == "\"READY\"" ||
             value_of(entry, Field::status) == "\"NEW\"";
    case Filter::column:
      return value_of(entry, Field::kanbanColumn) == "\"WAITING\"" ||
             value_of(entry, Field::kanbanColumn) == "null";
    case Filter::needs_user:
      return value_of(entry, Field::statusReason).find("\"needsUser\":false") !=
             std::string_view::npos;
  }
  return false;
}

struct SyncClient::Batch {
  std::uint64_t seq = 0, from = 0, to = 0;
  bool complete = false, reset = false, was_complete = false;
  std::string_view cursor, ops, review_count;
};

SyncClient::SyncClient(Env& env, Checks& checks, int number)
    : Reader(env, checks, number),
      view_(SimView::draw(env.network)),
      patches_(env.network.percent(80)) {}

void SyncClient::restart() {
  shown_ = saved_;
  staging_.reset();
  epoch_ = saved_epoch_;
  newest_.clear();
  for (const auto& [id, entry] : shown_.entries) newest_[id] = entry.revision;
}

std::uint64_t SyncClient::open() {
  const auto& store = server()->store();
  if (view_.project >= 0 && server()->ready() &&
      store.project(project_id(view_.project)) == nullptr) {
    return 0;
  }
  const std::string& cursor = staging_ ? staging_->cursor : shown_.cursor;
  std::string hello = R"({"type":"hello","protocol":2,"patch":)" +
                      std::string(patches_ ? "true" : "false") + R"(,"heartbeatMs":)" +
                      std::to_string(kHeartbeat.count()) + R"(,"coalesceMs":)" +
                      std::to_string(env().swarm.coalesce.count()) + R"(,"view":)" + view_.text();
  if (!cursor.empty()) hello += R"(,"cursor":")" + cursor + '"';
  view_seq_ = 1;
  welcomed_ = false;
  incomplete_ = 0;
  const auto held = snapshot::decode_cursor(cursor);
  const auto floor = view_.project < 0 ? store.floor() : store.floor(project_id(view_.project));
  resumable_ = held && held->epoch == store.epoch() && held->covered() >= floor &&
               held->revision <= store.head() && (staging_ || shown_.view == view_);
  const std::uint64_t made = server()->connect(*this, hello + '}');
  if (made == 0) return 0;
  last_frame_at_ = env().loop.mono_now();
  if (env().judge.tracing()) {
    env().judge.note(who() + "connects as " + std::to_string(made) + " to " + view_.text() +
                     " at revision " + std::to_string(held ? held->revision : 0) +
                     (resumable_ ? ", resumable" : ""));
  }
  watch_heartbeat(made);
  return made;
}

// T11: a server that lives says something every heartbeat; a reader that hears nothing for two
// leaves, whatever its socket thinks.
void SyncClient::watch_heartbeat(std::uint64_t connection) {
  env().loop.after(kHeartbeat, [this, connection] {
    if (this->connection() != connection) return;
    if (env().loop.mono_now() - last_frame_at_ <= 2 * kHeartbeat + kNetworkMax) {
      return watch_heartbeat(connection);
    }
    env().judge.hold(deaf(), "T11",
                     [&] { return who() + "hears nothing on a connection that is not broken"; });
    drop();
    reconnect_later();
  });
}

void SyncClient::act() {
  view_ = SimView::draw(env().network);
  staging_.reset();
  if (!connected() || deaf() || server() == nullptr) return;
  ++view_seq_;
  incomplete_ = 0;
  env().judge.note(who() + "asks for " + view_.text());
  const std::string message = R"({"type":"view","viewSeq":)" + std::to_string(view_seq_) +
                              R"(,"view":)" + view_.text() + '}';
  env().loop.after(latency(), [this, message, to = connection()] {
    if (server() != nullptr && connection() == to) server()->send(to, message);
  });
}

void SyncClient::take(const std::string& text) {
  auto& judge = env().judge;
  last_frame_at_ = env().loop.mono_now();
  if (env().network.percent(kReparsePercent)) {
    JsonDocument document;
    judge.hold(document.parse(text).has_value(), "T9", [&] { return "not JSON: " + text; });
  }
  const std::string_view view(text);
  if (judge.tracing()) judge.note(who() + "receives " + text.substr(0, 160));
  if (view.starts_with(R"({"type":"welcome")")) return take_welcome(view);
  if (view.starts_with(R"({"type":"bye")")) return;
  if (!judge.hold(welcomed_, "T9", [&] { return who() + "got before welcome: " + text; })) return;
  if (view.starts_with(R"({"type":"mark")")) return take_mark(view);
  if (!judge.hold(view.starts_with(R"({"type":"batch")"), "T9",
                  [&] { return "unknown message " + text; })) {
    return;
  }
  take_batch(view);
}

void SyncClient::take_welcome(std::string_view text) {
  auto& judge = env().judge;
  std::string_view epoch, mode, reason;
  each_member(text, [&](std::string_view name, std::string_view value) {
    if (name == "epoch") epoch = unquoted(value);
    if (name == "mode") mode = unquoted(value);
    if (name == "reason") reason = unquoted(value);
  });
  welcomed_ = true;
  if (epoch != epoch_) {
    judge.hold(mode == "reset" || epoch_.empty(), "R2",
               [&] { return who() + "is continued across epochs"; });
    newest_.clear();
  }
  epoch_ = epoch;
  if (mode == "reset") {
    staging_.reset();
    // A reader that can be continued is, unless the whole view is cheaper.
    judge.hold(!resumable_ || view_seq_ > 1 || reason == "compacted", "T5", [&] {
      return who() + "was reset, reason " + std::string(reason) + ", and could be resumed";
    });
    return;
  }
  judge.hold(resumable_, "L3", [&] { return who() + "was continued although it cannot be"; });
}

void SyncClient::take_batch(std::string_view text) {
  auto& judge = env().judge;
  Batch batch;
  each_member(text, [&](std::string_view name, std::string_view value) {
    if (name == "viewSeq") batch.seq = number(value);
    if (name == "from") batch.from = number(value);
    if (name == "to") batch.to = number(value);
    if (name == "complete") batch.complete = value == "true";
    if (name == "reset") batch.reset = value == "true";
    if (name == "cursor") batch.cursor = unquoted(value);
    if (name == "reviewCount") batch.review_count = value;
    if (name == "ops") batch.ops = value;
  });
  if (batch.seq < view_seq_) return;  // of the view before
  if (batch.reset && batch.from == 0) {
    checks().baseline(epoch_);
    staging_.emplace();
    staging_->view = view_;
  }
  if (!judge.hold(staging_ || shown_.view == view_, "T9",
                  [&] { return who() + "got changes of a view it never saw"; })) {
    return;
  }
  Replica& target = staging_ ? *staging_ : shown_;
  if (!judge.hold(batch.from == target.revision && batch.to >= batch.from, "T1", [&] {
        return who() + "holds revision " + std::to_string(target.revision) + " and got " +
               std::to_string(batch.from) + " to " + std::to_string(batch.to);
      })) {
    return;
  }
  batch.was_complete = target.complete || (batch.reset && batch.from == 0);
  if (SB_MUTANT(cursor_saved_before_state) && !staging_) {
    saved_ = target;
    saved_.cursor = batch.cursor;
    saved_.revision = batch.to;
    saved_.complete = batch.complete;
  }
  each_element(batch.ops, [&](std::string_view op) { take_op(target, op, batch); });
  if (env().network.percent(kRedeliverPercent)) {
    // T3: the same operations again change nothing; a patch is told apart by its revision.
    const auto before = difference(target, batch.to);
    each_element(batch.ops, [&](std::string_view op) {
      if (op.find(R"("op":"patch")") == std::string_view::npos) take_op(target, op, batch);
    });
    judge.hold(before == difference(target, batch.to), "T3",
               [&] { return who() + "shows something else after the same batch again"; });
  }
  target.revision = batch.to;
  target.complete = batch.complete;
  target.cursor = batch.cursor;
  if (!batch.review_count.empty()) {
    target.review_count = static_cast<std::int64_t>(number(batch.review_count));
  }
  // Every batch brings at least one id nearer: however the view churns, an answer has an end.
  incomplete_ = batch.complete ? 0 : incomplete_ + 1;
  judge.hold(incomplete_ <= env().swarm.workspaces * kProjects, "F5", [&] {
    return who() + "got " + std::to_string(incomplete_) + " batches and is never complete";
  });
  if (batch.complete) complete(batch.reset);
  if (!staging_) saved();
}

void SyncClient::take_op(Replica& replica, std::string_view op, const Batch& batch) {
  auto& judge = env().judge;
  std::string_view kind, members;
  int id = -1;
  std::uint64_t revision = 0;
  each_member(op, [&](std::string_view name, std::string_view value) {
    if (name == "op") kind = unquoted(value);
    if (name == "id") id = workspace_number(unquoted(value));
    if (name == "revision") revision = number(value);
    if (name == "entry" || name == "set") members = value;
  });
  const auto at = [&] { return who() + "w" + std::to_string(id) + " "; };
  // Of a commit that is larger than a batch, the rest stands at `from`.
  const bool inside = revision <= batch.to && revision >= batch.from &&
                      (revision > batch.from || !batch.was_complete);
  judge.hold(inside, "T9", [&] {
    return at() + "got an operation at " + std::to_string(revision) + " outside of " +
           std::to_string(batch.from) + " to " + std::to_string(batch.to);
  });
  if (kind == "del") {
    replica.entries.erase(id);
    return;
  }
  const auto held = replica.entries.find(id);
  if (kind == "put") {
    judge.hold(held == replica.entries.end() || held->second.revision <= revision, "T2",
               [&] { return at() + "was put back to " + std::to_string(revision); });
    Entry& entry = replica.entries[id];
    entry = {};
    entry.revision = revision;
    put(entry, members);
    return;
  }
  const bool allowed = patches_ && batch.complete && batch.was_complete && !batch.reset;
  judge.hold(kind == "patch" && allowed, "T9",
             [&] { return at() + "got a patch outside of one piece from complete to head"; });
  if (!judge.hold(held != replica.entries.end(), "T9",
                  [&] { return at() + "is patched and unknown"; })) {
    return;
  }
  judge.hold(revision > held->second.revision, "T2",
             [&] { return at() + "was patched back to " + std::to_string(revision); });
  held->second.revision = revision;
  put(held->second, members);
}

void SyncClient::put(Entry& entry, std::string_view members) {
  each_member(members, [&](std::string_view name, std::string_view value) {
    const auto field = model::field_from_name(name);
    if (field) entry.fields[static_cast<std::size_t>(*field)] = value;
  });
}

void SyncClient::complete(bool reset) {
  auto& judge = env().judge;
  if (staging_) {
    if (!(shown_.view == staging_->view)) newest_.clear();
    shown_ = *std::exchange(staging_, std::nullopt);
  }
  progress();
  for (const auto& [id, entry] : shown_.entries) {
    auto& newest = newest_[id];
    judge.hold(entry.revision >= newest, "T2", [&] {
      return who() + "saw w" + std::to_string(id) + " go back from revision " +
             std::to_string(newest) + " to " + std::to_string(entry.revision);
    });
    newest = entry.revision;
  }
  if (!current_life()) return;
  for (const auto& [id, entry] : shown_.entries) {
    const auto text = checks().text(id, entry.revision);
    judge.hold(text == nullptr || shown_.view.holds(*text), "V2", [&] {
      return who() + "shows w" + std::to_string(id) + " outside of " + shown_.view.text();
    });
  }
  const std::string wrong = difference(shown_, shown_.revision);
  judge.hold(wrong.empty(), reset ? "V3" : "T4", [&] {
    return who() + "at revision " + std::to_string(shown_.revision) + " of " + view_.text() + ": " +
           wrong;
  });
}

void SyncClient::saved() {
  if (SB_MUTANT(cursor_saved_before_state)) return;
  saved_ = shown_;
  saved_epoch_ = epoch_;
}

void SyncClient::take_mark(std::string_view text) {
  auto& judge = env().judge;
  std::uint64_t seq = 0, revision = 0;
  std::string_view cursor, told, count;
  each_member(text, [&](std::string_view name, std::string_view value) {
    if (name == "viewSeq") seq = number(value);
    if (name == "revision") revision = number(value);
    if (name == "cursor") cursor = unquoted(value);
    if (name == "digest") told = unquoted(value);
    if (name == "reviewCount") count = value;
  });
  if (seq != view_seq_) return;
  if (!judge.hold(!staging_ && shown_.view == view_ && shown_.complete, "T6",
                  [&] { return who() + "got a mark in the middle of an answer"; })) {
    return;
  }
  judge.hold(revision >= shown_.revision, "T1",
             [&] { return who() + "got a mark that goes back"; });
  shown_.revision = revision;
  shown_.cursor = cursor;
  progress();
  if (!count.empty()) shown_.review_count = static_cast<std::int64_t>(number(count));
  if (current_life()) {
    const std::string wrong = difference(shown_, revision);
    judge.hold(wrong.empty(), "T6", [&] {
      return who() + "was told to be at revision " + std::to_string(revision) + ": " + wrong;
    });
  }
  std::string mine(16, '0');
  const std::uint64_t held = digest(shown_);
  for (std::size_t i = 0; i < 16; ++i) mine[i] = "0123456789abcdef"[held >> (60 - 4 * i) & 15U];
  judge.hold(told == mine, "V4", [&] { return who() + "holds another digest than the server"; });
  saved();
}

std::uint64_t SyncClient::digest(const Replica& replica) const {
  std::uint64_t all = 0;
  for (const auto& [id, entry] : replica.entries) {
    const std::uint64_t hash = fnv1a(std::string_view("\0", 1), fnv1a(workspace_id(id).view()));
    all ^= fnv1a(std::to_string(entry.revision), hash);
  }
  return all;
}

std::string SyncClient::difference(const Replica& replica, std::uint64_t revision) {
  std::size_t expected = 0;
  const model::FieldSet fields = snapshot::fields_of(replica.view.shape);
  for (int project = 0; project < kProjects; ++project) {
    if (replica.view.project >= 0 && replica.view.project != project) continue;
    const auto* view = checks().view(project, revision);
    if (view == nullptr) return "revision " + std::to_string(revision) + " never was";
    for (const auto& [id, entry_revision] : *view) {
      const auto text = checks().text(id, entry_revision);
      if (text == nullptr || !replica.view.holds(*text)) continue;
      ++expected;
      const auto held = replica.entries.find(id);
      if (held == replica.entries.end()) return "w" + std::to_string(id) + " is missing";
      std::string wrong;
      fields.each([&](Field field) {
        const auto& value = held->second.fields[static_cast<std::size_t>(field)];
        if (value == value_of(*text, field) || !wrong.empty()) return;
        wrong = "w" + std::to_string(id) + " shows " + std::string(model::field_name(field)) + " " +
                value + ", should show " + std::string(value_of(*text, field));
      });
      if (!wrong.empty()) return wrong;
    }
  }
  if (expected != replica.entries.size()) {
    return "holds " + std::to_string(replica.entries.size()) + " entries, should hold " +
           std::to_string(expected);
  }
  return {};
}

void SyncClient::at_rest(const snapshot::Store& store) {
  if (view_.project >= 0 && store.project(project_id(view_.project)) == nullptr) return;
  const std::string wrong =
      shown_.view == view_ ? difference(shown_, store.head()) : "another view";
  env().judge.hold(wrong.empty() && epoch_ == store.epoch(), "T7",
                   [&] { return who() + "at rest, " + view_.text() + ": " + wrong; });
  env().judge.hold(shown_.review_count == store.review_count(), "T7",
                   [&] { return who() + "shows another review count than the server"; });
}

}  // namespace sb::sim
