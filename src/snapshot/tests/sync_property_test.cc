#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
// Needs gtest first.
#include <rapidcheck/gtest.h>

#include "sb/model/fact_codec.h"
#include "sb/snapshot/sync_session.h"

#include "naive_view.h"

// Readers of dialect 2 against a naive recomputation of their views, at every complete point: V1 to
// V4, T1, T2, T4 to T7, T9. Random updates, view changes, cuts at any frame, readers of any speed.

namespace sb::snapshot {
namespace {

using namespace std::chrono_literals;

constexpr int kIds = 9;
constexpr std::size_t kReaders = 3;

/// Choices read one after the other from what rapidcheck made, so that shrinking drops steps.
class Choices {
 public:
  explicit Choices(const std::vector<std::uint16_t>& all) : all_(&all) {}
  [[nodiscard]] bool more() const { return at_ < all_->size(); }
  std::size_t below(std::size_t limit) { return more() ? (*all_)[at_++] % limit : 0; }
  bool chance(std::size_t in) { return below(in) == 0; }

 private:
  const std::vector<std::uint16_t>* all_;
  std::size_t at_ = 0;
};

struct Reader {
  StrictClient client;
  NaiveView view;
  std::optional<SyncSession> session;
  std::shared_ptr<const MessageBatch> in_flight;
  std::size_t delivered = 0;  // messages of it
};

class World {
 public:
  World(Choices& choices, BatchLimits batch_limits)
      : choices_(choices), store("epoch-1", limits()), encoder(store, batch_limits) {
    for (const char* id : {"p", "q"}) {
      model::ProjectInfo project;
      project.id = model::ProjectId(id);
      RC_ASSERT(store.put_project(project).has_value());
    }
    RC_ASSERT(store.source("a").has_value());
    record();
    for (Reader& reader : readers) {
      reader.view = random_view();
      connect(reader);
    }
  }

  void step() {
    switch (choices_.below(16)) {
      case 0:
      case 1:
      case 2:
      case 3:
      case 4:
      case 5:
        update();
        return record();
      case 6:
        store.begin_commit();
        for (std::size_t i = choices_.below(12) + 2; i > 0; --i) update();
        store.end_commit();
        return record();
      case 7:
        store.set_review_count(static_cast<std::int64_t>(choices_.below(3)));
        return record();
      case 8:
        mono += std::chrono::minutes(choices_.below(60));
        store.expire(mono);
        return;
      case 9:
        mono += std::chrono::milliseconds(choices_.below(300));
        return;
      default:
        return read(readers[choices_.below(kReaders)]);
    }
  }

  // Everybody reads everything: all must show exactly their view.
  void quiesce() {
    for (int round = 0; round < 60; ++round) {
      mono += 250ms;
      for (Reader& reader : readers) {
        if (!reader.session) connect(reader);
        while (pump(reader)) deliver(reader);
      }
    }
    for (Reader& reader : readers) {
      RC_ASSERT(reader.client.settled());  // T7
      RC_ASSERT(reader.client.shown().revision == store.head());
      RC_ASSERT(held_by(reader.client) == reader.view.expect(states.at(store.head())));
    }
  }

 private:
  static Limits limits() {
    Limits limits;
    limits.tombstones_max = 4;
    limits.workspaces_per_project_max = 6;
    return limits;
  }

  void record() {
    if (!states.contains(store.head())) states.emplace(store.head(), recorder.take(store));
  }

  void update() {
    Update update;
    update.workspace = model::WorkspaceId("w" + std::to_string(choices_.below(kIds)));
    update.source = SourceId{1};
    update.stamp = {1, ++sequence, 0};
    update.label = "event";
    static constexpr std::array<const char*, 16> kFacts{
        R"({"status":"READY","projectId":"p"})",
        R"({"status":"READY","projectId":"q"})",
        R"({"status":"READY","projectId":"p","name":"one"})",
        R"({"status":"ARCHIVING","projectId":"p"})",
        R"({"status":"ARCHIVING"})",
        R"({"status":"READY"})",
        R"({"status":"FAILED"})",
        R"({"status":"ARCHIVING","projectId":"q"})",
        R"({"isWorking":true})",
        R"({"isWorking":false})",
        R"({"pendingRequestType":"permission_request"})",
        R"({"pendingRequestType":null})",
        R"({"prState":"MERGED","prUrl":"u","prNumber":1})",
        R"({"runScriptStatus":"RUNNING"})",
        R"({"runScriptStatus":"IDLE"})",
        R"({"ratchetDispatchRetryCount":)"};
    const std::size_t choice = choices_.below(kFacts.size() + 2);
    if (choice >= kFacts.size()) {
      update.kind = Update::Kind::remove;
    } else {
      std::string json = kFacts[choice];
      if (json.back() == ':') json += std::to_string(sequence % 3) + "}";
      JsonDocument document;
      update.facts = *model::parse_fact_patch(*document.parse(json), "$");
    }
    (void)store.apply(std::move(update), wall, mono);
  }

  NaiveView random_view() {
    NaiveView view;
    view.project = std::array{"p", "q", "*"}[choices_.below(3)];
    view.shape = std::array{ViewShape::full, ViewShape::sidebar, ViewShape::kanban,
                            ViewShape::list}[choices_.below(4)];
    switch (choices_.below(8)) {
      case 0:
        view.columns = {R"("WAITING")"};
        break;
      case 1:
        view.codes = {"AGENT_WORKING", "NO_SESSION_STARTED"};
        break;
      case 2:
        view.needs_user = choices_.chance(2);
        break;
      case 3:
        view.statuses = {"READY", "ARCHIVING"};
        break;
      case 4:
        view.statuses = {"ARCHIVING"};
        break;
      case 5:
        view.columns = {R"("WORKING")", R"("DONE")"};
        view.statuses = {"READY"};
        break;
      default:
        break;
    }
    return view;
  }

  void connect(Reader& reader) {
    reader.in_flight = nullptr;
    reader.session.emplace(
        encoder,
        SyncSession::Options{"s", std::chrono::milliseconds(choices_.below(200)), true, {}}, mono);
    reader.session->on_message(
        reader.client.hello(reader.view.json(), !choices_.chance(4), choices_.chance(2)), mono);
  }

  void read(Reader& reader) {
    if (!reader.session) return connect(reader);
    switch (choices_.below(12)) {
      case 0:  // cut, with or without what is in flight
        reader.session.reset();
        reader.in_flight = nullptr;
        return;
      case 1:
        reader.view = random_view();
        return reader.session->on_message(reader.client.change_view(reader.view.json()), mono);
      case 2:  // a fresh view at the next connection
        reader.session.reset();
        if (choices_.chance(3)) reader.view = random_view();
        return;
      default:
        if (reader.in_flight == nullptr) pump(reader);
        if (!choices_.chance(4)) deliver(reader);
    }
  }

  bool pump(Reader& reader) {
    if (reader.in_flight == nullptr) reader.in_flight = reader.session->next(mono);
    return reader.in_flight != nullptr;
  }

  void deliver(Reader& reader) {
    if (reader.in_flight == nullptr) return;
    for (const auto& message : *reader.in_flight) reader.client.take(message.text());
    reader.in_flight = nullptr;
    for (const auto& error : reader.client.errors) RC_FAIL(error);
    for (const std::uint64_t at : reader.client.completed_at) {
      // T4: not just in the end, but exactly the state of that revision.
      const auto& state = states.at(at);
      const auto expected = reader.view.expect(state);
      const auto held = held_by(reader.client);
      if (held != expected) describe(reader, held, expected);
      if (state.review_count) RC_ASSERT(reader.client.shown().review_count == state.review_count);
    }
    reader.client.completed_at.clear();
    RC_ASSERT(reader.client.bye.empty());
  }

  static void describe(const Reader& reader,
                       const std::map<std::string, StrictClient::Fields>& held,
                       const std::map<std::string, StrictClient::Fields>& expected) {
    std::string text = "T4 of " + reader.view.json() + ":";
    for (const auto& [id, fields] : held) {
      const auto found = expected.find(id);
      if (found == expected.end()) {
        text += " ghost " + id;
        continue;
      }
      for (const auto& [name, value] : fields) {
        const auto right = found->second.find(name);
        if (right == found->second.end()) {
          text += " " + id + " has a surplus " + name;
        } else if (right->second != value) {
          text += " " + id + "." + name + " is " + value + ", not " + right->second;
        }
      }
    }
    for (const auto& [id, fields] : expected) {
      if (!held.contains(id)) text += " missing " + id;
    }
    RC_FAIL(text);
  }

  Choices& choices_;
  Store store;
  ViewEncoder encoder;
  NaiveRecorder recorder;
  std::map<Revision, NaiveState> states;
  std::array<Reader, kReaders> readers;
  std::uint64_t sequence = 0;
  WallTime wall{1'700'000'000'000ms};
  MonoTime mono{1h};
};

void run(const std::vector<std::uint16_t>& steps, BatchLimits limits) {
  Choices choices(steps);
  World world(choices, limits);
  while (choices.more()) world.step();
  world.quiesce();
}

RC_GTEST_PROP(SyncProperty, ReadersShowTheirViewAtEveryCompletePoint, ()) {
  run(*rc::gen::container<std::vector<std::uint16_t>>(
          400, rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<std::uint16_t>())),
      BatchLimits{});
}

RC_GTEST_PROP(SyncProperty, ReadersOfTinyBatchesShowTheirViewAtEveryCompletePoint, ()) {
  run(*rc::gen::container<std::vector<std::uint16_t>>(
          400, rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<std::uint16_t>())),
      BatchLimits{.bytes = 6'000, .ops = 2});
}

}  // namespace
}  // namespace sb::snapshot
