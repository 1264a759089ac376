#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace sb {

enum class LogLevel { debug, info, warn, error };
enum class LogFormat { text, json };

/// One key and value of a log line.
struct LogField {
  std::string_view key;
  std::string value;
  bool quoted = true;  ///< false for numbers and booleans in JSON output
};

[[nodiscard]] inline LogField kv(std::string_view key, std::string value) {
  return {key, std::move(value), true};
}
[[nodiscard]] inline LogField kv(std::string_view key, std::string_view value) {
  return {key, std::string(value), true};
}
[[nodiscard]] inline LogField kv(std::string_view key, const char* value) {
  return {key, value, true};
}
template <class T>
  requires(std::integral<T> || std::floating_point<T>)
[[nodiscard]] LogField kv(std::string_view key, T value) {
  return {key, fmt::format("{}", value), false};
}

/// A named logger: a constant message plus keys and values; never a secret. Thread-safe.
/// A default-constructed logger is silent, which is what unit tests pass.
class Logger {
 public:
  Logger() = default;
  explicit Logger(std::string_view room);

  void debug(std::string_view message, std::initializer_list<LogField> fields = {}) const;
  void info(std::string_view message, std::initializer_list<LogField> fields = {}) const;
  void warn(std::string_view message, std::initializer_list<LogField> fields = {}) const;
  void error(std::string_view message, std::initializer_list<LogField> fields = {}) const;

 private:
  void write(LogLevel level, std::string_view message,
             std::initializer_list<LogField> fields) const;
  std::string room_;
};

/// Configures the process-wide sink (standard error). Call once, before any thread starts.
void configure_logging(LogLevel level, LogFormat format);

}  // namespace sb
