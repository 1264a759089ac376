#include "sb/session/integration.h"

#include <string>

#include <gtest/gtest.h>

#include "sb/core/json_value.h"
#include "sb/testing/temp_dir.h"

// What is written into the configuration of an agent, and what is left alone.

namespace sb::session {
namespace {

std::string settings_fixture(const std::string& name) {
  return testing::read_file(std::string(SB_SOURCE_DIR) + "/src/domains/session/tests/fixtures/" +
                            name);
}

std::string with(std::string_view agent, std::string text, std::string_view program = "snapboard") {
  const auto made = integrate(agent, std::move(text), program);
  EXPECT_TRUE(made) << made.error().message;
  return made.value_or("");
}
std::string without(std::string_view agent, std::string text) {
  const auto made = disintegrate(agent, std::move(text));
  EXPECT_TRUE(made) << made.error().message;
  return made.value_or("");
}

// The command of the only handler of an event; empty when there is not exactly one.
std::string command_of(const std::string& text, std::string_view event) {
  JsonDocument document;
  const auto json = document.parse(text);
  EXPECT_TRUE(json) << text;
  if (!json) return {};
  std::string command;
  int found = 0;
  const auto hooks = json->find("hooks");
  const auto groups = hooks ? hooks->find(event) : std::nullopt;
  const auto take = [&](const JsonValue& handler) {
    ++found;
    const auto word = handler.find("command");
    command = word ? std::string(word->as_string().value_or("")) : "";
    if (const auto args = handler.find("args")) {
      args->each_element([&](std::size_t, JsonValue arg) {
        command += " " + std::string(arg.as_string().value_or(""));
      });
    }
  };
  if (groups) {
    groups->each_element([&](std::size_t, JsonValue group) {
      if (const auto inner = group.find("hooks")) {
        inner->each_element([&](std::size_t, JsonValue handler) { take(handler); });
      } else {
        take(group);
      }
    });
  }
  return found == 1 ? command : std::string();
}

TEST(Integration, AFreshConfigurationCallsUsForEveryEventThatSaysSomething) {
  EXPECT_EQ(command_of(with("claude", ""), "Stop"), "snapboard hook claude");
  EXPECT_EQ(command_of(with("claude", ""), "PermissionRequest"), "snapboard hook claude");
  EXPECT_EQ(command_of(with("codex", ""), "Interrupt"), "snapboard hook codex");
  EXPECT_EQ(command_of(with("gemini", "{}"), "BeforeTool"), "snapboard hook gemini");
  EXPECT_EQ(command_of(with("cursor", " \n"), "stop"), "snapboard hook cursor");
  EXPECT_NE(with("cursor", "").find(R"("version": 1)"), std::string::npos);
}

TEST(Integration, WhatIsThereKeepsItsBytes) {
  const std::string theirs = R"json({
    "model":   "opus",
    "limits": [1, 2.50, 1e3],
    "hooks": {
        "Stop": [ { "hooks": [ { "type": "command", "command": "say done" } ] } ],
        "Mine": []
    },
    "permissions": { "allow": ["Bash(git \"status\")"] }
}
)json";
  const std::string made = with("claude", theirs);
  for (const char* kept : {R"(    "model":   "opus",)", R"("limits": [1, 2.50, 1e3],)",
                           R"({ "hooks": [ { "type": "command", "command": "say done" } ] })",
                           R"json(    "permissions": { "allow": ["Bash(git \"status\")"] })json"}) {
    EXPECT_NE(made.find(kept), std::string::npos) << kept << "\n" << made;
  }
  EXPECT_EQ(command_of(made, "SessionStart"), "snapboard hook claude");
  EXPECT_EQ(command_of(made, "Stop"), "");  // two: theirs and ours
}

TEST(Integration, TwiceIsOnceAndTakingItOutLeavesWhatWasThere) {
  for (const std::string& theirs : {
           std::string("{\n  \"model\": \"x\"\n}\n"),
           std::string("{\n\t\"hooks\": {\n\t\t\"Stop\": [\n\t\t\t{\n\t\t\t\t\"hooks\": []\n\t\t\t}"
                       "\n\t\t]\n\t}\n}\n"),
           settings_fixture("claude-settings-hooks.json"),
       }) {
    const std::string once = with("claude", theirs);
    EXPECT_NE(once, theirs);
    EXPECT_EQ(with("claude", once), once);
    EXPECT_EQ(without("claude", once), theirs);
  }
  for (const char* agent : {"claude", "codex", "gemini", "cursor", "opencode"}) {
    EXPECT_EQ(without(agent, with(agent, "")), "") << agent;
  }
}

TEST(Integration, WhatHoldsNothingOfOursKeepsItsBytes) {
  for (const char* theirs : {"", " \n", "{}", "{ }\n", "{\"hooks\": {}}", "{\"version\": 1}",
                             "{\"hooks\": {\"Stop\": []}}\n"}) {
    for (const char* agent : {"claude", "cursor"}) EXPECT_EQ(without(agent, theirs), theirs);
  }
}

TEST(Integration, AnotherProgramTakesThePlaceOfTheOldOne) {
  const std::string old = with("codex", "{}", "/old/snapboard");
  const std::string made = with("codex", old, "/new place/snapboard");
  EXPECT_EQ(command_of(made, "Stop"), "'/new place/snapboard' hook codex");
  EXPECT_EQ(made.find("/old/"), std::string::npos);
}

TEST(Integration, AHandlerOfTheirsBesideOursStays) {
  const std::string mixed = R"({"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "a"},
    {"type": "command", "command": "snapboard", "args": ["hook", "claude"], "timeout": 2}]}]}})";
  const std::string left = without("claude", mixed);
  EXPECT_EQ(command_of(left, "Stop"), "a");
}

TEST(Integration, WhatIsNotTheAgentsFormatIsRefusedWithThePlace) {
  EXPECT_FALSE(integrate("claude", "{ broken", "snapboard"));
  EXPECT_FALSE(integrate("claude", "[]", "snapboard"));
  const auto hooks = integrate("claude", R"({"hooks": 1})", "snapboard");
  ASSERT_FALSE(hooks);
  EXPECT_EQ(hooks.error().path, "$.hooks");
  const auto event = integrate("gemini", R"({"hooks": {"AfterTool": {}}})", "snapboard");
  ASSERT_FALSE(event);
  EXPECT_EQ(event.error().path, "$.hooks.AfterTool");
  EXPECT_FALSE(integrate("opencode", "export const theirs = 1\n", "snapboard"));
  EXPECT_FALSE(integrate("nobody", "", "snapboard"));
}

}  // namespace
}  // namespace sb::session
