#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sb/model/event.h"
#include "sb/model/facts.h"

namespace sb::sim {

inline constexpr int kSources = 4;  // our own domains and three external producers
inline constexpr int kOwn = 0;
inline constexpr std::int64_t kNull = -1;

/// Where a version is written into a value, so that a checker reads from what is shown which truth
/// it came from, without knowing any stamp: names, ports, counters and titles carry it. Version
/// numbers grow with the true state; the source is in the lowest digit.
[[nodiscard]] constexpr std::int64_t tagged(std::int64_t version, int source) {
  return version * kSources + source;
}
[[nodiscard]] constexpr int source_of(std::int64_t tagged_version) {
  return static_cast<int>(tagged_version % kSources);
}

/// What is said, in the form of an event of the protocol (own facts use `facts` and `removed`).
enum class Say : std::uint8_t {
  state,
  updated,
  removed,
  session,
  session_removed,
  activity,
  request,
  pr,
  pr_url,
  toggled,
  ratchet,
  dispatch,
  script,
  terminal,
  auto_iteration,
  synced,
  facts,
};
[[nodiscard]] std::string_view say_name(Say say);

inline constexpr std::size_t kScalarsTypical = 16;  // of one statement

/// One scalar with its value as a number: an enumerator, a tagged version, kNull.
struct Scalar {
  model::Field field;
  std::int64_t value = kNull;
};

/// One element of a collection. Sessions and terminals carry a version above their flag bits.
struct Element {
  model::Field collection;
  int id = 0;
  std::int64_t value = 0;
  bool removed = false;
  int active = -1;  ///< 0 or 1: an event about its activity alone came after
};

/// One thing a source says about one workspace, small enough to keep by the thousand: the simulator
/// turns it into a FactPatch or an event, the oracle reads it as it is.
struct Statement {
  Say say = Say::facts;
  int source = kOwn;
  int workspace = 0;
  int project = 0;           ///< for `synced`
  std::int64_t version = 0;  ///< of the true state when it was said
  std::vector<Scalar> scalars;
  std::vector<Element> elements;
  model::FieldSet whole;  ///< collections stated as complete lists

  void set(model::Field field, std::int64_t value) {
    if (scalars.empty()) scalars.reserve(kScalarsTypical);
    scalars.push_back({field, value});
  }
  [[nodiscard]] bool says_nothing() const {
    return scalars.empty() && elements.empty() && whole.empty();
  }
  [[nodiscard]] const Scalar* find(model::Field field) const;
};
using StatementPtr = std::shared_ptr<const Statement>;

inline constexpr std::int64_t kSessionFlags = 64;  // flag values below a session's version
inline constexpr std::int64_t kTerminalFlags = 4;  // states below a terminal's version

[[nodiscard]] model::WorkspaceId workspace_id(int workspace);
[[nodiscard]] model::ProjectId project_id(int project);
[[nodiscard]] int workspace_number(std::string_view id);
[[nodiscard]] std::string session_id(int source, int id);
[[nodiscard]] std::string terminal_id(int source, int id);

/// Sets one raw fact from its number.
void put_fact(model::Facts& facts, model::Field field, std::int64_t value);
[[nodiscard]] model::SessionSummary make_session(int source, int id, std::int64_t value);
/// The same after an event about its activity alone.
[[nodiscard]] model::SessionSummary make_session(int source, const Element& element, WallTime at);
[[nodiscard]] model::Terminal make_terminal(int source, int id, std::int64_t value);
/// A request's id is (session id, request number): `id` / kRequestsPerSession and the rest.
inline constexpr int kRequestsPerSession = 2;
[[nodiscard]] model::PendingRequest make_request(int source, int id, std::int64_t value,
                                                 WallTime at);
/// When a request counts as raised: as it arrives, or as a list of facts says.
[[nodiscard]] WallTime request_time(Say say, WallTime wall);
/// True when a session in this state says that it has been started once.
[[nodiscard]] bool shows_start(const model::SessionSummary& session);

[[nodiscard]] model::FactPatch to_patch(const Statement& statement, WallTime wall);
[[nodiscard]] model::EventData to_event(const Statement& statement, WallTime wall);
[[nodiscard]] std::string to_text(const Statement& statement);

}  // namespace sb::sim
