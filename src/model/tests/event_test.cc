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

TEST(EventTest, AnUnknownTypeIsNamed) {
  const auto read = Attributes().set("type", R"("ratchet.exploded")").read();
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().path, "$.type");
  EXPECT_NE(read.error().message.find("ratchet.exploded"), std::string::npos);
}

}  // namespace
}  // namespace sb::model
