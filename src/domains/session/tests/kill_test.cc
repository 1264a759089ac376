#include <unistd.h>

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "service_kit.h"

// A server that is killed while it takes hooks keeps every one it answered. The child is this very
// program, started with kChildMode and its folder.

namespace sb::session {
namespace {

constexpr std::string_view kChildMode = "--report-until-killed";

/// Takes one hook after another; prints the number of each once it is answered.
int report_until_killed(const std::string& root, int first) {
  House house(root);
  for (int number = first;; ++number) {
    const auto taken = house.report(
        House::hook("s", number % 2 == 0 ? "UserPromptSubmit" : "Stop",
                    R"("session_title":")" + std::to_string(number) + "\"", house.worktree()),
        house.locators({}));
    if (!taken) return 1;
    const std::string line = std::to_string(number) + "\n";
    if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) return 2;
  }
}

TEST(KilledService, KeepsEveryHookItAnswered) {
  const testing::TempDir dir;
  int answered = 0;
  for (const int count : {1, 40, 7, 90, 23}) {
    testing::ChildProcess child(
        {"/proc/self/exe", std::string(kChildMode), dir.str(), std::to_string(answered + 1)});
    for (int i = 0; i < count; ++i) {
      const auto line = child.read_line();
      ASSERT_TRUE(line) << "the child ended early with " << child.wait();
      answered = std::stoi(*line);
    }
    child.kill_now();
    while (const auto line = child.read_line()) answered = std::stoi(*line);
    child.wait();

    House house(dir.path());
    const auto row = house.row("claude:s");
    ASSERT_TRUE(row);
    // One more may have been stored without its answer reaching us.
    const int stored = std::stoi(row->name.value_or("0"));
    EXPECT_GE(stored, answered);
    EXPECT_LE(stored, answered + 1);
    EXPECT_EQ(row->facts.activity, stored % 2 == 0 ? model::SessionRuntimeActivity::WORKING
                                                   : model::SessionRuntimeActivity::IDLE);
    answered = stored;
  }
}

}  // namespace
}  // namespace sb::session

int main(int argc, char** argv) {
  if (argc == 4 && argv[1] == sb::session::kChildMode) {
    return sb::session::report_until_killed(argv[2], std::stoi(argv[3]));
  }
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
