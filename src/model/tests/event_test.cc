#include "sb/model/event.h"

#include <array>
#include <map>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "sb/core/json_value.h"

namespace sb::model {
namespace {

/// The attributes of one event as JSON texts, to be changed one at a time.
struct Attributes {
  std::map<std::string, std::string, std::less<>> texts{
      {"specversion", R"("1.0")"},    {"id", R"("e1")"},
      {"source", R"("agents/one")"},  {"type", R"("ratchet.toggled")"},
      {"subject", R"("ws-1")"},       {"sequence", R"("7")"},
      {"sourceepoch", R"("boot-3")"}, {"data", R"({"enabled":true})"}};

  Attributes& set(std::string_view name, std::string text) {
    texts[std::string(name)] = std::move(text);
    return *this;
  }
  Attributes& leave_out(std::string_view name) {
    texts.erase(std::string(name));
    return *this;
  }
  [[nodiscard]] Result<void> read(ExternalEvent& into) const {
    std::string json;
    for (const auto& [name, text] : texts) {
      json.append(json.empty() ? "{\"" : ",\"").append(name).append("\":").append(text);
    }
    JsonDocument document;
    return parse_event(*document.parse(json + "}"), into);
  }
  [[nodiscard]] Result<void> read() const {
    ExternalEvent event;
    return read(event);
  }
};

std::string id_of(std::size_t bytes) {
  return "\"" + std::string(bytes, 'x') + "\"";
}

constexpr std::array<std::string_view, 4> kIds{"id", "source", "subject", "sourceepoch"};

TEST(EventTest, EveryAttributeIsRead) {
  ExternalEvent event;
  ASSERT_TRUE(Attributes().read(event));
  EXPECT_EQ(event.id, "e1");
  EXPECT_EQ(event.source, "agents/one");
  EXPECT_EQ(event.workspace, WorkspaceId("ws-1"));
  EXPECT_EQ(event.sequence, 7U);
  EXPECT_EQ(event.source_epoch, "boot-3");
  EXPECT_EQ(event.type(), "ratchet.toggled");
  EXPECT_TRUE(std::get<RatchetToggled>(event.data).enabled);
}

TEST(EventTest, AnIdentifierHasOneTo256Bytes) {
  for (const std::string_view name : kIds) {
    const std::string path = "$." + std::string(name);
    EXPECT_TRUE(Attributes().set(name, id_of(kIdBytesMax)).read()) << name;
    const auto long_one = Attributes().set(name, id_of(kIdBytesMax + 1)).read();
    ASSERT_FALSE(long_one) << name;
    EXPECT_EQ(long_one.error().path, path);
    EXPECT_EQ(long_one.error().message, "longer than 256 bytes");
    const auto empty = Attributes().set(name, R"("")").read();
    ASSERT_FALSE(empty) << name;
    EXPECT_EQ(empty.error().path, path);
    EXPECT_EQ(empty.error().message, "must not be empty");
  }
}

TEST(EventTest, AnIdentifierIsAString) {
  for (const std::string_view name : kIds) {
    const auto number = Attributes().set(name, "12").read();
    ASSERT_FALSE(number) << name;
    EXPECT_EQ(number.error().path, "$." + std::string(name));
    EXPECT_NE(number.error().message.find("a string"), std::string::npos);
  }
}

TEST(EventTest, WhatIsRequiredIsNamedWhenItIsMissing) {
  for (const std::string_view name : {"specversion", "id", "source", "type", "subject", "data"}) {
    const auto without = Attributes().leave_out(name).read();
    ASSERT_FALSE(without) << name;
    EXPECT_EQ(without.error().path, "$." + std::string(name));
  }
  for (const std::string_view name : {"sequence", "sourceepoch"}) {
    EXPECT_TRUE(Attributes().leave_out(name).read()) << name;
    EXPECT_TRUE(Attributes().set(name, "null").read()) << name;
  }
}

TEST(EventTest, ASequenceIsAnUnsigned64BitDecimal) {
  const auto sequence = [](std::string text) -> std::optional<std::uint64_t> {
    ExternalEvent event;
    const auto read = Attributes().set("sequence", std::move(text)).read(event);
    if (read) return event.sequence;
    EXPECT_EQ(read.error().path, "$.sequence");
    return std::nullopt;
  };
  EXPECT_EQ(sequence(R"("0")"), 0U);
  EXPECT_EQ(sequence(R"("18446744073709551615")"), UINT64_MAX);
  EXPECT_EQ(sequence("12"), 12U);
  for (const char* bad : {R"("18446744073709551616")", R"("-1")", R"("")", R"(" 1")", R"("1 ")",
                          R"("0x1")", "-1", "1.5", "true", "[]"}) {
    EXPECT_EQ(sequence(bad), std::nullopt) << bad;
  }
}

TEST(EventTest, ANumberIsOneOfWhatItCounts) {
  struct Row {
    const char* type;
    const char* data;
    const char* path;  // of what is wrong; null: nothing
  };
  const std::string long_id = id_of(257);
  const std::string sessions =
      R"({"sessionSummaries":[{"sessionId":)" + long_id +
      R"(,"name":null,"workflow":null,"model":null,"persistedStatus":"IDLE","runtimePhase":"idle",)"
      R"("processState":"alive","activity":"IDLE","updatedAt":"2026-11-01T00:00:00.000Z","lastExit":null}]})";
  for (
      const auto& [type, data, path] : {
          Row{"ratchet.dispatch_changed",
              R"({"ratchetDispatchOutcome":null,"ratchetDispatchRetryCount":-1,"ratchetDispatchStalled":false})",
              "$.data.ratchetDispatchRetryCount"},
          Row{"run_script.status_changed", R"({"runScriptStatus":"RUNNING","port":0})",
              "$.data.port"},
          Row{"run_script.status_changed", R"({"runScriptStatus":"RUNNING","port":65536})",
              "$.data.port"},
          Row{"run_script.status_changed", R"({"runScriptStatus":"RUNNING","port":65535})",
              nullptr},
          Row{"run_script.status_changed", R"({"runScriptStatus":"RUNNING","port":null})", nullptr},
          Row{"github.pr_snapshot_updated",
              R"({"prNumber":-5,"prState":"OPEN","prCiStatus":"PENDING"})", "$.data.prNumber"},
          Row{"snapshot.facts", R"({"ratchetDispatchRetryCount":-1})",
              "$.data.ratchetDispatchRetryCount"},
          Row{"snapshot.facts", R"({"runScriptPort":70000})", "$.data.runScriptPort"},
          Row{"snapshot.facts", R"({"ahead":-1})", "$.data.ahead"},
          Row{"snapshot.facts",
              R"({"gitStats":{"total":0,"additions":-1,"deletions":0,"hasUncommitted":false}})",
              "$.data.gitStats.additions"},
          Row{"snapshot.facts",
              R"({"gitStats":{"total":1,"additions":1,"deletions":0,"hasUncommitted":false}})",
              nullptr},
          Row{"snapshot.facts",
              R"({"terminals":[{"id":"t","state":"busy"},{"id":"","state":"busy"}]})",
              "$.data.terminals[1].id"},
          Row{"snapshot.facts", sessions.c_str(), "$.data.sessionSummaries[0].sessionId"},
      }) {
    const auto read =
        Attributes().set("type", '"' + std::string(type) + '"').set("data", data).read();
    if (path == nullptr) {
      EXPECT_TRUE(read) << data;
    } else {
      ASSERT_FALSE(read) << data;
      EXPECT_EQ(read.error().path, path);
    }
  }
}

TEST(EventTest, AnUnknownTypeIsNamed) {
  const auto read = Attributes().set("type", R"("ratchet.exploded")").read();
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().path, "$.type");
  EXPECT_NE(read.error().message.find("ratchet.exploded"), std::string::npos);
}

}  // namespace
}  // namespace sb::model
