#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sb/core/json_value.h"
#include "sb/orchestration/ingest.h"

namespace sb::orchestration {

using model::Field;
using Kind = Ingest::Verdict::Kind;

/// The journal as the database keeps it: the newest row per key, in order of being written.
class KeptJournal {
 public:
  void write(const JournalStep& step) {
    for (const auto& epoch : step.epochs) epochs_.push_back(epoch);
    for (const auto& id : step.forget) forget(id);
    for (const auto& fact : step.batch().facts) {
      const auto held = std::find_if(facts_.begin(), facts_.end(), [&](const auto& row) {
        return row.workspace == fact.workspace && row.source == fact.source && row.key == fact.key;
      });
      if (held != facts_.end()) {
        if (fact.may_be_late && fact.stamp < held->stamp) continue;
        facts_.erase(held);
      }
      if (fact.key.empty()) forget(fact.workspace);
      facts_.push_back(fact);
    }
  }
  [[nodiscard]] workspace::JournalContents contents() const {
    workspace::JournalContents contents;
    for (const auto& fact : facts_) {
      contents.add({fact.workspace.view(), fact.source, fact.stamp, fact.key, fact.value});
    }
    contents.source_epochs = epochs_;
    return contents;
  }
  [[nodiscard]] const std::vector<workspace::JournalFact>& facts() const { return facts_; }

 private:
  void forget(const model::WorkspaceId& id) {
    std::erase_if(facts_, [&](const auto& row) { return row.workspace == id; });
  }

  std::vector<workspace::JournalFact> facts_;
  std::vector<std::pair<std::string, std::string>> epochs_;
};

class IngestTest : public ::testing::Test {
 protected:
  /// `rest`: members of the event after id, source and subject.
  Ingest::Verdict send(std::string_view type, std::string_view data, std::string_view rest = "",
                       std::string_view id = "", std::string_view source = "agents/one") {
    std::vector<model::ExternalEvent> events(1);
    if (auto read = parse(type, data, rest, id, source, events.front()); !read) {
      return {Kind::rejected, read.error()};
    }
    return submit(std::move(events)).front();
  }
  struct Said {
    std::string_view type;
    std::string_view data;
    std::string rest;
  };
  /// In one request.
  std::vector<Ingest::Verdict> send_together(std::initializer_list<Said> list) {
    std::vector<model::ExternalEvent> events(list.size());
    std::size_t at = 0;
    for (const Said& said : list) {
      EXPECT_TRUE(parse(said.type, said.data, said.rest, "", "agents/one", events[at++]));
    }
    return submit(std::move(events));
  }
  Kind create(std::string_view rest = "") {
    return send("workspace.state_changed", R"({"projectId":"p","status":"READY"})", rest).kind;
  }
  static std::string sequence(std::uint64_t value) {
    return R"(,"sequence":")" + std::to_string(value) + "\"";
  }
  static std::string shown(const snapshot::Store& store, Field field) {
    const auto entry = store.entry(model::WorkspaceId("w"));
    if (!entry) return "absent";
    return std::string(entry->text->member(field).substr(model::field_name(field).size() + 3));
  }
  [[nodiscard]] std::string shown(Field field) const { return shown(store, field); }

  snapshot::Store store{"one", snapshot::Limits{}};
  Ingest ingest{store};
  Ingest* to = &ingest;  ///< where `send` goes
  KeptJournal journal;
  WallTime wall{std::chrono::milliseconds(1'700'000'000'000)};

 private:
  Result<void> parse(std::string_view type, std::string_view data, std::string_view rest,
                     std::string_view id, std::string_view source, model::ExternalEvent& into) {
    std::string text = R"({"specversion":"1.0","id":")";
    text += id.empty() ? "e" + std::to_string(++next_id_) : std::string(id);
    text.append(R"(","source":")").append(source).append(R"(","type":")").append(type);
    text.append(R"(","subject":"w")").append(rest).append(R"(,"data":)").append(data).append("}");
    JsonDocument document;
    const auto json = document.parse(text);
    EXPECT_TRUE(json) << text;
    return model::parse_event(*json, into);
  }
  std::vector<Ingest::Verdict> submit(std::vector<model::ExternalEvent> events) {
    auto step = to->submit(std::move(events), wall, MonoTime{});
    journal.write(step.journal);
    return std::move(step.verdicts);
  }

  int next_id_ = 0;
};

}  // namespace sb::orchestration
