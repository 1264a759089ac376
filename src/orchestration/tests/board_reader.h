#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sb/core/json_value.h"
#include "sb/snapshot/dialect1_session.h"
#include "sb/snapshot/sync_session.h"
#include "sb/testing/json_text.h"
#include "sb/testing/strict_client.h"

namespace sb::orchestration {

/// A reader of dialect 1: what it holds, and what a server must never have sent it.
class Dialect1Client {
 public:
  void take(std::string_view text) {
    JsonDocument document;
    const auto message = document.parse(text);
    const std::string type(*message->find("type")->as_string());
    const auto revision = static_cast<std::uint64_t>(*message->find("revision")->as_int());
    if (type == "snapshot_full") {
      entries.clear();
      message->find("entries")->each_element([&](std::size_t, JsonValue entry) { put(entry); });
    } else {
      if (revision < last_) errors.push_back("a message goes back to " + std::to_string(revision));
      if (type == "snapshot_changed") {
        put(*message->find("entry"));
      } else {
        entries.erase(std::string(*message->find("workspaceId")->as_string()));
      }
    }
    last_ = revision;
    if (const auto told = message->find("cursor")) cursor = *told->as_string();
  }

  std::map<std::string, std::string> entries;  // by id, JSON in one spelling
  std::string cursor;
  std::vector<std::string> errors;

 private:
  void put(const JsonValue& entry) {
    const std::string id(*entry.find("workspaceId")->as_string());
    const auto version = static_cast<std::uint64_t>(*entry.find("version")->as_int());
    if (version < newest_[id]) errors.push_back(id + " goes back to " + std::to_string(version));
    newest_[id] = version;
    entries[id] = sb::testing::json_text(entry);
  }
  std::uint64_t last_ = 0;
  std::map<std::string, std::uint64_t> newest_;
};

/// One server that readers connect to, and what they must show of one project.
class BoardServer {
 public:
  struct View {
    std::map<std::string, std::string> one;                       // dialect 1
    std::map<std::string, sb::testing::StrictClient::Entry> two;  // dialect 2
  };
  BoardServer(const snapshot::Store& borrowed, model::ProjectId shown)
      : store(borrowed), project(std::move(shown)), dialect1(borrowed), views(borrowed) {}

  [[nodiscard]] const View& view() {
    if (seen_ == store.head()) return view_;
    seen_ = store.head();
    view_ = {};
    for (const auto& entry : store.entries(project)) {
      JsonDocument document;
      const auto value = document.parse(entry.text->complete());
      view_.one.emplace(entry.id.str(), sb::testing::json_text(*value));
      auto& held = view_.two[entry.id.str()];
      held.revision = entry.revision;
      value->each_member([&](std::string_view name, JsonValue member) {
        held.fields.emplace(name, sb::testing::json_text(member));
      });
      for (const char* name : {"version", "computedAt", "source", "fieldTimestamps"}) {
        held.fields.erase(name);
      }
    }
    return view_;
  }

  const snapshot::Store& store;
  const model::ProjectId project;
  snapshot::Dialect1Encoder dialect1;
  snapshot::ViewEncoder views;

 private:
  View view_;
  snapshot::Revision seen_ = 0;
};

/// Somebody who shows the project of a server, in one of the dialects.
class BoardReader {
 public:
  enum class Dialect { one, two, two_with_patches };
  static constexpr Dialect kDialects[] = {Dialect::one, Dialect::two, Dialect::two_with_patches};

  BoardReader(BoardServer& server, Dialect dialect) : server_(&server), dialect_(dialect) {}

  /// The same reader with what it holds, without its connection.
  [[nodiscard]] BoardReader disconnected() const {
    BoardReader copy(*server_, dialect_);
    copy.one_ = one_;
    copy.two_ = two_;
    return copy;
  }
  /// Connects with the cursor it holds, if any.
  void connect(MonoTime now) {
    if (dialect_ == Dialect::one) {
      session1_.emplace(server_->store, server_->dialect1,
                        snapshot::Dialect1Session::Options{server_->project, one_.cursor, {}});
    } else {
      session2_ = std::make_unique<snapshot::SyncSession>(
          server_->views, snapshot::SyncSession::Options{"session", {}, true, {}}, now);
      const std::string view = R"({"projectId":")" + server_->project.str() + "\"}";
      session2_->on_message(two_.hello(view, dialect_ == Dialect::two_with_patches), now);
    }
  }
  /// Takes up to `most` turns of what the server has to say.
  void read(MonoTime now, std::size_t most = SIZE_MAX) {
    for (std::size_t i = 0; i < most; ++i) {
      const auto batch = session1_ ? session1_->next(now) : session2_->next(now);
      if (!batch) return;
      for (const auto& message : *batch) {
        const std::string text = message.text();
        session1_ ? one_.take(text) : two_.take(text);
      }
    }
  }
  /// What is wrong with what it was told, or shows; empty when it shows the server's view.
  [[nodiscard]] std::string difference() const {
    if (!one_.errors.empty()) return one_.errors.front();
    if (!two_.errors.empty()) return two_.errors.front();
    const auto& expected = server_->view();
    return dialect_ == Dialect::one ? first_difference(one_.entries, expected.one)
                                    : first_difference(two_.shown().entries, expected.two);
  }

 private:
  template <class Entries>
  static std::string first_difference(const Entries& held, const Entries& expected) {
    if (held == expected) return "";
    for (const auto& [id, entry] : held) {
      const auto found = expected.find(id);
      if (found == expected.end()) return id + " is shown and not there";
      if (!(found->second == entry)) return id + " is shown otherwise than it is";
    }
    return "something is not shown";
  }

  BoardServer* server_;
  Dialect dialect_;
  Dialect1Client one_;
  sb::testing::StrictClient two_;
  std::optional<snapshot::Dialect1Session> session1_;
  std::unique_ptr<snapshot::SyncSession> session2_;
};

}  // namespace sb::orchestration
