#include <unistd.h>

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "house.h"

// A server that is killed while it takes reports keeps every one it answered. The child is this
// very program, started with kChildMode and its database.

namespace sb::terminal {
namespace {

constexpr std::string_view kChildMode = "--report-until-killed";

/// Takes one report after another; prints the number of each once it is answered. The process that
/// closes the terminal is our parent's, which lives on.
int report_until_killed(const std::string& database, int first) {
  House house(database);
  for (int number = first;; ++number) {
    auto report =
        house.made("t", number % 2 == 0 ? model::TerminalState::busy : model::TerminalState::idle);
    report.title = std::to_string(number);
    report.process = *process::identify(::getppid());
    if (!house.report(report)) return 1;
    const std::string line = std::to_string(number) + "\n";
    if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) return 2;
  }
}

TEST(KilledService, KeepsEveryReportItAnswered) {
  const testing::TempDir dir;
  const std::string database = (dir / "t.db").string();
  int answered = 0;
  for (const int count : {1, 40, 7, 90, 23}) {
    testing::ChildProcess child(
        {"/proc/self/exe", std::string(kChildMode), database, std::to_string(answered + 1)});
    for (int i = 0; i < count; ++i) {
      const auto line = child.read_line();
      ASSERT_TRUE(line) << "the child ended early with " << child.wait();
      answered = std::stoi(*line);
    }
    child.kill_now();
    while (const auto line = child.read_line()) answered = std::stoi(*line);
    child.wait();

    House house(database);
    ASSERT_EQ(house.loaded().rows.size(), 1U);
    const TerminalRow& row = house.loaded().rows.front();
    // One more may have been stored without its answer reaching us.
    const int stored = std::stoi(row.title.value_or("0"));
    EXPECT_GE(stored, answered);
    EXPECT_LE(stored, answered + 1);
    EXPECT_EQ(row.state, stored % 2 == 0 ? model::TerminalState::busy : model::TerminalState::idle);
    answered = stored;
  }
}

}  // namespace
}  // namespace sb::terminal

int main(int argc, char** argv) {
  if (argc == 4 && argv[1] == sb::terminal::kChildMode) {
    return sb::terminal::report_until_killed(argv[2], std::stoi(argv[3]));
  }
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
