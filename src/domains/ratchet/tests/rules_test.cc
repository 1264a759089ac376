#include "sb/ratchet/rules.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "sb/core/json_codec.h"
#include "sb/ratchet/ratchet_service.h"
#include "sb/testing/vectors.h"

namespace sb::ratchet {
namespace {

using enum model::RatchetDispatchOutcome;
using model::CiStatus;
using model::PrState;
using model::RatchetState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

PullRequest failing() {
  PullRequest pull;
  pull.number = 7;
  pull.state = PrState::OPEN;
  pull.ci = CiStatus::FAILURE;
  pull.conflict = false;
  pull.head_commit = "aaa";
  pull.url = "https://github.com/acme/app/pull/7";
  pull.branch = "fix-it";
  return pull;
}

PullRequest with(std::function<void(PullRequest&)> edit) {
  PullRequest pull = failing();
  edit(pull);
  return pull;
}

/// On, able, nobody there, over `pull`.
Situation ready(const PullRequest& pull = failing()) {
  Situation situation;
  situation.enabled = true;
  situation.able = true;
  situation.pull = pull;
  return situation;
}

Situation after(model::RatchetDispatchOutcome outcome, std::int64_t retries,
                const PullRequest& about = failing(), const PullRequest& now = failing()) {
  Situation situation = ready(now);
  situation.record = {outcome, retries, false, key_of(about)};
  return situation;
}

TEST(RatchetRules, S_120_TheStateAgreesWithEveryVector) {
  const auto rows = testing_support::for_each_vector(
      "ratchet_state.jsonl", [](const JsonValue& row, const std::string& where) {
        const JsonValue input = *row.find("input");
        if (!*input.find("ratchetEnabled")->as_bool()) return;
        const auto review =
            from_json<std::optional<std::string>>(*input.find("prReviewState"), "$");
        ASSERT_TRUE(review);
        PullRequest pull;
        pull.state = *enum_from_text<PrState>(*input.find("prState")->as_string());
        pull.ci = *enum_from_text<CiStatus>(*input.find("prCiStatus")->as_string());
        pull.conflict = *input.find("prHasMergeConflict")->as_bool();
        pull.changes_requested = *review == "CHANGES_REQUESTED";
        EXPECT_EQ(enum_text(ratchet_state(pull)), *row.find("ratchetState")->as_string()) << where;
      });
  EXPECT_EQ(rows, 448U);
}

TEST(RatchetRules, OneTableSaysWhatIsDone) {
  const PullRequest green = with([](auto& pull) { pull.ci = CiStatus::SUCCESS; });
  const PullRequest pushed = with([](auto& pull) { pull.head_commit = "bbb"; });
  struct Row {
    const char* name;
    Action action;
    Situation situation;
  };
  const auto edited = [](Situation situation, auto edit) {
    edit(situation);
    return situation;
  };
  const std::vector<Row> rows{
      {"failing checks", Action::dispatch, ready()},
      {"a conflict", Action::dispatch, ready(with([](auto& pull) {
         pull.ci = CiStatus::SUCCESS;
         pull.conflict = true;
       }))},
      {"changes are requested of a draft", Action::dispatch, ready(with([](auto& pull) {
         pull.ci = CiStatus::SUCCESS;
         pull.state = PrState::DRAFT;
         pull.changes_requested = true;
       }))},
      {"off", Action::nothing, edited(ready(), [](auto& one) { one.enabled = false; })},
      {"no command, worktree or place", Action::nothing,
       edited(ready(), [](auto& one) { one.able = false; })},
      {"somebody works there", Action::nothing,
       edited(ready(), [](auto& one) { one.taken = true; })},
      {"nothing is known", Action::nothing, edited(ready(), [](auto& one) { one.pull.reset(); })},
      {"green", Action::nothing, ready(green)},
      {"merged", Action::nothing, ready(with([](auto& pull) { pull.state = PrState::MERGED; }))},
      {"closed", Action::nothing, ready(with([](auto& pull) { pull.state = PrState::CLOSED; }))},
      {"no pull request", Action::nothing, ready(with([](auto& pull) { pull.number.reset(); }))},
      {"a fixer runs", Action::nothing, after(RUNNING, 0)},
      {"a fixer runs and has pushed", Action::nothing, after(RUNNING, 0, failing(), pushed)},
      {"completed, not looked again", Action::nothing, after(COMPLETED, 0)},
      {"completed and nothing moved", Action::stall,
       edited(after(COMPLETED, 0), [](auto& one) { one.looked_again = true; })},
      {"completed and pushed", Action::reset, after(COMPLETED, 0, failing(), pushed)},
      {"completed and green", Action::reset, after(COMPLETED, 0, failing(), green)},
      {"completed, and another pull request", Action::reset,
       after(COMPLETED, 0, failing(), with([](auto& pull) { pull.number = 8; }))},
      {"completed, and the pull request is gone", Action::reset,
       after(COMPLETED, 0, failing(), with([](auto& pull) { pull.number.reset(); }))},
      {"died once", Action::dispatch, after(DIED, 1)},
      {"died once, just now", Action::nothing,
       edited(after(DIED, 1), [](auto& one) { one.rested = false; })},
      {"died twice", Action::dispatch, after(DIED, 2)},
      {"died three times", Action::stall, after(DIED, 3)},
      {"died three times and stalled", Action::nothing,
       edited(after(DIED, 3), [](auto& one) { one.record.stalled = true; })},
      {"stalled, and then a push", Action::reset,
       edited(after(DIED, 3, failing(), pushed), [](auto& one) { one.record.stalled = true; })},
      {"stalled, looked at again", Action::nothing,
       edited(after(COMPLETED, 0),
              [](auto& one) {
                one.record.stalled = true;
                one.looked_again = true;
              })},
  };
  for (const Row& row : rows) EXPECT_EQ(decide(row.situation), row.action) << row.name;
}

TEST(RatchetRules, ThePromptNamesTroublePullRequestAndBranch) {
  const std::string prompt = prompt_for(failing());
  EXPECT_THAT(prompt, HasSubstr("checks fail"));
  EXPECT_THAT(prompt, HasSubstr("https://github.com/acme/app/pull/7"));
  EXPECT_THAT(prompt, HasSubstr("fix-it"));
  EXPECT_THAT(prompt_for(with([](auto& pull) {
                pull.ci = CiStatus::SUCCESS;
                pull.conflict = true;
              })),
              HasSubstr("conflict"));
}

TEST(RatchetRules, ACommandIsAnArrayOfWords) {
  EXPECT_THAT(*parse_command(R"(["claude","-p","$PROMPT"])"),
              ElementsAre("claude", "-p", "$PROMPT"));
  EXPECT_TRUE(parse_command("")->empty());
  for (const char* bad :
       {"claude -p", "[]", R"([""])", R"(["a",1])", R"({"a":"b"})", R"(["a\u0000b"])"}) {
    EXPECT_FALSE(parse_command(bad)) << bad;
  }
}

PullRequest any_pull() {
  PullRequest pull = failing();
  if (*rc::gen::inRange(0, 8) == 0) pull.number.reset();
  if (pull.number) pull.number = *rc::gen::inRange(7, 9);
  pull.state = *rc::gen::element(PrState::OPEN, PrState::OPEN, PrState::DRAFT, PrState::CLOSED,
                                 PrState::MERGED, PrState::CHANGES_REQUESTED);
  pull.ci = *rc::gen::element(CiStatus::FAILURE, CiStatus::FAILURE, CiStatus::SUCCESS,
                              CiStatus::PENDING, CiStatus::UNKNOWN);
  pull.conflict =
      *rc::gen::element(std::optional(true), std::optional(false), std::optional<bool>());
  pull.changes_requested = *rc::gen::arbitrary<bool>();
  pull.head_commit = *rc::gen::element(std::string("aaa"), std::string("bbb"));
  return pull;
}

/// The record as its owner keeps it.
void apply(Action action, Situation& situation) {
  Record& record = situation.record;
  switch (action) {
    case Action::nothing:
      return;
    case Action::dispatch:
      record.outcome = RUNNING;
      record.key = key_of(*situation.pull);
      return;
    case Action::reset:
      record = Record{};
      return;
    case Action::stall:
      record.stalled = true;
      return;
  }
}

RC_GTEST_PROP(RatchetProperties, ADispatchIsAlwaysWantedAllowedAndUseful, ()) {
  Situation situation;
  situation.enabled = *rc::gen::arbitrary<bool>();
  situation.able = *rc::gen::arbitrary<bool>();
  situation.taken = *rc::gen::arbitrary<bool>();
  situation.looked_again = *rc::gen::arbitrary<bool>();
  situation.rested = *rc::gen::arbitrary<bool>();
  if (*rc::gen::inRange(0, 6) != 0) situation.pull = any_pull();
  situation.record.outcome =
      *rc::gen::element(std::optional<model::RatchetDispatchOutcome>(), std::optional(RUNNING),
                        std::optional(COMPLETED), std::optional(DIED));
  situation.record.retries = *rc::gen::inRange(0, 5);
  situation.record.stalled = *rc::gen::arbitrary<bool>();
  situation.record.key = key_of(any_pull());
  const Action action = decide(situation);
  if (!situation.enabled || situation.record.outcome == RUNNING) {
    RC_ASSERT(action == Action::nothing);
  }
  if (action == Action::dispatch) {
    RC_ASSERT(situation.able && !situation.taken);
    RC_ASSERT(situation.pull->number.has_value());
    RC_ASSERT(is_trouble(ratchet_state(*situation.pull)));
    RC_ASSERT(!situation.record.stalled);
    RC_ASSERT(situation.record.outcome != COMPLETED);
    RC_ASSERT(situation.record.outcome != DIED || situation.record.retries < kDeathsMax);
  }
  if (action == Action::stall) RC_ASSERT(!situation.record.stalled);
}

// Whatever a pull request and its fixers do, over one state of it at most kDeathsMax are sent, a
// conclusion is drawn once, and deciding comes to rest.
RC_GTEST_PROP(RatchetProperties, S_120_OneStateOfAPullRequestCostsABoundedNumberOfFixers, ()) {
  Situation situation = ready();
  std::int64_t sent = 0;    // over the record's key, since the last reset
  std::int64_t stalls = 0;  // the same
  for (int turn = 0; turn < 40; ++turn) {
    switch (*rc::gen::inRange(0, 5)) {
      case 0:
        situation.pull = any_pull();
        break;
      case 1:
        if (situation.record.outcome == RUNNING) situation.record.outcome = COMPLETED;
        break;
      case 2:
      case 3:
        if (situation.record.outcome == RUNNING) {
          situation.record.outcome = DIED;
          ++situation.record.retries;
          situation.rested = false;
        }
        break;
      default:
        situation.rested = true;
        break;
    }
    situation.looked_again = *rc::gen::arbitrary<bool>();
    int steps = 0;
    for (Action action = decide(situation); action != Action::nothing; action = decide(situation)) {
      RC_ASSERT(++steps <= 3);
      if (action == Action::dispatch) ++sent;
      if (action == Action::stall) ++stalls;
      if (action == Action::reset) sent = stalls = 0;
      apply(action, situation);
      RC_ASSERT(sent <= kDeathsMax);
      RC_ASSERT(stalls <= 1);
    }
  }
}

}  // namespace
}  // namespace sb::ratchet
