#include "sb/run_script/command_file.h"

#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "sb/core/json_value.h"

namespace sb::run_script {

namespace {

std::string_view name_of(Script script) {
  return script == Script::run ? "run" : "setup";
}

}  // namespace

Result<std::vector<std::string>> read_command(const std::string& worktree, Script script) {
  std::ifstream file(worktree + "/" + std::string(kCommandFile), std::ios::binary);
  if (!file) {
    return fail(ErrorCode::not_found,
                fmt::format("no command was given, and there is no {} here", kCommandFile));
  }
  std::string text(kCommandFileBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kCommandFileBytesMax) {
    return fail(ErrorCode::invalid_argument, fmt::format("{} is too large", kCommandFile));
  }
  JsonDocument document;
  const auto parsed = document.parse(text);
  if (!parsed) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{}: {}", kCommandFile, parsed.error().message));
  }
  const auto scripts = parsed->find("scripts");
  const auto named = scripts ? scripts->find(name_of(script)) : std::nullopt;
  if (!named || named->is_null()) {
    return fail(ErrorCode::not_found,
                fmt::format("no command was given, and {} names none (scripts.{})", kCommandFile,
                            name_of(script)));
  }
  const auto command = named->as_string();
  if (!command || command->empty()) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("scripts.{} of {} is no command", name_of(script), kCommandFile));
  }
  return std::vector<std::string>{"/bin/sh", "-c", std::string(*command)};
}

}  // namespace sb::run_script
