#include "completions.h"

#include <CLI/CLI.hpp>

namespace sb::app {
namespace {

// "--json --socket ": the long flags of one command.
std::string flags_of(const CLI::App& command) {
  std::string words;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) words += "--" + name + " ";
  }
  return words;
}

std::string names_of(const CLI::App& app) {
  std::string words;
  for (const CLI::App* command : app.get_subcommands({})) words += command->get_name() + " ";
  return words;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out;
}

// Works in bash, and in zsh through bashcompinit.
std::string bash(const CLI::App& app) {
  std::string out =
      "_snapboard() {\n"
      "  local current=\"${COMP_WORDS[COMP_CWORD]}\" words\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n    words='" +
      names_of(app) + flags_of(app) + "'\n  else\n    case \"${COMP_WORDS[1]}\" in\n";
  for (const CLI::App* command : app.get_subcommands({})) {
    out += "      " + command->get_name() + ") words='" + names_of(*command) + flags_of(*command) +
           "' ;;\n";
  }
  out +=
      "    esac\n  fi\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "}\n"
      "complete -o default -F _snapboard snapboard\n";
  return out;
}

std::string fish(const CLI::App& app) {
  std::string out;
  for (const CLI::App* command : app.get_subcommands({})) {
    const std::string name = command->get_name();
    out += "complete -c snapboard -n __fish_use_subcommand -a " + name + " -d '" +
           escaped(command->get_description()) + "'\n";
    for (const CLI::App* nested : command->get_subcommands({})) {
      out += "complete -c snapboard -n '__fish_seen_subcommand_from " + name + "' -a " +
             nested->get_name() + "\n";
    }
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& flag : option->get_lnames()) {
        out.append("complete -c snapboard -n '__fish_seen_subcommand_from ").append(name);
        out.append("' -l ").append(flag).append(" -d '");
        out.append(escaped(option->get_description())).append("'\n");
      }
    }
  }
  return out;
}

}  // namespace

std::string completions(const CLI::App& app, const std::string& shell) {
  if (shell == "bash") return bash(app);
  if (shell == "zsh") return "autoload -U +X bashcompinit && bashcompinit\n" + bash(app);
  if (shell == "fish") return fish(app);
  return "";
}

}  // namespace sb::app
