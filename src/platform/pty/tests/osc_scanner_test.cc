#include "sb/pty/osc_scanner.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sb::pty {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Writes down what it is told.
struct Notes final : OscListener {
  void osc(unsigned number, std::string_view payload) override {
    told.push_back(std::to_string(number) + "=" + std::string(payload));
  }
  void status_query(std::string_view terminator) override {
    told.push_back("query" + std::to_string(terminator.size()));
  }
  void reset() override { told.emplace_back("reset"); }
  std::vector<std::string> told;
};

/// Everything in pieces of `size` bytes; what is still held at the end is passed as well.
std::string pass(Notes& notes, std::string_view text, std::size_t size) {
  OscScanner scanner(notes);
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += size) {
    scanner.push(text.substr(at, size), out);
  }
  scanner.release(out);
  return out;
}

TEST(OscScanner, PassesEverythingUnchangedHoweverItIsCut) {
  const std::string text =
      "plain \x1b[31mred\x1b[0m \x1b]0;a title\a \x1b]8;;http://x/\x1b\\link\x1b]8;;\x1b\\ "
      "\x1b]7501;state=idle\a\x1bPq#0\x1b\\\x1b]7\x1b]75\x1b]7501;?x\a\x1b\x1b]7501;\x18?\xff\x9c"
      "\x1b]7501;?\x1b[c \x1b";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    Notes notes;
    EXPECT_EQ(pass(notes, text, size), text) << "in pieces of " << size;
    EXPECT_THAT(notes.told,
                ElementsAre("0=a title", "8=;http://x/", "8=;", "7501=state=idle", "7501=?x"))
        << "in pieces of " << size;
  }
}

TEST(OscScanner, TheQuestionIsTakenOutOfTheStreamWithEitherTerminator) {
  const std::string text = "a\x1b]7501;?\x1b\\b\x1b]7501;?\a\x1b[c";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    Notes notes;
    EXPECT_EQ(pass(notes, text, size), "ab\x1b[c") << "in pieces of " << size;
    EXPECT_THAT(notes.told, ElementsAre("query2", "query1")) << "in pieces of " << size;
  }
}

TEST(OscScanner, NothingButABeginningOfTheQuestionIsHeldBack) {
  Notes notes;
  OscScanner scanner(notes);
  std::string out;
  scanner.push("text\x1b", out);
  EXPECT_EQ(out, "text");
  EXPECT_TRUE(scanner.holds());
  scanner.push("[", out);
  EXPECT_EQ(out, "text\x1b[");
  scanner.push("A\x1b]750", out);
  EXPECT_TRUE(scanner.holds());
  scanner.push("2", out);
  EXPECT_FALSE(scanner.holds());
  EXPECT_EQ(out, "text\x1b[A\x1b]7502");
}

TEST(OscScanner, AQuestionThatTookTooLongIsStillAnswered) {
  Notes notes;
  OscScanner scanner(notes);
  std::string out;
  scanner.push("\x1b]7501", out);
  scanner.release(out);
  scanner.push(";?\a", out);
  EXPECT_EQ(out, "\x1b]7501;?\a");
  EXPECT_THAT(notes.told, ElementsAre("query1"));
}

TEST(OscScanner, ASequenceBeyondTheLimitIsPassedAndToldToNobody) {
  constexpr std::size_t kFrame = 4;
  for (const bool fits : {true, false}) {
    const std::size_t size = OscScanner::kSequenceBytesMax + (fits ? 0 : 1);
    std::string text = "\x1b]2;";
    text.append(size - kFrame - 2, 'x').append("\x1b\\");
    ASSERT_EQ(text.size(), size);
    Notes notes;
    EXPECT_EQ(pass(notes, text + "\x1b]2;y\a", 7), text + "\x1b]2;y\a");
    EXPECT_EQ(notes.told.size(), fits ? 2U : 1U);
    EXPECT_EQ(notes.told.back(), "2=y");
  }
}

TEST(OscScanner, AnUnendedSequenceStopsAtCancelAndAtTheNextOne) {
  Notes notes;
  pass(notes, "\x1b]2;lost\x18;\a\x1b]2;lost too\x1b]2;kept\a\x1b]2;never ends", 3);
  EXPECT_THAT(notes.told, ElementsAre("2=kept"));
}

TEST(OscScanner, AResetIsToldAndADeviceQueryIsNone) {
  Notes notes;
  pass(notes, "\x1b[c", 1);
  EXPECT_THAT(notes.told, IsEmpty());
  pass(notes,
       "\x1b"
       "c",
       1);
  EXPECT_THAT(notes.told, ElementsAre("reset"));
}

}  // namespace
}  // namespace sb::pty
