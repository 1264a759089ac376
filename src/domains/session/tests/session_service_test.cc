#include "sb/session/session_service.h"

#include <gtest/gtest.h>

#include "service_kit.h"

namespace sb::session {
namespace {

using model::SessionRuntimeActivity;
using model::SessionRuntimePhase;
using model::SessionRuntimeProcessState;
using namespace std::chrono_literals;

class SessionServiceTest : public ::testing::Test {
 protected:
  static ProcessIdentity identity(const testing::ChildProcess& child) {
    auto found = process::identify(child.pid());
    EXPECT_TRUE(found);
    return *found;
  }
  /// Claude says `event` about session "s" in the worktree.
  Result<void> say(const std::string& event, const std::string& members = "",
                   const ProcessIdentity& process = {}) {
    return house.report(House::hook("s", event, members, house.worktree()),
                        house.locators(process));
  }
  [[nodiscard]] bool shown(const std::function<bool(const SessionRow&)>& holds) {
    return house.loop().run_until([&] {
      const auto row = house.told("claude:s");
      return row && holds(*row);
    });
  }
  std::string status(const ProcessIdentity& process, const std::string& word,
                     const std::string& version = "1") {
    return R"({"pid":)" + std::to_string(process.pid) + R"(,"sessionId":"s","procStart":")" +
           std::to_string(process.start_ticks) + R"(","status":")" + word +
           R"(","statusUpdatedAt":)" + version + "}";
  }

  testing::TempDir dir;
  House house{dir.path()};
};

TEST_F(SessionServiceTest, AHookIsTheRowAndTheEventOnceItIsAnswered) {
  ASSERT_TRUE(say("UserPromptSubmit"));
  const auto row = house.row("claude:s");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->workspace, model::WorkspaceId("w1"));
  EXPECT_EQ(row->facts.activity, SessionRuntimeActivity::WORKING);
  const auto told = house.told("claude:s");
  ASSERT_TRUE(told);
  EXPECT_EQ(told->stamp, row->stamp);
  EXPECT_EQ(told->facts, row->facts);
}

TEST_F(SessionServiceTest, NothingIsToldOrReadWhileTheCommitIsHeldOpen) {
  HeldWriter held(house.writer());
  bool answered = false;
  house.service().report("claude", house.locators({}),
                         House::hook("s", "UserPromptSubmit", "", house.worktree()),
                         [&](const Result<void>&) { answered = true; });
  house.loop().run_ready();
  EXPECT_FALSE(answered);
  EXPECT_TRUE(house.events.empty());
  const auto reader = sqlite::Database::open((dir / "s.db").string());
  ASSERT_TRUE(reader);
  EXPECT_TRUE((*reader)->query("SELECT id FROM session", {},
                               [](const sqlite::Row&) { ADD_FAILURE() << "seen too early"; }));
  held.release();
  ASSERT_TRUE(house.loop().run_until([&] { return answered; }));
  EXPECT_EQ(house.events.size(), 1U);
}

TEST_F(SessionServiceTest, AFailedWriteTellsNothingAndTheSameHookCanBeToldAgain) {
  ASSERT_TRUE(say("SessionStart"));
  house.events.clear();
  ASSERT_TRUE(
      house.sql("CREATE TRIGGER no BEFORE UPDATE ON session BEGIN SELECT raise(FAIL, 'no'); END"));
  const auto locators = house.locators({});
  const auto body = House::hook("s", "UserPromptSubmit", "", house.worktree());
  const auto failed = house.report(body, locators);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::unavailable);
  EXPECT_TRUE(house.events.empty());
  EXPECT_EQ(house.row("claude:s")->facts.phase, SessionRuntimePhase::starting);
  ASSERT_TRUE(house.sql("DROP TRIGGER no"));
  ASSERT_TRUE(house.report(body, locators));
  EXPECT_EQ(house.row("claude:s")->facts.activity, SessionRuntimeActivity::WORKING);
  EXPECT_EQ(house.told("claude:s")->facts.activity, SessionRuntimeActivity::WORKING);
}

TEST_F(SessionServiceTest, ALostCompareAndSetTellsNothing) {
  ASSERT_TRUE(say("SessionStart"));
  house.events.clear();
  ASSERT_TRUE(house.sql("UPDATE session SET stamp = 1000000"));
  EXPECT_FALSE(say("UserPromptSubmit"));
  EXPECT_TRUE(house.events.empty());
  ASSERT_TRUE(house.sql("DELETE FROM session"));
  ASSERT_TRUE(say("UserPromptSubmit"));
  EXPECT_EQ(house.row("claude:s")->facts.activity, SessionRuntimeActivity::WORKING);
}

TEST_F(SessionServiceTest, ARepeatedOrLateHookWritesNothing) {
  const auto early = house.locators({});
  ASSERT_TRUE(say("UserPromptSubmit"));
  const auto stamp = house.row("claude:s")->stamp;
  ASSERT_TRUE(house.report(House::hook("s", "Stop", "", house.worktree()), early));
  EXPECT_EQ(house.row("claude:s")->stamp, stamp);
  EXPECT_EQ(house.events.size(), 1U);
}

TEST_F(SessionServiceTest, UnknownAgentsAndTextThatIsNoHookAreRefused) {
  const auto refuse = [&](const char* agent, const char* body) {
    return house.loop()
        .wait_for<Result<void>>([&](auto done) {
          house.service().report(agent, HookLocators(), body, std::move(done));
        })
        .error()
        .code;
  };
  EXPECT_EQ(refuse("nobody", "{}"), ErrorCode::not_found);
  EXPECT_EQ(refuse("claude", "not json"), ErrorCode::invalid_argument);
  EXPECT_EQ(refuse("claude", "{}"), ErrorCode::invalid_argument);
  EXPECT_TRUE(house.read().sessions.empty());
}

TEST_F(SessionServiceTest, TheWorkspaceIsFoundByFolderNestedLinkedOrNotAtAll) {
  std::filesystem::create_directories(dir / "wt/deep/inner");
  std::filesystem::create_directories(dir / "elsewhere");
  std::filesystem::create_directory_symlink(dir / "wt/deep", dir / "link");
  house.folders.add(dir.str() + "/wt/deep/inner", "w2");
  const auto where = [&](const std::string& session, const std::string& cwd) {
    EXPECT_TRUE(house.report(House::hook(session, "SessionStart", "", cwd), house.locators({})));
    return house.row("claude:" + session)->workspace.str();
  };
  EXPECT_EQ(where("a", house.worktree() + "/deep"), "w1");
  EXPECT_EQ(where("b", house.worktree() + "/deep/inner/x"), "w2");
  EXPECT_EQ(where("c", house.worktree() + "-sibling"), "");
  EXPECT_EQ(where("d", dir.str() + "/elsewhere"), "");
  where("e", dir.str() + "/link");
  ASSERT_TRUE(house.loop().run_until([&] {
    const auto told = house.told("claude:e");
    return told && told->workspace == model::WorkspaceId("w1");
  }));
  const auto health = house.service().health();
  EXPECT_EQ(health.live, 5U);
  EXPECT_EQ(health.outside.size(), 2U) << "kept and reported, not lost";

  house.folders.add(dir.str() + "/elsewhere", "w3");
  house.service().relocate();
  ASSERT_TRUE(house.loop().run_until([&] {
    const auto told = house.told("claude:d");
    return told && told->workspace == model::WorkspaceId("w3");
  }));
}

TEST_F(SessionServiceTest, AHookThroughALinkIsToldAtOnceAndNotByATimer) {
  std::filesystem::create_directories(house.worktree());
  std::filesystem::create_directory_symlink(house.worktree(), dir / "link");
  ASSERT_TRUE(house.report(
      House::hook("s", "PermissionRequest", R"("tool_name":"Bash")", dir.str() + "/link")));
  constexpr std::chrono::seconds kBeforeAnyTimer{5};
  EXPECT_TRUE(house.loop().run_until(
      [&] {
        const auto told = house.told("claude:s");
        return told && told->workspace == model::WorkspaceId("w1") &&
               told->facts.requests.size() == 1;
      },
      kBeforeAnyTimer));
  EXPECT_EQ(house.row("claude:s")->directory, house.worktree());
}

TEST_F(SessionServiceTest, ASessionThatMovesLeavesTheWorkspaceItCameFrom) {
  house.folders.add(dir.str() + "/wt2", "w2");
  ASSERT_TRUE(say("SessionStart"));
  house.events.clear();
  ASSERT_TRUE(house.report(House::hook("s", "UserPromptSubmit", "", dir.str() + "/wt2"),
                           house.locators({})));
  ASSERT_EQ(house.events.size(), 2U);
  EXPECT_EQ(std::get<SessionRemoved>(house.events[0]).workspace, model::WorkspaceId("w1"));
  EXPECT_EQ(std::get<SessionChanged>(house.events[1]).row.workspace, model::WorkspaceId("w2"));
  ASSERT_TRUE(house.report(House::hook("s", "SessionEnd", R"("reason":"other")", house.worktree()),
                           house.locators({})));
  EXPECT_EQ(house.row("claude:s")->workspace, model::WorkspaceId("w2"));
}

TEST_F(SessionServiceTest, AKilledAgentIsAnErrorWithItsCode) {
  testing::ChildProcess agent({"sleep", "1000"});
  ASSERT_TRUE(say("UserPromptSubmit", "", identity(agent)));
  agent.kill_now();
  agent.wait();
  ASSERT_TRUE(shown([](const SessionRow& row) {
    return row.facts.process_state == SessionRuntimeProcessState::stopped;
  }));
  const auto row = house.row("claude:s");
  EXPECT_EQ(row->facts.phase, SessionRuntimePhase::error);
  EXPECT_TRUE(row->facts.last_exit->unexpected);
  EXPECT_EQ(row->facts.last_exit->code.value_or(137), 137);
}

TEST_F(SessionServiceTest, ALateHookAfterTheExitRevivesNothing) {
  testing::ChildProcess agent({"sleep", "1000"});
  const auto process = identity(agent);
  ASSERT_TRUE(say("UserPromptSubmit", "", process));
  agent.kill_now();
  agent.wait();
  ASSERT_TRUE(shown([](const SessionRow& row) { return row.facts.ended; }));
  ASSERT_TRUE(say("PostToolUse", R"("tool_name":"Bash")", process));
  EXPECT_EQ(house.row("claude:s")->facts.process_state, SessionRuntimeProcessState::stopped);
}

TEST_F(SessionServiceTest,
       S_40_ASessionWhoseProcessDiedWhileNoServerRanHasEndedBeforeAnythingIsShown) {
  testing::ChildProcess agent({"sleep", "1000"});
  ASSERT_TRUE(say("UserPromptSubmit", "", identity(agent)));
  house.stop();
  agent.kill_now();
  agent.wait();
  house.start();
  ASSERT_EQ(house.loaded().sessions.size(), 1U);
  const auto& facts = house.loaded().sessions[0].facts;
  EXPECT_EQ(facts.process_state, SessionRuntimeProcessState::stopped);
  EXPECT_TRUE(facts.last_exit->unexpected);
  EXPECT_EQ(house.row("claude:s")->facts, facts) << "and the table says the same";
}

TEST_F(SessionServiceTest, AnAgentThatOutlivesTheServerIsWatchedAgain) {
  testing::ChildProcess agent({"sleep", "1000"});
  ASSERT_TRUE(say("PermissionRequest", R"("tool_name":"Bash")", identity(agent)));
  house.restart();
  EXPECT_EQ(house.loaded().sessions.at(0).facts.requests.size(), 1U);
  agent.kill_now();
  agent.wait();
  ASSERT_TRUE(shown([](const SessionRow& row) { return row.facts.ended; }));
  EXPECT_TRUE(house.row("claude:s")->facts.requests.empty());
}

TEST_F(SessionServiceTest, AnInterruptAndAnApprovalShowThroughTheStatusFile) {
  testing::ChildProcess agent({"sleep", "1000"});
  const auto process = identity(agent);
  house.status_file(process.pid, status(process, "busy"));
  ASSERT_TRUE(say("PermissionRequest", R"("tool_name":"Bash")", process));
  house.status_file(process.pid, status(process, "waiting", "2"));
  ASSERT_TRUE(shown([](const SessionRow& row) { return row.facts.requests.size() == 1; }));
  const auto asked = house.told("claude:s")->facts.requests[0].id;
  house.loop().advance(kEdgeStands);
  house.status_file(process.pid, status(process, "busy", "3"));
  ASSERT_TRUE(shown([](const SessionRow& row) {
    return row.facts.requests.empty() && row.facts.activity == SessionRuntimeActivity::WORKING;
  }));
  bool settled = false;
  for (const auto& event : house.events) {
    const auto* changed = std::get_if<SessionChanged>(&event);
    if (changed == nullptr) continue;
    for (const auto& id : changed->settled) settled = settled || id == asked;
  }
  EXPECT_TRUE(settled);
  house.status_file(process.pid, status(process, "idle", "4"));
  ASSERT_TRUE(shown(
      [](const SessionRow& row) { return row.facts.activity == SessionRuntimeActivity::IDLE; }));
}

TEST_F(SessionServiceTest, AStatusFileOfAnotherProcessOrSessionSaysNothing) {
  const LevelQuery query{"s", {"boot", 42, 100}, ""};
  const auto word = [&](const std::string& text) {
    return ClaudeStatusFile::parse(text, query).status;
  };
  EXPECT_EQ(word(R"({"sessionId":"s","procStart":"100","status":"busy"})"), LevelStatus::busy);
  EXPECT_EQ(word(R"({"sessionId":"s","procStart":100,"status":"idle"})"), LevelStatus::idle);
  EXPECT_EQ(word(R"({"status":"idle"})"), LevelStatus::idle);
  EXPECT_EQ(word(R"({"sessionId":"s","procStart":"99","status":"busy"})"), LevelStatus::gone);
  EXPECT_EQ(word(R"({"sessionId":"t","procStart":"100","status":"busy"})"), LevelStatus::gone);
  EXPECT_EQ(word(R"({"sessionId":"s","status":"word of next year"})"), LevelStatus::gone);
  EXPECT_EQ(word(R"({"sessionId":"s","stat)"), LevelStatus::gone) << "half written";
  EXPECT_EQ(word("[]"), LevelStatus::gone);
}

TEST_F(SessionServiceTest, TheDocumentedStatusFileIsUnderstood) {
  const auto text = testing::read_file(
      std::string(SB_SOURCE_DIR) + "/src/domains/session/tests/fixtures/claude-sessions-file.json");
  const auto level = ClaudeStatusFile::parse(
      text, {"5b0a3f0e-8f4d-4c5e-9a53-0f0f6c2a1d11", {"boot", 4242, 157861}, ""});
  EXPECT_EQ(level.status, LevelStatus::waiting);
  EXPECT_EQ(level.request_type, model::PendingRequestType::permission_request);
  EXPECT_EQ(level.version, "1795422811927");
}

TEST_F(SessionServiceTest, WithoutAStatusFileWorkIsUnknownWithinTheBound) {
  testing::ChildProcess agent({"sleep", "1000"});
  ASSERT_TRUE(say("UserPromptSubmit", "", identity(agent)));
  house.loop().advance(kUnconfirmedMax - 1s);
  EXPECT_TRUE(house.row("claude:s")->facts.activity_known);
  house.loop().advance(2s);
  ASSERT_TRUE(shown([](const SessionRow& row) { return !row.facts.activity_known; }));
}

TEST_F(SessionServiceTest, AnIdleSessionCostsNoTimer) {
  testing::ChildProcess agent({"sleep", "1000"});
  ASSERT_TRUE(say("Stop", "", identity(agent)));
  house.loop().advance(1s);
  ASSERT_TRUE(house.loop().run_until([&] { return house.loop().timers() == 0; }));
}

TEST_F(SessionServiceTest, AClearHandsTheProcessOverToTheNewSession) {
  testing::ChildProcess agent({"sleep", "1000"});
  const auto process = identity(agent);
  ASSERT_TRUE(say("UserPromptSubmit", "", process));
  ASSERT_TRUE(say("SessionEnd", R"("reason":"clear")", process));
  EXPECT_FALSE(house.row("claude:s")->facts.ended);
  ASSERT_TRUE(
      house.report(House::hook("t", "SessionStart", R"("source":"clear")", house.worktree()),
                   house.locators(process)));
  ASSERT_TRUE(house.loop().run_until([&] { return !house.told("claude:s"); }));
  EXPECT_FALSE(house.row("claude:s"));
  EXPECT_EQ(house.row("claude:t")->facts.phase, SessionRuntimePhase::idle);
  ASSERT_TRUE(say("Stop", "", process)) << "a last word of the session that was cleared";
  EXPECT_FALSE(house.row("claude:s"));
}

TEST_F(SessionServiceTest, S_93_ANewStartRetiresTheErrorsOfWhatEndedBeforeAlsoAfterARestart) {
  testing::ChildProcess first({"sleep", "1000"});
  ASSERT_TRUE(say("UserPromptSubmit", "", identity(first)));
  first.kill_now();
  first.wait();
  ASSERT_TRUE(shown([](const SessionRow& row) { return row.facts.ended; }));
  testing::ChildProcess second({"sleep", "1000"});
  ASSERT_TRUE(house.report(House::hook("t", "SessionStart", "", house.worktree()),
                           house.locators(identity(second))));
  ASSERT_TRUE(house.loop().run_until([&] { return !house.told("claude:s"); }));
  house.restart();
  ASSERT_EQ(house.loaded().sessions.size(), 1U);
  EXPECT_EQ(house.loaded().sessions[0].id, "claude:t");
}

TEST_F(SessionServiceTest, S_90_ADeletedSessionTakesItsRequestWithItWhateverComesInBetween) {
  ASSERT_TRUE(say("PermissionRequest", R"("tool_name":"Bash")"));
  const auto asked = house.told("claude:s")->facts.requests.at(0).id;
  HeldWriter held(house.writer());
  bool gone = false;
  house.service().report("claude", house.locators({}),
                         House::hook("s", "UserPromptSubmit", "", house.worktree()),
                         [](const Result<void>&) {});
  house.service().release(model::WorkspaceId("w1"), [&] { gone = true; });
  house.service().report(
      "claude", house.locators({}),
      House::hook("s", "PermissionRequest", R"("tool_name":"Bash")", house.worktree()),
      [](const Result<void>&) {});
  held.release();
  ASSERT_TRUE(house.loop().run_until([&] { return gone; }));
  EXPECT_FALSE(house.told("claude:s"));
  EXPECT_FALSE(house.row("claude:s"));
  ASSERT_TRUE(std::holds_alternative<SessionRemoved>(house.events.back()));
  bool settled = false;
  for (const auto& event : house.events) {
    if (const auto* changed = std::get_if<SessionChanged>(&event)) {
      for (const auto& id : changed->settled) settled = settled || id == asked;
    } else {
      for (const auto& id : std::get<SessionRemoved>(event).settled) settled |= id == asked;
    }
  }
  EXPECT_TRUE(settled);
  EXPECT_EQ(house.service().health().sessions, 0U);
}

TEST_F(SessionServiceTest, AReleasedAgentThatGoesOnIsIgnoredUntilItStartsAnew) {
  testing::ChildProcess agent({"sleep", "1000"});
  const auto process = identity(agent);
  ASSERT_TRUE(say("UserPromptSubmit", "", process));
  house.loop().wait_for<bool>([&](auto done) {
    house.service().release(model::WorkspaceId("w1"), [done] { done(true); });
  });
  ASSERT_TRUE(say("PreToolUse", R"("tool_name":"Bash")", process));
  EXPECT_FALSE(house.row("claude:s"));
  testing::ChildProcess next({"sleep", "1000"});
  ASSERT_TRUE(say("SessionStart", R"("source":"resume")", identity(next)));
  EXPECT_TRUE(house.row("claude:s"));
}

TEST_F(SessionServiceTest, AReadAfterARestartEqualsWhatWasAcknowledged) {
  ASSERT_TRUE(say("UserPromptSubmit", R"("session_title":"Login form")"));
  ASSERT_TRUE(say("PermissionRequest", R"("tool_name":"ExitPlanMode","tool_input":{"plan":"p"})"));
  const auto before = house.row("claude:s");
  ASSERT_TRUE(before);
  EXPECT_EQ(before->name, "Login form");
  house.restart();
  const auto& after = house.loaded().sessions.at(0);
  EXPECT_EQ(after.facts, before->facts);
  EXPECT_EQ(after.facts.requests.at(0).type, model::PendingRequestType::plan_approval);
  EXPECT_EQ(after.stamp, before->stamp);
  EXPECT_EQ(after.name, before->name);
  EXPECT_EQ(after.directory, before->directory);
}

TEST(HookLocatorsText, ComesBackAsItWentIn) {
  HookLocators made;
  made.order = 123456789012345;
  made.process = {"boot-id", 42, 77};
  made.directory = "/a b/\xC3\xA9;=%\n";
  made.terminal = "%7";
  const auto text = format_locators(made);
  EXPECT_EQ(text.find('\n'), std::string::npos);
  EXPECT_EQ(parse_locators(text), made);
  EXPECT_EQ(parse_locators(""), HookLocators());
  EXPECT_FALSE(parse_locators("pid=42").process.known()) << "a pid alone may be somebody else's";
  EXPECT_TRUE(parse_locators("cwd=relative").directory.empty());
  EXPECT_EQ(parse_locators(";;=;at;at=x;pid=-3;start=1;boot=b"), HookLocators());
}

}  // namespace
}  // namespace sb::session
