#include <unistd.h>

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sb/testing/child_process.h"

#include "service_house.h"

// A server that is killed while pull requests change keeps every one it told of. The child is this
// very program, started with kChildMode, its database, its repository and the first number.

namespace sb::github {
namespace {

constexpr std::string_view kChildMode = "--refresh-until-killed";

/// Shows one pull request after another, and prints the number of each once it is told.
int refresh_until_killed(const std::string& database, const std::string& git_dir,
                         const std::string& head, int first) {
  sb::testing::FakeGithub server;
  House house(database, server);
  house.put("w", git_dir);
  house.service.start();
  for (int number = first;; ++number) {
    sb::testing::FakePullRequest pr;
    pr.number = number;
    pr.head_branch = "main";
    pr.head_oid = head;
    pr.draft = number % 2 == 0;
    {
      const auto lock = server.lock();
      server.repositories["acme/app"] = {pr};
    }
    const auto asked = house.refresh("w");
    const auto row = house.last("w");
    if (!asked || !row || row->number != number) return 1;
    const std::string line = std::to_string(number) + "\n";
    if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) return 2;
  }
}

TEST_F(ServiceTest, AKilledServerKeepsEveryPullRequestItTold) {
  const std::string head = repo.git({"rev-parse", "main"});
  repo.git({"update-ref", "refs/remotes/origin/main", head});
  std::int64_t told = 0;
  for (const int count : {1, 12, 5, 30, 9}) {
    sb::testing::ChildProcess child({"/proc/self/exe", std::string(kChildMode), database(),
                                     common().string(), head, std::to_string(told + 1)});
    for (int i = 0; i < count; ++i) {
      const auto line = child.read_line();
      ASSERT_TRUE(line) << "the child ended early with " << child.wait();
      told = std::stoi(*line);
    }
    child.kill_now();
    while (const auto line = child.read_line()) told = std::stoi(*line);
    child.wait();

    const House house(database(), server);
    ASSERT_EQ(house.rows.size(), 1U);
    const PrRow& row = house.rows.front();
    // One more may have been stored before we could hear of it.
    ASSERT_TRUE(row.number);
    EXPECT_GE(*row.number, told);
    EXPECT_LE(*row.number, told + 1);
    EXPECT_EQ(row.state, *row.number % 2 == 0 ? model::PrState::DRAFT : model::PrState::OPEN);
    told = *row.number;
  }
}

}  // namespace
}  // namespace sb::github

int main(int argc, char** argv) {
  if (argc == 6 && argv[1] == sb::github::kChildMode) {
    return sb::github::refresh_until_killed(argv[2], argv[3], argv[4], std::stoi(argv[5]));
  }
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
