#include "sb/core/log.h"

#include <memory>
#include <mutex>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "sb/core/clock.h"
#include "sb/core/json_writer.h"

namespace sb {
namespace {

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string_view level_text(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warn:
      return "warn";
    case LogLevel::error:
      return "error";
  }
  return "info";
}

struct Sink {
  std::shared_ptr<spdlog::logger> logger;
  LogFormat format = LogFormat::text;
};

// The one process-wide piece of state: written once before threads start, then only read.
Sink& sink() {
  static Sink instance;
  return instance;
}

// Anything that would disturb a terminal or a log reader is escaped, as in JSON.
void append_text_value(std::string& line, const LogField& field) {
  if (field.quoted) {
    append_json_string(line, field.value);
  } else {
    line += field.value;
  }
}

std::string format_line(LogFormat format, LogLevel level, std::string_view room,
                        std::string_view message, std::initializer_list<LogField> fields) {
  std::string line;
  const WallTime now = SystemClock().wall_now();
  if (format == LogFormat::json) {
    JsonWriter json(line);
    json.begin_object().key("time").string(to_iso(now)).key("level").string(level_text(level));
    json.key("room").string(room).key("message").string(message);
    for (const auto& field : fields) {
      json.key(field.key);
      if (field.quoted) {
        json.string(field.value);
      } else {
        json.raw(field.value);
      }
    }
    json.end_object();
    return line;
  }
  append_iso(line, now);
  line += ' ';
  line += level_text(level);
  line += ' ';
  line += room;
  line += ": ";
  line += message;
  for (const auto& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    append_text_value(line, field);
  }
  return line;
}

}  // namespace

Logger::Logger(std::string_view room) : room_(room) {}

void Logger::write(LogLevel level, std::string_view message,
                   std::initializer_list<LogField> fields) const {
  const Sink& target = sink();
  if (room_.empty() || !target.logger || !target.logger->should_log(spdlog_level(level))) return;
  target.logger->log(spdlog_level(level),
                     format_line(target.format, level, room_, message, fields));
}

void Logger::debug(std::string_view message, std::initializer_list<LogField> fields) const {
  write(LogLevel::debug, message, fields);
}
void Logger::info(std::string_view message, std::initializer_list<LogField> fields) const {
  write(LogLevel::info, message, fields);
}
void Logger::warn(std::string_view message, std::initializer_list<LogField> fields) const {
  write(LogLevel::warn, message, fields);
}
void Logger::error(std::string_view message, std::initializer_list<LogField> fields) const {
  write(LogLevel::error, message, fields);
}

void configure_logging(LogLevel level, LogFormat format) {
  auto logger = std::make_shared<spdlog::logger>("snapboard",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern("%v");
  logger->set_level(spdlog_level(level));
  logger->flush_on(spdlog::level::info);
  sink() = Sink{std::move(logger), format};
}

}  // namespace sb
