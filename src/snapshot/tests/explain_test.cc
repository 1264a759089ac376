#include "sb/snapshot/explain.h"

#include <gtest/gtest.h>

#include "sb/snapshot/derive.h"

#include "store_fixture.h"

namespace sb::snapshot {
namespace {

class ExplainTest : public StoreTest {
 protected:
  // The explanation of workspace w, parsed. Valid until the next call.
  JsonValue explain(model::Freshness own = model::Freshness::live) {
    const auto text = explain_json(store, workspace(), {wall + 5s, [own](Field) { return own; }});
    EXPECT_TRUE(text);
    text_ = text.value_or("{}");
    const auto parsed = document_.parse(text_);
    EXPECT_TRUE(parsed) << text_;
    return *parsed;
  }
  static JsonValue row(const JsonValue& explanation, std::string_view list,
                       std::string_view field) {
    std::optional<JsonValue> found;
    explanation.find(list)->each_element([&](std::size_t, JsonValue one) {
      if (!found && one.find("field")->as_string() == field) found = one;
    });
    EXPECT_TRUE(found) << list << " " << field;
    return found.value_or(explanation);
  }
  JsonValue fact(std::string_view field) { return row(explain(), "facts", field); }
  static std::string text(const JsonValue& value, std::string_view key) {
    const auto member = value.find(key);
    return member ? std::string(member->as_string().value_or("-")) : "absent";
  }

 private:
  std::string text_;
  JsonDocument document_;
};

TEST_F(ExplainTest, AFactNamesItsAuthorityStampAgeAndEvent) {
  create(1);
  say(7, R"({"name":"Alpha"})");
  const JsonValue name = fact("name");
  EXPECT_EQ(text(name, "value"), "Alpha");
  EXPECT_EQ(text(*name.find("authority"), "source"), "source-a");
  EXPECT_EQ(text(*name.find("authority"), "rank"), "external");
  EXPECT_EQ(text(*name.find("stamp"), "sequence"), "7");
  EXPECT_EQ(text(name, "observedAt"), to_iso(wall));
  EXPECT_EQ(name.find("ageMs")->as_int(), 5'000);
  EXPECT_EQ(text(name, "freshness"), "live");
  EXPECT_EQ(text(name, "setBy"), "event");
}

TEST_F(ExplainTest, ARestatedFactIsYoungAgainAlthoughNothingMoved) {
  create(1);
  const Revision before = version();
  wall += 1h;
  say(2, R"({"status":"READY"})");
  EXPECT_EQ(version(), before);
  EXPECT_EQ(fact("status").find("ageMs")->as_int(), 5'000);
}

TEST_F(ExplainTest, WhatNobodyReportedIsUnknownNotADefaultOfSomebody) {
  create(1);
  const JsonValue conflict = fact("hasMergeConflict");
  EXPECT_EQ(text(conflict, "freshness"), "unknown");
  EXPECT_TRUE(conflict.find("authority")->is_null());
  EXPECT_TRUE(conflict.find("stamp")->is_null());
  EXPECT_EQ(text(fact("terminals"), "freshness"), "unknown");
}

TEST_F(ExplainTest, FactsOfAnEndedLifeAreStaleUntilTheyAreRestated) {
  ASSERT_EQ(store.source_epoch(kA, "first"), 1U);
  create(1);
  say(2, R"({"name":"Alpha","sessionSummaries":[]})");
  EXPECT_EQ(text(fact("name"), "freshness"), "live");
  ASSERT_EQ(store.source_epoch(kA, "second"), 2U);
  EXPECT_EQ(text(fact("name"), "freshness"), "stale");
}

TEST_F(ExplainTest, FactsOfOurOwnAreAsFreshAsTheirDomain) {
  create(1, "w", SourceId::own);
  const JsonValue status = row(explain(model::Freshness::degraded), "facts", "status");
  EXPECT_EQ(text(status, "freshness"), "degraded");
  EXPECT_EQ(text(*status.find("authority"), "rank"), "own");
  EXPECT_EQ(text(*status.find("authority"), "source"), "snapboard");
}

TEST_F(ExplainTest, ElementsAreFactsOfTheirOwn) {
  create(1);
  say(2, R"({"terminals":[{"id":"t1","state":"busy","lastActivityAt":null}]})");
  wall += 10s;
  say(3, R"({"terminals":[{"id":"t2","state":"open","lastActivityAt":null}]})", kB);
  const JsonValue explanation = explain();
  std::vector<std::string> seen;
  explanation.find("facts")->each_element([&](std::size_t, JsonValue one) {
    if (text(one, "field") != "terminals") return;
    seen.push_back(text(one, "element") + " " + text(*one.find("authority"), "source") + " " +
                   std::to_string(*one.find("ageMs")->as_int()));
  });
  EXPECT_EQ(seen, (std::vector<std::string>{"t1 source-a 15000", "t2 source-b 5000"}));
}

TEST_F(ExplainTest, AFactAboutAnEarlierPullRequestIsVoidedByTheOneWhoNamedThePresentOne) {
  create(1);
  say(2, R"({"prNumber":7,"prState":"OPEN","prCiStatus":"FAILURE"})");
  say(3, R"({"prNumber":8})", kB);
  const JsonValue ci = fact("prCiStatus");
  EXPECT_EQ(text(ci, "value"), "FAILURE");
  EXPECT_EQ(text(ci, "shown"), "UNKNOWN");
  ASSERT_TRUE(ci.find("voided"));
  EXPECT_EQ(text(*ci.find("voided")->find("present"), "source"), "source-b");
  EXPECT_FALSE(fact("name").find("voided"));
}

TEST_F(ExplainTest, AnExplicitFactCountsUntilWhatItDependsOnIsNewer) {
  create(1);
  say(2, R"({"isWorking":true})");
  JsonValue working = row(explain(), "dependent", "isWorking");
  EXPECT_EQ(working.find("counts")->as_bool(), true);
  EXPECT_FALSE(working.find("newer"));
  say(3, R"({"sessionSummaries":[]})");
  working = row(explain(), "dependent", "isWorking");
  EXPECT_EQ(working.find("stated")->as_bool(), true);
  EXPECT_EQ(working.find("counts")->as_bool(), false);
  EXPECT_EQ(working.find("value")->as_bool(), false);
  EXPECT_EQ(text(*working.find("newer")->find("stamp"), "sequence"), "3");

  say(4, R"({"ratchetState":"READY"})");
  say(5, R"({"ratchetEnabled":true})");
  const JsonValue ratchet = row(explain(), "dependent", "ratchetState");
  EXPECT_EQ(ratchet.find("counts")->as_bool(), false);
  EXPECT_NE(text(ratchet, "why").find("ratchetEnabled"), std::string::npos);
}

TEST_F(ExplainTest, TheRuleThatDecidedIsNamedWithEveryRuleTriedBefore) {
  create(1);
  say(2, R"({"isWorking":true})");
  const JsonValue reason = row(explain(), "derived", "statusReason");
  EXPECT_EQ(text(reason, "rule"), "an agent is working");
  EXPECT_EQ(text(reason, "gives"), code());
  std::size_t tried = 0;
  reason.find("tried")->each_element([&](std::size_t index, JsonValue one) {
    EXPECT_EQ(text(one, "rule"), reason_rules()[index].name);
    ++tried;
  });
  EXPECT_EQ(reason_rules()[tried].name, "an agent is working");
}

// Whatever the facts, what a rule is said to give is what is published.
TEST_F(ExplainTest, WhatTheDecidingRuleGivesIsWhatIsShown) {
  create(1);
  std::uint64_t sequence = 1;
  for (const char* pr : {"NONE", "OPEN", "DRAFT", "APPROVED", "MERGED", "CLOSED"}) {
    for (const char* ci : {"UNKNOWN", "PENDING", "SUCCESS", "FAILURE"}) {
      for (const char* enabled : {"true", "false"}) {
        for (const char* url : {"null", "\"https://example.org/pull/1\""}) {
          say(++sequence, std::string(R"({"prState":")") + pr + R"(","prCiStatus":")" + ci +
                              R"(","ratchetEnabled":)" + enabled + R"(,"prUrl":)" + url + "}");
          const JsonValue explanation = explain();
          const auto gives = [&](std::string_view field) {
            return text(row(explanation, "derived", field), "gives");
          };
          const auto quoted = [](std::string_view value) { return '"' + std::string(value) + '"'; };
          EXPECT_EQ(quoted(gives("flowPhase")), shown(Field::flowPhase));
          EXPECT_EQ(quoted(gives("ciObservation")), shown(Field::ciObservation));
          EXPECT_EQ(quoted(gives("ratchetState")), shown(Field::ratchetState));
          EXPECT_EQ(gives("statusReason"), code());
          EXPECT_NE(shown(Field::sidebarStatus).find(quoted(gives("sidebarStatus.ciState"))),
                    std::string::npos);
        }
      }
    }
  }
}

TEST_F(ExplainTest, AnAbsentWorkspaceHasNoExplanation) {
  EXPECT_FALSE(explain_json(store, workspace(), {wall, nullptr}));
  EXPECT_FALSE(history_json(store, workspace()));
}

}  // namespace
}  // namespace sb::snapshot
