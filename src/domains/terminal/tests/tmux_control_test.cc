#include "tmux_control.h"

#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sb/testing/temp_dir.h"

namespace sb::terminal {
namespace {

using enum TmuxControl::Heard;
using ::testing::ElementsAre;

TEST(TmuxControl, TheRecordedStreamHoldsOneHintAndAnEnd) {
  std::istringstream lines(
      testing::read_file(SB_SOURCE_DIR "/src/domains/terminal/tests/fixtures/tmux-control.txt"));
  TmuxControl control;
  std::vector<TmuxControl::Heard> heard;
  for (std::string line; std::getline(lines, line);) {
    const auto what = control.take(line);
    if (what != nothing) heard.push_back(what);
  }
  EXPECT_THAT(heard, ElementsAre(changed, ended));
}

TEST(TmuxControl, AnAnswerIsTheListAndALaterOneReplacesIt) {
  TmuxControl control;
  EXPECT_EQ(control.take("%begin 1 7 1"), nothing);
  EXPECT_EQ(control.take("%0 42 0 1795665426 my_tool /home/ada/a  b"), nothing);
  EXPECT_EQ(control.take("%12 43 1 1795665427  /"), nothing);
  EXPECT_EQ(control.take("%end 1 7 1"), listed);
  const WallTime at(std::chrono::seconds(1795665426));
  ASSERT_EQ(control.panes().size(), 2U);
  EXPECT_EQ(control.panes()[0], (TmuxPane{"%0", 42, false, at, "my_tool", "/home/ada/a  b"}));
  EXPECT_TRUE(control.panes()[1].dead);
  control.take("%begin 2 8 1");
  control.take("%0 42 0 1795665426 sh /");
  EXPECT_EQ(control.panes().size(), 2U) << "half an answer is none";
  EXPECT_EQ(control.take("%end 2 8 1"), listed);
  EXPECT_EQ(control.panes().size(), 1U);
}

TEST(TmuxControl, AnErrorAndAnEmptyAnswerLeaveTheListAlone) {
  TmuxControl control;
  for (const char* line : {"%begin 1 7 1", "%0 42 0 1795665426 sh /", "%end 1 7 1"}) {
    control.take(line);
  }
  for (const char* line :
       {"%begin 2 8 1", "%end 2 8 1", "%begin 3 9 1", "%1 1 0 1 sh /", "%error 3 9 1"}) {
    EXPECT_EQ(control.take(line), nothing) << line;
  }
  EXPECT_EQ(control.panes().size(), 1U);
}

TEST(TmuxControl, LinesThatAreNoPanesAreIgnoredAndTheListIsBounded) {
  TmuxControl control;
  control.take("%begin 1 7 1");
  for (const char* line : {"", "%0", "x 1 0 1 sh /", "%0 -1 0 1 sh /", "%0 1 0 x sh /",
                           "%0 1 0 1 sh relative", "%output %0 text"}) {
    EXPECT_EQ(control.take(line), nothing) << line;
  }
  EXPECT_EQ(control.take("%end 1 7 1"), nothing);
  control.take("%begin 1 8 1");
  for (std::size_t i = 0; i < 2 * TmuxControl::kPanesMax; ++i) control.take("%0 1 0 1 sh /");
  control.take("%end 1 8 1");
  EXPECT_EQ(control.panes().size(), TmuxControl::kPanesMax);
}

}  // namespace
}  // namespace sb::terminal
