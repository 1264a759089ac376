#pragma once

#include <string>
#include <string_view>

#include "sb/core/result.h"

// How an agent is told to tell us: its own configuration, edited without harm to what is there.

namespace sb::session {

/// Where an agent keeps its configuration, below its configuration folder and below a project.
struct IntegrationPlace {
  std::string_view agent;          ///< its name
  std::string_view home_variable;  ///< of the environment: its folder; empty: there is none
  std::string_view home_folder;    ///< below the home directory, without that variable
  std::string_view file;           ///< in that folder
  std::string_view project_file;   ///< below the root of a project
  std::string_view note;           ///< what the user has to know; may be empty
};
/// Null for an agent that has no hooks of ours.
[[nodiscard]] const IntegrationPlace* find_integration(std::string_view agent);

/// The configuration with our hooks in it, each once: `program` is what the agent shall call. The
/// rest of the text keeps its bytes; what is there of ours already is replaced. Pure. Errors:
/// not_found (no such agent), invalid_argument (not the agent's format: nothing is changed).
[[nodiscard]] Result<std::string> integrate(std::string_view agent, std::string text,
                                            std::string_view program);
/// The same without our hooks, and without what only held them. Empty: nothing is left, the file
/// may go. What holds nothing of ours keeps its bytes.
[[nodiscard]] Result<std::string> disintegrate(std::string_view agent, std::string text);

}  // namespace sb::session
