#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace sb::snapshot {

/// Two idle sessions, as JSON.
inline constexpr std::string_view kSessionA =
    R"({"sessionId":"a","name":null,"workflow":null,"model":null,"persistedStatus":"IDLE","runtimePhase":"idle","processState":"alive","activity":"IDLE","updatedAt":"2026-11-01T00:00:00.000Z","lastExit":null})";
inline constexpr std::string_view kSessionB =
    R"({"sessionId":"b","name":null,"workflow":null,"model":null,"persistedStatus":"IDLE","runtimePhase":"idle","processState":"alive","activity":"IDLE","updatedAt":"2026-11-01T00:00:00.000Z","lastExit":null})";

/// The fact that these are all sessions there are.
inline std::string sessions(std::initializer_list<std::string_view> list) {
  std::string text = R"({"sessionSummaries":[)";
  for (const auto& one : list) text.append(text.back() == '[' ? "" : ",").append(one);
  return text + "]}";
}

/// A session with one member spelled otherwise.
inline std::string with(std::string_view session, std::string_view from, std::string_view to) {
  std::string text(session);
  text.replace(text.find(from), from.size(), to);
  return text;
}

}  // namespace sb::snapshot
