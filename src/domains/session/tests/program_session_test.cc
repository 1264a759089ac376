#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sb/testing/child_process.h"

#include "service_kit.h"

// What programs say on their terminals, as sessions: real processes, the table, the test's loop.

namespace sb::session {
namespace {

using model::SessionRuntimeActivity;
using model::SessionRuntimePhase;

class ProgramSessionTest : public ::testing::Test {
 protected:
  void SetUp() override { process_ = *process::identify(child_.pid()); }

  void tell(ProgramState state, std::optional<ProgramKind> kind = std::nullopt,
            const std::string& message = "") {
    ProgramReport report;
    report.process = process_;
    report.directory = house_.worktree();
    report.status = {state, kind, "claude-code", message};
    house_.service().tell_program("t", report);
  }
  /// Lets the edge before age, so that a level counts; then waits for a phase and what is asked.
  bool shows(const std::string& id, SessionRuntimePhase phase, SessionRuntimeActivity activity,
             std::size_t requests = 0) {
    house_.loop().advance(kEdgeStands + std::chrono::milliseconds(1));
    return house_.loop().run_until([&] {
      const auto row = house_.told(id);
      return row && row->facts.phase == phase && row->facts.activity == activity &&
             row->facts.requests.size() == requests;
    });
  }
  [[nodiscard]] std::string own_id() const {
    return "terminal:" + std::to_string(process_.pid) + "-" + std::to_string(process_.start_ticks);
  }

  testing::TempDir dir_;
  House house_{dir_.path()};
  testing::ChildProcess child_{{"sleep", "1000"}};
  ProcessIdentity process_;
};

TEST_F(ProgramSessionTest, AProgramWithoutHooksIsASessionOfItsOwn) {
  tell(ProgramState::working);
  ASSERT_TRUE(shows(own_id(), SessionRuntimePhase::running, SessionRuntimeActivity::WORKING));
  EXPECT_EQ(house_.told(own_id())->name, "claude-code");
  EXPECT_EQ(house_.told(own_id())->workspace.view(), "w1");
  tell(ProgramState::blocked, ProgramKind::question);
  ASSERT_TRUE(shows(own_id(), SessionRuntimePhase::running, SessionRuntimeActivity::IDLE, 1));
  EXPECT_EQ(house_.told(own_id())->facts.requests[0].type,
            model::PendingRequestType::user_question);
  tell(ProgramState::done);
  ASSERT_TRUE(shows(own_id(), SessionRuntimePhase::idle, SessionRuntimeActivity::IDLE));
  tell(ProgramState::error, std::nullopt, "no network");
  ASSERT_TRUE(shows(own_id(), SessionRuntimePhase::error, SessionRuntimeActivity::IDLE));
  EXPECT_EQ(house_.told(own_id())->facts.error, "no network");
}

TEST_F(ProgramSessionTest, AnInterruptThatNoHookTellsIsSeenOnTheTerminal) {
  ASSERT_TRUE(house_.report(House::hook("s", "UserPromptSubmit", "", house_.worktree()),
                            house_.locators(process_)));
  ASSERT_EQ(house_.told("claude:s")->facts.activity, SessionRuntimeActivity::WORKING);
  tell(ProgramState::working);
  tell(ProgramState::idle);
  EXPECT_TRUE(shows("claude:s", SessionRuntimePhase::idle, SessionRuntimeActivity::IDLE));
  EXPECT_FALSE(house_.told(own_id())) << "it is that session, and no other";
}

TEST_F(ProgramSessionTest, WhatIsToldTooSoonAfterAHookCountsOnceTheHookHasStood) {
  tell(ProgramState::idle);
  ASSERT_TRUE(house_.report(House::hook("s", "UserPromptSubmit", "", house_.worktree()),
                            house_.locators(process_)));
  EXPECT_EQ(house_.told("claude:s")->facts.activity, SessionRuntimeActivity::WORKING);
  EXPECT_TRUE(shows("claude:s", SessionRuntimePhase::idle, SessionRuntimeActivity::IDLE));
}

TEST_F(ProgramSessionTest, AHookTakesTheSessionOverThatWasKnownFromTheTerminal) {
  tell(ProgramState::idle);
  ASSERT_TRUE(house_.loop().run_until([&] { return house_.told(own_id()).has_value(); }));
  ASSERT_TRUE(
      house_.report(House::hook("s", "SessionStart", R"("source":"startup")", house_.worktree()),
                    house_.locators(process_)));
  EXPECT_TRUE(house_.loop().run_until([&] { return !house_.told(own_id()); }));
  EXPECT_TRUE(house_.told("claude:s"));
  tell(ProgramState::working);
  EXPECT_TRUE(shows("claude:s", SessionRuntimePhase::running, SessionRuntimeActivity::WORKING));
  EXPECT_FALSE(house_.told(own_id()));
}

TEST_F(ProgramSessionTest, ItsOwnFileIsBelievedBeforeItsTerminal) {
  ASSERT_TRUE(house_.report(House::hook("s", "UserPromptSubmit", "", house_.worktree()),
                            house_.locators(process_)));
  house_.status_file(process_.pid, R"({"sessionId":"s","status":"busy","statusUpdatedAt":1})");
  tell(ProgramState::idle);
  house_.loop().advance(SessionService::kPollWatched);
  EXPECT_FALSE(house_.loop().run_until(
      [&] { return house_.told("claude:s")->facts.activity == SessionRuntimeActivity::IDLE; },
      std::chrono::milliseconds(200)));
}

TEST_F(ProgramSessionTest, WorkThatIsRestatedStaysKnown) {
  tell(ProgramState::working);
  ASSERT_TRUE(shows(own_id(), SessionRuntimePhase::running, SessionRuntimeActivity::WORKING));
  for (auto waited = std::chrono::seconds(0); waited < 2 * kUnconfirmedMax;
       waited += std::chrono::seconds(15)) {
    house_.loop().advance(std::chrono::seconds(15));
    (void)house_.loop().run_until([] { return false; }, std::chrono::milliseconds(20));
  }
  EXPECT_TRUE(house_.told(own_id())->facts.activity_known);
}

TEST_F(ProgramSessionTest, TheEndOfAProgramIsNoCrash) {
  tell(ProgramState::working);
  ASSERT_TRUE(shows(own_id(), SessionRuntimePhase::running, SessionRuntimeActivity::WORKING));
  house_.service().drop_program("t");
  child_.kill_now();
  child_.wait();
  ASSERT_TRUE(house_.loop().run_until([&] {
    const auto row = house_.told(own_id());
    return row && row->facts.process_state == model::SessionRuntimeProcessState::stopped;
  }));
  EXPECT_EQ(house_.told(own_id())->facts.phase, SessionRuntimePhase::idle);
  EXPECT_FALSE(house_.told(own_id())->facts.last_exit->unexpected);
  house_.service().drop_program("never seen");
}

TEST_F(ProgramSessionTest, ItCannotBeToldByAHook) {
  const auto refused = house_.loop().wait_for<Result<void>>(
      [&](auto done) { house_.service().report("terminal", {}, "{}", std::move(done)); });
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace sb::session
