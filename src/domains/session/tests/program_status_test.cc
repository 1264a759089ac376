#include "sb/session/program_status.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sb/core/json_codec.h"
#include "sb/pty/osc_scanner.h"
#include "sb/testing/temp_dir.h"

namespace sb::session {
namespace {

using ::testing::ElementsAre;

/// A terminal as whoever holds it hears it: what the records come to after every report.
struct Terminal final : pty::OscListener {
  void osc(unsigned number, std::string_view payload) override {
    constexpr unsigned kProgramStatus = 7501;
    if (number != kProgramStatus) return;
    records.take(payload);
    const auto status = records.status();
    std::string text = status ? std::string(enum_text(status->state)) : "none";
    if (status && status->kind) text += std::string("/") + std::string(enum_text(*status->kind));
    if (status && !status->app.empty()) text += " of " + status->app;
    told.push_back(std::move(text));
  }
  void status_query(std::string_view terminator) override {
    told.push_back("asked " + std::to_string(terminator.size()));
  }
  void reset() override { told.emplace_back("reset"); }
  ProgramRecords records;
  std::vector<std::string> told;
};

const char* const kFixture = SB_SOURCE_DIR "/src/domains/session/tests/fixtures/osc7501.bin";

TEST(ProgramStatus, TheRecordedStreamIsReadAlikeHoweverItIsCut) {
  const std::string bytes = testing::read_file(kFixture);
  const std::string question = "\x1b]7501;?\x1b\\";
  ASSERT_TRUE(bytes.starts_with(question));
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    Terminal terminal;
    pty::OscScanner scanner(terminal);
    std::string shown;
    scanner.push(std::string_view(bytes).substr(0, cut), shown);
    scanner.push(std::string_view(bytes).substr(cut), shown);
    EXPECT_EQ(shown, bytes.substr(question.size())) << "cut at " << cut;
    EXPECT_THAT(terminal.told,
                ElementsAre("asked 2", "idle of claude-code", "working of claude-code",
                            "working of claude-code",  // a sub-agent works too
                            "blocked/permission of claude-code", "blocked/question of claude-code",
                            "blocked/question of claude-code",  // an unknown state is ignored
                            "working of claude-code",           // an unknown key is
                            "done of claude-code", "none"))
        << "cut at " << cut;
  }
}

TEST(ProgramStatus, TheRecordedStreamIsReadAlikeByteByByte) {
  const std::string bytes = testing::read_file(kFixture);
  Terminal whole;
  Terminal single;
  std::string shown_whole;
  std::string shown_single;
  pty::OscScanner(whole).push(bytes, shown_whole);
  pty::OscScanner scanner(single);
  for (const char byte : bytes) scanner.push({&byte, 1}, shown_single);
  EXPECT_EQ(whole.told, single.told);
  EXPECT_EQ(shown_whole, shown_single);
}

class ProgramRecordsTest : public ::testing::Test {
 protected:
  std::string after(std::string_view payload) {
    records_.take(payload);
    const auto status = records_.status();
    return status ? std::string(enum_text(status->state)) : "none";
  }
  ProgramRecords records_;
};

TEST_F(ProgramRecordsTest, AReportReplacesItsRecordWhole) {
  EXPECT_EQ(after("state=error:app=x:msg=Ym9vbQ=="), "error");
  EXPECT_EQ(records_.status()->message, "boom");
  EXPECT_EQ(after("state=working"), "working");
  EXPECT_EQ(records_.status()->message, "");
  EXPECT_EQ(records_.status()->app, "") << "the program itself has no ancestor";
}

TEST_F(ProgramRecordsTest, WhatBreaksARuleChangesNothing) {
  ASSERT_EQ(after("state=idle"), "idle");
  for (const char* bad :
       {"", "working", "state=", "state=WORKING", "state=bogus",
        "state=working:id=", "state=working:id=a//b", "state=working:id=a b", "state=working:id=/a",
        "state=working:id=1/2/3/4/5/6/7/8/9", "state=working:progress=101",
        "state=working:progress=x", "state=working:title=%", "state=working:msg=\xff"}) {
    EXPECT_EQ(after(bad), "idle") << bad;
  }
  EXPECT_EQ(after("state=working:id=" + std::string(33, 'a')), "idle");
  EXPECT_EQ(after("state=working:progress=100"), "working");
}

TEST_F(ProgramRecordsTest, ASubAgentThatWaitsIsWhatItComesTo) {
  after("state=working:app=claude-code");
  EXPECT_EQ(after("state=blocked:kind=permission:id=a/b"), "blocked");
  EXPECT_EQ(records_.status()->app, "claude-code") << "inherited";
  EXPECT_EQ(after("state=working:id=a/b"), "working");
  EXPECT_EQ(after("state=blocked:id=a/c"), "blocked");
  EXPECT_EQ(after("state=clear:id=a"), "working") << "with everything below";
  EXPECT_EQ(after("state=clear"), "none");
}

TEST_F(ProgramRecordsTest, OfTooManyTheOneUsedLongestAgoGivesWay) {
  after("state=working");
  for (std::size_t i = 0; i < ProgramRecords::kRecordsMax; ++i) {
    after("state=idle:id=a" + std::to_string(i));
  }
  EXPECT_EQ(after("state=idle:id=last"), "none") << "the program's own was the oldest";
}

TEST_F(ProgramRecordsTest, TextsAreCleanAndShort) {
  // "a", ESC, "[2J", U+0085, "b" and 300 letters.
  after("state=error:msg=YRtbMkrChWI=");
  EXPECT_EQ(records_.status()->message, "a[2Jb");
  const auto read = read_program_status("error", std::nullopt, std::string(300, 'x'), "");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->app.size(), kProgramTextBytesMax);
}

TEST(ProgramStatus, WhatATerminalReportsIsCheckedAgain) {
  EXPECT_TRUE(read_program_status("blocked", "question", "x", ""));
  EXPECT_EQ(read_program_status("clear", std::nullopt, "", "").error().path, "$.program.state");
  EXPECT_EQ(read_program_status("blocked", "why", "", "").error().path, "$.program.kind");
  EXPECT_EQ(read_program_status("idle", "auth", "", "").error().path, "$.program.kind");
}

}  // namespace
}  // namespace sb::session
