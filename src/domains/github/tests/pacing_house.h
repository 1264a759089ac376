#pragma once

#include <algorithm>
#include <chrono>
#include <string>

#include "service_house.h"

namespace sb::github {

/// The service while time passes.
class PacingTest : public ServiceTest {
 protected:
  static sb::testing::FakePullRequest pull_request(std::int64_t number, const std::string& branch,
                                                   const std::string& oid) {
    sb::testing::FakePullRequest pr;
    pr.number = number;
    pr.head_branch = branch;
    pr.head_oid = oid;
    return pr;
  }
  template <class Change>
  void change(Change&& what) {
    const auto lock = server.lock();
    what(server);
  }
  [[nodiscard]] std::size_t requests() {
    const auto lock = server.lock();
    return server.requests;
  }
  /// Fires what is due within `time`, one thing after the other, each to its end.
  static void pass(House& house, std::chrono::nanoseconds time) {
    for (const auto until = house.loop.clock().mono_now() + time;
         house.loop.clock().mono_now() < until;) {
      house.loop.advance(std::min<std::chrono::nanoseconds>(std::chrono::milliseconds(500),
                                                            until - house.loop.clock().mono_now()));
      settle(house);
    }
  }
  /// Until no question is under way: what the pools and the database were given has come back.
  static void settle(House& house) {
    for (int i = 0; i < 3; ++i) {
      for (WorkerPool* pool : {&house.workers, &house.network}) {
        bool came = false;
        pool->submit([&] { house.loop.post([&] { came = true; }); });
        ASSERT_TRUE(house.wait([&] { return came; }));
      }
      ASSERT_TRUE(house.writer.run([](sqlite::Database&) -> Result<void> { return {}; }));
      house.loop.run_ready();
    }
  }
  /// One workspace with the open pull request 7.
  void one(House& house) {
    oid = pushed("one");
    set(pull_request(7, "one", oid));
    house.put("w", common(), "one");
    house.service.start();
    ASSERT_TRUE(house.refresh("w"));
    ASSERT_EQ(house.shown("w"), "7 OPEN SUCCESS clean");
  }

  std::string oid;
};

}  // namespace sb::github
