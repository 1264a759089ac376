#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sb/core/json_codec.h"
#include "sb/core/json_value.h"
#include "sb/snapshot/store.h"
#include "sb/snapshot/view.h"
#include "sb/testing/json_text.h"
#include "sb/testing/strict_client.h"

namespace sb::snapshot {

using sb::testing::json_text;
using sb::testing::StrictClient;

/// Everything the store publishes at one revision, as plain texts: what a view is recomputed from.
struct NaiveState {
  struct Row {
    std::string project;
    std::string status;
    std::string column;  // JSON text
    std::string code;
    bool needs_user = false;
    std::shared_ptr<const StrictClient::Fields> fields;
  };
  std::map<std::string, Row> rows;
  std::optional<std::int64_t> review_count;
};

/// Takes states of a store; a text is parsed once.
class NaiveRecorder {
 public:
  NaiveState take(const Store& store) {
    NaiveState state;
    state.review_count = store.review_count();
    for (const auto& project : store.projects()) {
      for (const auto& id : store.ids(project.id)) {
        const auto entry = store.entry(id);
        if (entry && entry->text) state.rows.emplace(id.str(), row(*entry));
      }
    }
    return state;
  }

 private:
  NaiveState::Row row(const PublishedEntry& entry) {
    auto& kept = parsed_[entry.text.get()];
    if (!kept.first) {
      JsonDocument document;
      const auto value = document.parse(entry.text->complete());
      NaiveState::Row row;
      row.project = *value->find("projectId")->as_string();
      row.status = *value->find("status")->as_string();
      row.column = json_text(*value->find("kanbanColumn"));
      row.code = *value->find("statusReason")->find("code")->as_string();
      row.needs_user = *value->find("statusReason")->find("needsUser")->as_bool();
      auto fields = std::make_shared<StrictClient::Fields>();
      value->each_member([&](std::string_view name, JsonValue member) {
        fields->emplace(name, json_text(member));
      });
      row.fields = std::move(fields);
      kept = {entry.text, std::move(row)};
    }
    return kept.second;
  }
  std::map<const EntryText*, std::pair<std::shared_ptr<const EntryText>, NaiveState::Row>> parsed_;
};

/// A view as its words say it, without bits: empty sets mean any.
struct NaiveView {
  std::string project = "p";
  ViewShape shape = ViewShape::full;
  std::set<std::string> statuses;
  std::set<std::string> columns;  // JSON texts
  std::set<std::string> codes;
  std::optional<bool> needs_user;

  [[nodiscard]] std::string json() const {
    std::string where;
    const auto set = [&](const char* name, const std::set<std::string>& values, bool quoted) {
      if (values.empty()) return;
      if (!where.empty()) where += ',';
      where += '"' + std::string(name) + "\":[";
      bool first = true;
      for (const auto& value : values) {
        if (!first) where += ',';
        first = false;
        where += quoted ? '"' + value + '"' : value;
      }
      where += ']';
    };
    set("status", statuses, true);
    set("kanbanColumn", columns, false);
    set("statusReasonCode", codes, true);
    if (needs_user) {
      where += (where.empty() ? "" : ",") + std::string(R"("needsUser":)") +
               (*needs_user ? "true" : "false");
    }
    return R"({"projectId":")" + project + R"(","shape":")" + std::string(enum_text(shape)) +
           R"(","where":{)" + where + "}}";
  }

  [[nodiscard]] bool contains(const NaiveState::Row& row) const {
    const bool hidden = row.status == "ARCHIVING" || row.status == "ARCHIVED";
    return (project == "*" || project == row.project) &&
           (statuses.empty() ? !hidden : statuses.contains(row.status)) &&
           (columns.empty() || columns.contains(row.column)) &&
           (codes.empty() || codes.contains(row.code)) &&
           (!needs_user || *needs_user == row.needs_user);
  }

  /// What a reader must hold at that state.
  [[nodiscard]] std::map<std::string, StrictClient::Fields> expect(const NaiveState& state) const {
    std::map<std::string, StrictClient::Fields> all;
    for (const auto& [id, row] : state.rows) {
      if (!contains(row)) continue;
      auto& fields = all[id];
      fields.emplace("workspaceId", row.fields->at("workspaceId"));
      fields_of(shape).each([&](model::Field field) {
        const std::string name(model::field_name(field));
        fields.emplace(name, row.fields->at(name));
      });
    }
    return all;
  }
};

/// What a reader holds, in the same form.
inline std::map<std::string, StrictClient::Fields> held_by(const StrictClient& client) {
  std::map<std::string, StrictClient::Fields> all;
  for (const auto& [id, entry] : client.shown().entries) all.emplace(id, entry.fields);
  return all;
}

}  // namespace sb::snapshot
