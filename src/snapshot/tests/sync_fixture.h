#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sb/snapshot/sync_session.h"

#include "naive_view.h"
#include "store_fixture.h"

namespace sb::snapshot {

/// One `/sync` connection without its socket, and a strict client to read what it says.
class SyncTest : public StoreTest {
 protected:
  SyncTest() : SyncTest(Limits{}) {}
  explicit SyncTest(Limits limits) : StoreTest(limits), views(store) {}

  SyncSession open() {
    return SyncSession(views, SyncSession::Options{"session-1", 100ms, true, {}}, mono);
  }
  SyncSession join(StrictClient& client, const std::string& view = R"({"projectId":"p"})",
                   bool patch = true) {
    SyncSession session = open();
    session.on_message(client.hello(view, patch), mono);
    return session;
  }
  // Everything the session has to say by now and within a second.
  void read(SyncSession& session, StrictClient& client) {
    mono += 1s;
    while (const auto batch = session.next(mono)) {
      for (const auto& one : *batch) client.take(one.text());
    }
    EXPECT_TRUE(client.errors.empty()) << client.errors.front();
  }
  // The next message, as JSON text in one spelling; "" when there is none.
  std::string say_next(SyncSession& session) const {
    const auto batch = session.next(mono);
    if (!batch) return "";
    JsonDocument document;
    return json_text(*document.parse(batch->front().text()));
  }
  static std::string member(const std::string& text, const std::string& name) {
    JsonDocument document;
    const auto message = document.parse(text);
    if (!message) return "absent";  // nothing was said
    const auto found = message->find(name);
    return found ? json_text(*found) : "absent";
  }

  ViewEncoder views;
};

}  // namespace sb::snapshot
