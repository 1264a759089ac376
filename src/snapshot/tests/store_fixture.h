#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sb/core/json_value.h"
#include "sb/model/fact_codec.h"
#include "sb/snapshot/dialect1_session.h"
#include "sb/snapshot/store.h"

namespace sb::snapshot {

using namespace std::chrono_literals;
using model::Field;

inline constexpr SourceId kA{1};
inline constexpr SourceId kB{2};

/// A store with two projects and two external sources, spoken to in JSON.
class StoreTest : public ::testing::Test {
 protected:
  StoreTest() : StoreTest(Limits{}) {}
  explicit StoreTest(Limits limits) : store("epoch-1", limits), encoder(store) {
    for (const char* id : {"p", "q"}) {
      model::ProjectInfo project;
      project.id = model::ProjectId(id);
      EXPECT_TRUE(store.put_project(project));
    }
    EXPECT_EQ(*store.source("source-a"), kA);
    EXPECT_EQ(*store.source("source-b"), kB);
  }

  static model::ProjectId project(const char* id = "p") { return model::ProjectId(id); }
  static model::WorkspaceId workspace(const std::string& id = "w") {
    return model::WorkspaceId(id);
  }

  static model::FactPatch facts(std::string_view json) {
    JsonDocument document;
    const auto parsed = document.parse(json);
    EXPECT_TRUE(parsed) << json;
    auto patch = model::parse_fact_patch(*parsed, "$");
    EXPECT_TRUE(patch) << json;
    return *std::move(patch);
  }

  Applied say(std::uint64_t sequence, std::string_view json, SourceId source = kA,
              const std::string& id = "w", Update::Cause cause = Update::Cause::event) {
    Update update;
    update.workspace = workspace(id);
    update.source = source;
    update.stamp = {source == SourceId::own ? 0U : 1U, sequence, 0};
    update.cause = cause;
    update.label = cause == Update::Cause::event ? "event" : "reconciliation";
    update.facts = facts(json);
    return store.apply(std::move(update), wall, mono);
  }
  Applied create(std::uint64_t sequence, const std::string& id = "w", SourceId source = kA,
                 const char* project_id = "p") {
    return say(sequence, std::string(R"({"status":"READY","projectId":")") + project_id + "\"}",
               source, id);
  }
  Applied remove(std::uint64_t sequence, SourceId source = kA, const std::string& id = "w") {
    Update update;
    update.workspace = workspace(id);
    update.source = source;
    update.stamp = {source == SourceId::own ? 0U : 1U, sequence, 0};
    update.kind = Update::Kind::remove;
    return store.apply(std::move(update), wall, mono);
  }

  /// The published JSON value of a field; "absent" when there is no entry.
  std::string shown(Field field, const std::string& id = "w") const {
    const auto entry = store.entry(workspace(id));
    if (!entry) return "absent";
    return std::string(entry->text->member(field).substr(model::field_name(field).size() + 3));
  }
  std::string code(const std::string& id = "w") const {
    const auto entry = store.entry(workspace(id));
    return entry ? std::string(enum_text(entry->status_reason)) : "absent";
  }
  bool present(const std::string& id = "w") const { return store.entry(workspace(id)).has_value(); }
  bool unknown(Field field, const std::string& id = "w") const {
    return shown(Field::unknownFields, id)
               .find('"' + std::string(model::field_name(field)) + '"') != std::string::npos;
  }
  Revision version(const std::string& id = "w") const {
    return store.entry(workspace(id))->revision;
  }

  /// Messages a dialect 1 subscriber of a project gets now, as parsed types and ids: "changed w".
  std::vector<std::string> messages(Dialect1Session& session) {
    std::vector<std::string> out;
    mono += 1s;  // past any coalescing gap
    if (const auto batch = session.next(mono)) {
      for (const auto& one : *batch) out.push_back(brief(one.text()));
    }
    return out;
  }
  static std::string brief(const std::string& text) {
    JsonDocument document;
    const auto message = document.parse(text);
    EXPECT_TRUE(message) << text;
    std::string type(message->find("type")->as_string()->substr(9));
    if (type == "full") {
      std::string ids;
      message->find("entries")->each_element([&](std::size_t, JsonValue entry) {
        ids += " " + std::string(*entry.find("workspaceId")->as_string());
      });
      return type + ids;
    }
    return type + " " + std::string(*message->find("workspaceId")->as_string());
  }
  /// The operations of a batch of dialect 2, as words and ids: "patch w".
  static std::vector<std::string> ops(const std::string& text) {
    std::vector<std::string> list;
    JsonDocument document;
    document.parse(text)->find("ops")->each_element([&](std::size_t, JsonValue op) {
      list.push_back(std::string(*op.find("op")->as_string()) + " " +
                     std::string(*op.find("id")->as_string()));
    });
    return list;
  }
  Dialect1Session subscribe(const char* project_id = "p", std::string cursor = "") {
    return Dialect1Session(store, encoder, {project(project_id), std::move(cursor), 100ms});
  }

  Store store;
  Dialect1Encoder encoder;
  WallTime wall{std::chrono::milliseconds(1'700'000'000'000)};
  MonoTime mono{1h};
};

using Messages = std::vector<std::string>;
using Ops = std::vector<std::string>;

}  // namespace sb::snapshot
