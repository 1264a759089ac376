#include "client.h"

#include <charconv>
#include <memory>

#include "sb/core/json_value.h"
#include "sb/snapshot/cursor.h"

#include "server.h"

namespace sb::sim {

using namespace std::chrono_literals;

namespace {

constexpr int kReparsePercent = 4;  // of messages are read by the JSON parser as well
constexpr int kRedeliverPercent = 5;
constexpr std::string_view kEpoch = ",\"epoch\":\"";

std::optional<std::uint64_t> number_at(std::string_view text, std::size_t at) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  return number;
}

// Skips `expected` at `at`; npos when something else stands there.
std::size_t skip(std::string_view text, std::size_t at, std::string_view expected) {
  if (at == std::string_view::npos || text.substr(at, expected.size()) != expected) {
    return std::string_view::npos;
  }
  return at + expected.size();
}

}  // namespace

void Client::restart() {
  state_ = saved_;
  newest_.clear();
  for (const auto& [id, revision] : state_.view) newest_[id] = revision;
}

std::uint64_t Client::open() {
  const auto cursor = snapshot::decode_cursor(state_.cursor);
  const auto& store = server()->store();
  resumable_ = cursor && cursor->epoch == store.epoch() &&
               cursor->revision >= store.floor(project_id(project_)) &&
               cursor->revision <= store.head();
  resumed_from_ = cursor ? cursor->revision : 0;
  first_ = true;
  last_revision_ = 0;
  const std::uint64_t made = server()->connect(*this, project_, state_.cursor);
  if (made != 0 && env().judge.tracing()) {
    env().judge.note(who() + "connects as " + std::to_string(made) + " at revision " +
                     std::to_string(resumed_from_) + (resumable_ ? ", resumable" : ""));
  }
  return made;
}

bool Client::parse_tail(std::string_view text, std::size_t at, Message& message) {
  if (const auto count = skip(text, at, ",\"reviewCount\":"); count != std::string_view::npos) {
    const auto value = number_at(text, count);
    if (!value) return false;
    message.review_count = static_cast<std::int64_t>(*value);
    at = text.find(',', count);
  }
  at = skip(text, at, kEpoch);
  if (at == std::string_view::npos) return false;
  const auto quote = text.find('"', at);
  if (quote == std::string_view::npos) return false;
  at = skip(text, quote + 1, ",\"revision\":");
  if (at == std::string_view::npos) return false;
  const auto revision = number_at(text, at);
  if (!revision) return false;
  message.revision = *revision;
  at = text.find_first_of(",}", at);
  if (const auto start = skip(text, at, ",\"cursor\":\""); start != std::string_view::npos) {
    const auto end = text.find('"', start);
    if (end == std::string_view::npos) return false;
    message.cursor = text.substr(start, end - start);
    at = end + 1;
  }
  return text.substr(at) == "}";
}

std::optional<Client::Message> Client::parse(const std::string& text) {
  Message message;
  const std::string_view view(text);
  std::size_t at = skip(view, 0, "{\"type\":\"snapshot_");
  if (at == std::string_view::npos) return std::nullopt;
  message.full = view.substr(at, 4) == "full";
  message.removed = view.substr(at, 7) == "removed";
  const auto epoch = skip(view, view.rfind(kEpoch), kEpoch);
  message.epoch =
      epoch == std::string_view::npos ? "" : view.substr(epoch, view.find('"', epoch) - epoch);
  // The id of an entry or a message, and the entry's text as it was published.
  const auto id_at = [&](std::size_t start) {
    const auto end = start == std::string_view::npos ? start : view.find('"', start);
    message.workspace =
        end == std::string_view::npos ? -1 : workspace_number(view.substr(start, end - start));
    return end == std::string_view::npos ? end : end + 1;
  };
  const auto entry_at = [&](std::size_t start) {
    const auto version = view.find("\"version\":", start);
    const auto revision =
        version == std::string_view::npos ? std::nullopt : number_at(view, version + 10);
    if (!revision) return std::string_view::npos;
    message.entry_revision = *revision;
    const auto published = checks().text(message.epoch, message.workspace, *revision);
    if (!published) return std::string_view::npos;
    return skip(view, start, published->complete());
  };
  if (message.full) {
    at = view.find("\"entries\":[");
    if (at == std::string_view::npos) return std::nullopt;
    at += 11;
    while (at != std::string_view::npos && view[at] != ']') {
      if (view[at] == ',') ++at;
      (void)id_at(skip(view, at, "{\"workspaceId\":\""));
      at = entry_at(at);
      message.entries[message.workspace] = message.entry_revision;
    }
    if (at != std::string_view::npos) ++at;
  } else {
    at = view.find("\"workspaceId\":\"");
    if (at == std::string_view::npos) return std::nullopt;
    at = id_at(at + 15);
    if (!message.removed) at = entry_at(skip(view, at, ",\"entry\":"));
  }
  if (at == std::string_view::npos || !parse_tail(view, at, message)) return std::nullopt;
  return message;
}

void Client::take(const std::string& text) {
  auto& judge = env().judge;
  if (env().network.percent(kReparsePercent)) {
    JsonDocument document;
    judge.hold(document.parse(text).has_value(), "T1", [&] { return "not JSON: " + text; });
  }
  const auto message = parse(text);
  if (!judge.hold(message.has_value(), "T4",
                  [&] { return who() + "got what was never published: " + text; })) {
    return;
  }
  if (judge.tracing()) {
    judge.note(who() + "receives " +
               (message->full ? "full of " + std::to_string(message->entries.size())
                              : (message->removed ? "removed w" : "changed w") +
                                    std::to_string(message->workspace)) +
               " at revision " + std::to_string(message->revision) +
               (message->cursor.empty() ? "" : " with cursor"));
  }
  apply(*message);
  if (env().network.percent(kRedeliverPercent)) {
    const auto view = state_.view;
    apply(*message);
    judge.hold(view == state_.view, "T3",
               [&] { return who() + "shows something else after the same frame again"; });
  }
}

void Client::note_entry(int workspace, std::uint64_t revision) {
  auto& newest = newest_[workspace];
  env().judge.hold(revision >= newest, "T2", [&] {
    return who() + "saw w" + std::to_string(workspace) + " go back from revision " +
           std::to_string(newest) + " to " + std::to_string(revision);
  });
  newest = std::max(newest, revision);
}

void Client::apply(const Message& message) {
  auto& judge = env().judge;
  if (first_) {
    first_ = false;
    judge.hold(message.full || resumable_, "L3", [&] {
      return who() + "was continued from revision " + std::to_string(resumed_from_) +
             " although it cannot be";
    });
    judge.hold(message.full || message.revision > resumed_from_, "T5", [&] {
      return who() + "got revision " + std::to_string(message.revision) +
             " again after resuming from " + std::to_string(resumed_from_);
    });
  }
  if (message.full && message.epoch != state_.epoch) last_revision_ = 0;
  judge.hold(message.revision >= last_revision_, "T1", [&] {
    return who() + "got revision " + std::to_string(message.revision) + " after " +
           std::to_string(last_revision_);
  });
  last_revision_ = message.revision;
  progress();
  if (message.full) {
    checks().baseline(message.epoch);
    if (message.epoch != state_.epoch) newest_.clear();
    state_.view = message.entries;
    for (const auto& [id, revision] : message.entries) note_entry(id, revision);
    state_.epoch = message.epoch;
    state_.review_count = message.review_count;
  } else {
    judge.hold(message.epoch == state_.epoch, "R2", [&] {
      return who() + "holds epoch " + state_.epoch + " and got a change of " + message.epoch;
    });
    if (message.removed) {
      state_.view.erase(message.workspace);
      note_entry(message.workspace, message.revision);
    } else {
      state_.view[message.workspace] = message.entry_revision;
      note_entry(message.workspace, message.entry_revision);
      judge.hold(message.entry_revision <= message.revision, "T1",
                 [&] { return who() + "got an entry newer than its message"; });
    }
  }
  state_.revision = message.revision;
  if (message.review_count) state_.review_count = message.review_count;
  if (!message.cursor.empty()) complete(message);
}

void Client::complete(const Message& message) {
  auto& judge = env().judge;
  const auto cursor = snapshot::decode_cursor(message.cursor);
  if (!judge.hold(cursor && cursor->revision == message.revision, "T5",
                  [&] { return who() + "got a cursor that is not of its message"; })) {
    return;
  }
  state_.cursor = message.cursor;
  // A read of an earlier life of the server may arrive late: what it said then is not kept.
  if (cursor->complete && cursor->epoch == checks().epoch()) {
    const auto* view = checks().view(project_, message.revision);
    judge.hold(view != nullptr && *view == state_.view, "T4", [&] {
      std::string text = who() + "shows";
      for (const auto& [id, revision] : state_.view) {
        text += " w" + std::to_string(id) + "@" + std::to_string(revision);
      }
      text += " at revision " + std::to_string(message.revision) + ", the view was";
      if (view != nullptr) {
        for (const auto& [id, revision] : *view) {
          text += " w" + std::to_string(id) + "@" + std::to_string(revision);
        }
      }
      return text;
    });
  }
  saved_ = state_;
}

void Client::act() {
  if (server() == nullptr || connected() || !server()->ready()) return;
  // As a page does that reads first and then resumes from the cursor of the read.
  const std::string text = server()->read(project_);
  if (text.empty()) return;
  env().loop.after(env().network.delay_up_to(20ms), [this, text] {
    if (connected()) return;
    const auto message = parse(text);
    if (!message) return;  // of an earlier life of the server
    if (message->epoch == state_.epoch && message->revision < state_.revision) return;
    first_ = true;
    resumable_ = false;
    last_revision_ = 0;
    apply(*message);
  });
}

void Client::at_rest(const snapshot::Store& store) {
  if (store.project(project_id(project_)) == nullptr) return;
  Checks::View view;
  for (const auto& entry : store.entries(project_id(project_))) {
    view.emplace(workspace_number(entry.id.view()), entry.revision);
  }
  env().judge.hold(view == state_.view && state_.epoch == store.epoch(), "T7", [&] {
    std::string text = who() + "shows";
    for (const auto& [id, revision] : state_.view) {
      text += " w" + std::to_string(id) + "@" + std::to_string(revision);
    }
    text += ", the server";
    for (const auto& [id, revision] : view) {
      text += " w" + std::to_string(id) + "@" + std::to_string(revision);
    }
    return text;
  });
  env().judge.hold(view.empty() || state_.review_count == store.review_count(), "T7",
                   [&] { return who() + "shows another review count than the server"; });
}

}  // namespace sb::sim
