#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sb/core/hash.h"
#include "sb/core/json_value.h"
#include "sb/testing/json_text.h"

namespace sb::testing {

/// A reader of dialect 2 that follows the client rules of protocol section 4 to the letter and
/// reports everything a server must never do. What it finds is named after the guarantee that
/// broke.
class StrictClient {
 public:
  using Fields = std::map<std::string, std::string>;  // name to JSON text
  struct Entry {
    std::uint64_t revision = 0;
    Fields fields;
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  struct Replica {
    std::map<std::string, Entry> entries;
    std::uint64_t revision = 0;
    bool complete = false;
    std::string cursor;
    std::optional<std::int64_t> review_count;
  };

  /// What a new connection says first. `view` is the JSON of the view. `from_staging`: continue an
  /// interrupted reset from the cursor of its last batch, when there is one.
  std::string hello(const std::string& view, bool patch, bool from_staging = false) {
    view_ = view;
    view_seq_ = 1;
    welcomed_ = false;
    patch_ = patch;
    if (!from_staging) staging_.reset();
    const std::string cursor = staging_ ? staging_->cursor : shown_.cursor;
    std::string text = R"({"type":"hello","protocol":2,"patch":)" +
                       std::string(patch ? "true" : "false") + R"(,"view":)" + view;
    if (!cursor.empty()) text += R"(,"cursor":")" + cursor + '"';
    return text + '}';
  }
  /// Asks for another view on the same connection.
  std::string change_view(const std::string& view) {
    view_ = view;
    ++view_seq_;
    staging_.reset();
    return R"({"type":"view","viewSeq":)" + std::to_string(view_seq_) + R"(,"view":)" + view + '}';
  }

  void take(std::string_view text) {
    JsonDocument document;
    const auto message = document.parse(text);
    if (!message) return broken("T9", "not JSON: " + std::string(text));
    const std::string type(*message->find("type")->as_string());
    ++messages;
    if (type == "welcome") {
      take_welcome(*message);
    } else if (!welcomed_) {
      if (type != "bye") broken("T9", type + " before welcome");
    } else if (type == "batch") {
      take_batch(*message);
    } else if (type == "mark") {
      take_mark(*message);
    } else if (type == "bye") {
      bye = std::string(*message->find("code")->as_string());
    } else {
      broken("T9", "unknown message " + type);
    }
  }

  [[nodiscard]] const Replica& shown() const { return shown_; }
  [[nodiscard]] bool staging() const { return staging_.has_value(); }
  /// True when the replica on screen is complete and of the view asked for last.
  [[nodiscard]] bool settled() const { return shown_known() && shown_.complete && !staging_; }
  [[nodiscard]] std::uint64_t digest() const {
    std::uint64_t all = 0;
    for (const auto& [id, entry] : shown_.entries) {
      const std::string zero(1, '\0');
      all ^= fnv1a(std::to_string(entry.revision), fnv1a(zero, fnv1a(id)));
    }
    return all;
  }

  /// Called after each complete point.
  std::vector<std::uint64_t> completed_at;  // revisions; the test takes and clears them
  std::vector<std::string> errors;
  std::string bye;
  std::string last_reason;  ///< of the last welcome; "resume" when it was none
  std::uint64_t messages = 0;
  std::uint64_t batches = 0;
  std::uint64_t patches = 0;
  std::uint64_t resets = 0;  ///< completed

 private:
  [[nodiscard]] bool shown_known() const { return shown_view_ == view_; }
  void broken(const std::string& guarantee, const std::string& what) {
    errors.push_back(guarantee + ": " + what);
  }
  static std::uint64_t number(const JsonValue& message, std::string_view name) {
    const auto found = message.find(name);
    return found && found->as_int() ? static_cast<std::uint64_t>(*found->as_int()) : 0;
  }
  static bool flag(const JsonValue& message, std::string_view name) {
    const auto found = message.find(name);
    return found && found->as_bool().value_or(false);
  }

  void take_welcome(const JsonValue& message) {
    if (welcomed_) broken("T9", "welcome twice");
    welcomed_ = true;
    const std::string epoch(*message.find("epoch")->as_string());
    if (epoch != epoch_) epoch_shown_.clear();
    epoch_ = epoch;
    const std::string mode(*message.find("mode")->as_string());
    last_reason = mode == "resume" ? mode : std::string(*message.find("reason")->as_string());
    if (mode == "resume") {
      if (staging_ || view_seq_ > 1) return;  // or it answers the view before
      if (shown_.cursor.empty()) broken("T9", "resume without a cursor");
      shown_view_ = view_;  // another spelling of the same view
    } else {
      staging_.reset();
    }
  }

  void take_batch(const JsonValue& message) {
    const std::uint64_t seq = number(message, "viewSeq");
    if (seq < view_seq_) return;  // of the view before
    if (seq > view_seq_) return broken("T9", "a batch of a view nobody asked for");
    ++batches;
    const std::uint64_t from = number(message, "from");
    const std::uint64_t to = number(message, "to");
    const bool complete = flag(message, "complete");
    const bool reset = flag(message, "reset");
    if (reset && from == 0) staging_.emplace();
    if (!staging_ && !shown_known()) return broken("T9", "changes of a view never seen");
    Replica& target = staging_ ? *staging_ : shown_;
    if (from != target.revision) {
      return broken("T1",
                    "from " + std::to_string(from) + ", held " + std::to_string(target.revision));
    }
    if (to < from) broken("T1", "a batch goes back");
    const bool was_complete = target.complete || (reset && from == 0);
    std::uint64_t last = 0;
    message.find("ops")->each_element([&](std::size_t, JsonValue op) {
      const std::uint64_t revision = number(op, "revision");
      if (revision < last) broken("T1", "ops out of order");
      last = revision;
      // Of a commit that is larger than a batch, the rest stands at `from`.
      if (revision > to || revision < from || (revision == from && was_complete)) {
        broken("T9", "op at " + std::to_string(revision) + " outside of " + std::to_string(from) +
                         ".." + std::to_string(to));
      }
      take_op(target, op, complete && was_complete && !reset);
    });
    target.revision = to;
    target.complete = complete;
    target.cursor = std::string(*message.find("cursor")->as_string());
    if (message.find("reviewCount")) target.review_count = message.find("reviewCount")->as_int();
    if (complete) finish(reset);
  }

  void take_op(Replica& target, const JsonValue& op, bool may_patch) {
    const std::string kind(*op.find("op")->as_string());
    const std::string id(*op.find("id")->as_string());
    const std::uint64_t revision = number(op, "revision");
    const auto held = target.entries.find(id);
    if (kind == "del") {
      if (held != target.entries.end()) target.entries.erase(held);
      return;
    }
    if (kind == "put") {
      Entry entry{revision, {}};
      op.find("entry")->each_member([&](std::string_view name, JsonValue value) {
        entry.fields.emplace(name, json_text(value));
      });
      if (entry.fields["workspaceId"] != json_text(*op.find("id")))
        broken("T9", "put of another id");
      for (const char* name : {"version", "computedAt", "source", "fieldTimestamps"}) {
        if (entry.fields.contains(name)) broken("T9", std::string("put holds ") + name);
      }
      if (held != target.entries.end() && held->second.revision > revision) {
        broken("T2", "put goes back");
      }
      target.entries.insert_or_assign(id, std::move(entry));
      return;
    }
    if (kind != "patch") return broken("T9", "unknown op " + kind);
    ++patches;
    if (!patch_) broken("T9", "patch for a reader that takes none");
    if (!may_patch) broken("T9", "patch outside of one piece from complete to head");
    if (held == target.entries.end()) return broken("T9", "patch of a missing id");
    if (revision <= held->second.revision) broken("T2", "patch goes back");
    std::size_t members = 0;
    op.find("set")->each_member([&](std::string_view name, JsonValue value) {
      ++members;
      if (!held->second.fields.contains(std::string(name))) {
        broken("T9", "patch of a field outside of the shape: " + std::string(name));
      }
      held->second.fields[std::string(name)] = json_text(value);
    });
    if (members == 0) broken("T9", "empty patch");
    held->second.revision = revision;
  }

  void take_mark(const JsonValue& message) {
    if (number(message, "viewSeq") != view_seq_) return;
    if (staging_ || !shown_known() || !shown_.complete)
      return broken("T6", "mark while incomplete");
    const std::uint64_t revision = number(message, "revision");
    if (revision < shown_.revision) broken("T1", "mark goes back");
    shown_.revision = revision;
    shown_.cursor = std::string(*message.find("cursor")->as_string());
    if (message.find("reviewCount")) shown_.review_count = message.find("reviewCount")->as_int();
    if (const auto told = message.find("digest")) {
      std::string mine(16, '0');
      const std::uint64_t held = digest();
      for (std::size_t i = 0; i < 16; ++i) mine[i] = "0123456789abcdef"[held >> (60 - 4 * i) & 15];
      if (mine != *told->as_string()) broken("V4", "the digest differs");
    }
    completed_at.push_back(revision);
  }

  void finish(bool reset) {
    if (reset) ++resets;
    if (staging_) {
      shown_ = *std::move(staging_);
      staging_.reset();
    }
    shown_view_ = view_;
    // T2 over the life of an epoch: what was once shown of an entry never goes back.
    auto& seen = epoch_shown_[view_];
    for (const auto& [id, entry] : shown_.entries) {
      if (entry.revision < seen[id]) broken("T2", "an entry went back");
      seen[id] = entry.revision;
    }
    completed_at.push_back(shown_.revision);
  }

  std::string view_;
  std::string epoch_;
  std::uint64_t view_seq_ = 1;
  bool welcomed_ = false;
  bool patch_ = true;
  std::string
      shown_view_;  ///< what `shown_` is of: the view before stays until its reset is complete
  Replica shown_;
  std::optional<Replica> staging_;
  std::map<std::string, std::map<std::string, std::uint64_t>> epoch_shown_;  // view, id: revision
};

}  // namespace sb::testing
