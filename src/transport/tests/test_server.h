#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "sb/core/clock.h"
#include "sb/core/metrics.h"
#include "sb/model/facts.h"
#include "sb/snapshot/store.h"
#include "sb/transport/event_loop.h"
#include "sb/transport/server.h"

#include "raw_client.h"

namespace sb::transport {

/// Accepts what it is told to and remembers what it was asked. Confined to the loop.
struct FakeSinks final : EventSink, CommandSink, ServerStatus {
  void submit(std::vector<model::ExternalEvent> events,
              std::function<void(Result<EventsAnswer>)> done) override {
    if (refuse_all) {
      done(*refuse_all);
      return;
    }
    EventsAnswer answer{"epoch-1", 77, {}};
    for (auto& event : events) {
      submitted.push_back(std::move(event));
      answer.verdicts.push_back(verdicts.empty() ? EventVerdict{} : verdicts.front());
      if (!verdicts.empty()) verdicts.pop_front();
    }
    if (hold) {
      held.push_back([done = std::move(done), answer] { done(answer); });
    } else {
      done(std::move(answer));
    }
  }
  void register_project(RegisterProject request,
                        std::function<void(Result<RegisteredProject>)> done) override {
    commands.push_back("register " + request.repo_path + " " + request.name.value_or("-"));
    if (refuse_all) {
      done(*refuse_all);
      return;
    }
    RegisteredProject answer;
    answer.project.id = model::ProjectId("p1");
    answer.project.name = "one";
    answer.project.repoPath = request.repo_path;
    answer.created = request.repo_path == "/new";
    answer.revision = 5;
    done(std::move(answer));
  }
  void remove_project(const model::ProjectId& id,
                      std::function<void(Result<std::uint64_t>)> done) override {
    commands.push_back("remove " + id.str());
    answer_revision(id, done);
  }
  void reconcile(const model::ProjectId& id,
                 std::function<void(Result<std::uint64_t>)> done) override {
    commands.push_back("reconcile " + id.str());
    answer_revision(id, done);
  }
  void answer_revision(const model::ProjectId& id,
                       const std::function<void(Result<std::uint64_t>)>& done) {
    if (id.str() != "p1") {
      done(Error{ErrorCode::not_found, "no such project", {}});
    } else {
      done(std::uint64_t{6});
    }
  }
  [[nodiscard]] bool ready() const override { return is_ready; }
  [[nodiscard]] std::vector<SourceHealth> sources() const override {
    return {{"git", "degraded", 40, "2 worktrees polled every 60 s"},
            {"workspace", "live", {}, ""}};
  }
  [[nodiscard]] ReconciliationInfo reconciliation() const override {
    return {parse_iso("2026-01-02T03:04:05.006Z"), 7, 8};
  }

  bool is_ready = true;
  std::vector<model::ExternalEvent> submitted;
  std::deque<EventVerdict> verdicts;  ///< of the next events; accepted when empty
  std::optional<Error> refuse_all;
  bool hold = false;  ///< answers wait in `held`
  std::vector<std::function<void()>> held;
  std::vector<std::string> commands;
};

/// Remembers what terminals report. Confined to the loop.
struct FakeTerminals final : TerminalSink {
  void report(Report report, std::function<void(Result<void>)> done) override {
    reports.push_back(std::move(report));
    done(answer);
  }
  std::vector<Report> reports;
  Result<void> answer;
};

/// A server on real sockets with its loop on a thread, over a real store with the project "p1".
/// Everything but `on_loop`, its users and the clients belongs to the loop thread.
class TestServer {
 public:
  static constexpr const char* kToken = "t0ken";

  static ServerConfig default_config() {
    static constexpr StaticFile kIndex{"/index.html", "text/html; charset=utf-8", "<p>board</p>",
                                       "i1", false};
    static constexpr StaticFile kScript{"/assets/app-1a2b.js", "text/javascript", "let x", "s1",
                                        true};
    ServerConfig config;
    config.port = 0;
    config.token = kToken;
    config.coalesce = std::chrono::milliseconds(0);
    config.static_files = {kIndex, kScript};
    return config;
  }

  explicit TestServer(ServerConfig config = default_config(), snapshot::Limits limits = {})
      : store("epoch-1", limits) {
    put_project("p1", "one");
    ServerPorts ports{store, sinks, sinks, sinks, metrics, clock, Logger()};
    ports.terminals = &terminals;
    server = std::make_unique<Server>(loop, std::move(config), std::move(ports));
    store.on_commit([this] { server->store_changed(); });
    const auto listening = server->listen();
    if (!listening) throw std::runtime_error(listening.error().message);
    port = server->port();
    thread_ = std::thread([this] { loop.run(); });
  }
  ~TestServer() {
    on_loop([this] { server.reset(); });
    loop.stop();
    thread_.join();
  }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  /// Runs `fn` on the loop and waits for it.
  void on_loop(const std::function<void()>& fn) {
    std::promise<void> done;
    loop.post([&] {
      fn();
      done.set_value();
    });
    done.get_future().wait();
  }

  /// Adds or changes a workspace of `project`, as one commit. Confined to the loop.
  /// REQUIRES: the project is there: "p1" always is.
  void put_now(const std::string& workspace, const std::string& name,
               const std::string& project = "p1") {
    snapshot::Update update;
    update.facts.set<&model::Facts::projectId>(model::ProjectId(project));
    update.facts.set<&model::Facts::status>(model::WorkspaceStatus::READY);
    update.facts.set<&model::Facts::name>(name);
    apply(workspace, std::move(update));
  }
  void put(const std::string& workspace, const std::string& name,
           const std::string& project = "p1") {
    on_loop([&] { put_now(workspace, name, project); });
  }
  void remove(const std::string& workspace) {
    on_loop([&] {
      snapshot::Update update;
      update.kind = snapshot::Update::Kind::remove;
      apply(workspace, std::move(update));
    });
  }

  [[nodiscard]] RawClient client(int receive_buffer = 0) const {
    return RawClient::tcp(port, receive_buffer);
  }
  /// A request with Host and token; `headers` are whole lines ending in CRLF.
  [[nodiscard]] std::string request(const std::string& method, const std::string& target,
                                    const std::string& headers = {},
                                    const std::string& body = {}) const {
    std::string text = method + " " + target +
                       " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
                       "\r\nAuthorization: Bearer " + kToken + "\r\n" + headers;
    if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return text + "\r\n" + body;
  }
  /// The same, asked on a connection of its own.
  [[nodiscard]] RawResponse ask(const std::string& method, const std::string& target,
                                const std::string& headers = {},
                                const std::string& body = {}) const {
    return client().request(request(method, target, headers, body), method == "HEAD");
  }
  /// An upgrade request with the given further headers.
  [[nodiscard]] std::string upgrade(const std::string& target, const std::string& headers) const {
    return "GET " + target + " HTTP/1.1\r\nHost: localhost:" + std::to_string(port) +
           "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
           headers + "\r\n";
  }
  /// As our own page asks: allowed origin and cookie.
  [[nodiscard]] std::string page_upgrade(const std::string& target) const {
    const std::string number = std::to_string(port);
    return upgrade(target, "Origin: http://localhost:" + number + "\r\nCookie: snapboard_" +
                               number + "=" + kToken + "\r\n");
  }
  /// Subscribes as our own page and reads the 101.
  [[nodiscard]] RawClient subscribe(const std::string& target = "/snapshots?projectId=p1",
                                    int receive_buffer = 0) const {
    RawClient result = client(receive_buffer);
    const RawResponse answer = result.request(page_upgrade(target));
    if (answer.status != 101) throw std::runtime_error("refused: " + answer.body);
    return result;
  }

  SystemClock clock;
  Metrics metrics;
  EventLoop loop;
  snapshot::Store store;
  FakeSinks sinks;
  FakeTerminals terminals;
  std::unique_ptr<Server> server;
  std::uint16_t port = 0;

  /// Confined to the loop.
  void put_project(const std::string& id, const std::string& name) {
    model::ProjectInfo project;
    project.id = model::ProjectId(id);
    project.name = name;
    project.repoPath = "/repo/" + name;
    if (!store.put_project(std::move(project))) throw std::runtime_error("no project");
  }

 private:
  void apply(const std::string& workspace, snapshot::Update update) {
    update.workspace = model::WorkspaceId(workspace);
    update.stamp = {0, ++sequence_, 0};
    update.label = "test";
    if (!store.apply(std::move(update), clock.wall_now(), clock.mono_now()).ok()) {
      throw std::runtime_error("the store refused");
    }
  }

  std::uint64_t sequence_ = 0;
  std::thread thread_;
};

}  // namespace sb::transport
