#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "sb/core/json_value.h"
#include "sb/core/result.h"

#include "local_client.h"

// What every tool beside the server does with its API: find it, ask it, show its texts.

namespace sb::app {

/// The Unix socket to ask: the given one, else that of the discovery file, else that of the server
/// of the usual data directory, else the usual place.
/// Errors: unavailable (no runtime directory; or the server of the usual data directory lives and
/// its socket is gone).
Result<std::string> find_socket(const std::string& given);

/// The body of a GET that was answered 200. Errors: unavailable (not reachable, starting), timeout,
/// not_found (404), internal with what the server said.
Result<std::string> api_get(const std::string& socket, const std::string& target,
                            std::chrono::seconds timeout = std::chrono::seconds(10));

/// Prints the reason on standard error. Answers the exit code: 2 for what the user gave
/// (invalid_argument), 3 when no server was reached, 1 else.
int report(const Error& error);

/// The sentence a problem+json answer holds for people, else the body itself.
[[nodiscard]] std::string problem_text(const std::string& body);

/// Names come from repositories and agents: nothing of them may steer the terminal.
[[nodiscard]] std::string printable(std::string_view text);
/// A text member, printable; empty when absent or not a text.
[[nodiscard]] std::string text_of(const JsonValue& object, std::string_view key);
/// The same of a text of several lines, without a line feed at its end.
[[nodiscard]] std::string lines_of(const JsonValue& object, std::string_view key);
/// The first line, with an ellipsis when there are more.
[[nodiscard]] std::string first_line(const std::string& lines);
[[nodiscard]] std::string number_of(const JsonValue& object, std::string_view key);
[[nodiscard]] bool flag_of(const JsonValue& object, std::string_view key);
/// Any value on one line, printable: texts without quotes, null as "-", the rest as JSON.
[[nodiscard]] std::string brief(const JsonValue& value);
/// The same value as JSON text on one line.
[[nodiscard]] std::string json_text(const JsonValue& value);
/// "12 s", "5 min", "3 h", "2 d".
[[nodiscard]] std::string age_text(std::int64_t millis);

}  // namespace sb::app
