#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "sb/process/supervisor.h"
#include "sb/transport/api_description.h"

#include "command_names.h"
#include "completions.h"
#include "config_file.h"
#include "doctor.h"
#include "explain_tool.h"
#include "hook.h"
#include "integrate_tool.h"
#include "mcp_tool.h"
#include "project_tool.h"
#include "run_command.h"
#include "serve.h"
#include "setting_checks.h"
#include "shell.h"
#include "tools.h"
#include "watch_tool.h"
#include "workspace_tool.h"

namespace {

using sb::app::EmitOptions;
using sb::app::Output;
using sb::app::ServeOptions;

struct Arguments {
  ServeOptions serve;
  EmitOptions emit;
  sb::app::RunOptions run;
  sb::app::LogsOptions logs;
  sb::app::RatchetSwitch ratchet;
  sb::app::ShellOptions shell_in;
  sb::app::IntegrateOptions integrate;
  std::string socket;
  std::string workspace;
  sb::app::WaitOptions wait;
  sb::app::WorkspaceOptions changed;
  std::string project;
  sb::app::ProjectAdd added;
  bool archived = false;
  std::string shell;
  bool json = false;
  bool quiet = false;
  bool no_open = false;
  bool no_adopt = false;
  bool no_tmux = false;
  bool openapi = false;
  std::string config_file;
  std::size_t connections_max = 0;
  std::int64_t coalesce_ms = 100;
  std::int64_t setup_timeout_s = 600;

  [[nodiscard]] Output output() const {
    if (json) return Output::json;
    return quiet ? Output::quiet : Output::text;
  }
};

constexpr std::size_t kConnectionsMax = 1'000'000;
constexpr std::size_t kBytesMin = 1U << 10U;        // of a body, a header or a frame
constexpr std::size_t kBodyBytesMax = 256U << 20U;  // 256 MiB
constexpr std::size_t kHeaderBytesMax = 1U << 20U;  // 1 MiB
constexpr std::size_t kFrameBytesMax = 16U << 20U;  // 16 MiB

constexpr const char* kWhichWorkspace =
    "Id or its beginning (4 characters or more), name, branch, or a path in it";
constexpr const char* kWhichExactly = "Id, name, branch, or a path in it that begins with . or /";

// Who may ask, and how much (protocol, section 1).
void add_access(CLI::App& serve, Arguments& args) {
  const auto repeatable = [&](const char* name, std::vector<std::string>& values,
                              const char* help) {
    return serve.add_option(name, values, help)->expected(1)->take_all();
  };
  repeatable("--allow-origin", args.serve.allow_origins,
             "Another web origin that may read (repeatable)")
      ->check(sb::app::origin_check());
  repeatable("--allow-host", args.serve.allow_hosts,
             "Another Host header to answer, NAME or NAME:PORT (repeatable)")
      ->check(sb::app::host_check());
  repeatable("--trust-peer", args.serve.trusted_peers,
             "Beyond this machine answer only this IPv4 address or block (repeatable)")
      ->check(sb::app::peer_check());
  serve.add_flag("--trust-forwarded", args.serve.trust_forwarded,
                 "Answer what a front end passes on (X-Forwarded-For and the like)");
  serve.add_option("--max-connections", args.connections_max, "Open connections (10000)")
      ->check(CLI::Range(std::size_t{1}, kConnectionsMax));
  serve
      .add_option("--max-connections-per-origin", args.serve.connections_per_origin_max,
                  "WebSockets and event streams of one web origin (1000)")
      ->check(CLI::Range(std::size_t{1}, kConnectionsMax));
  serve.add_option("--max-body-bytes", args.serve.body_bytes_max, "Of a request body (1048576)")
      ->check(CLI::Range(kBytesMin, kBodyBytesMax));
  serve
      .add_option("--max-header-bytes", args.serve.header_bytes_max,
                  "Of a request's line and headers (8192)")
      ->check(CLI::Range(kBytesMin, kHeaderBytesMax));
  serve
      .add_option("--max-frame-bytes", args.serve.frame_bytes_max,
                  "Of a message to us on a WebSocket (65536)")
      ->check(CLI::Range(kBytesMin, kFrameBytesMax));
}

CLI::App* add_serve(CLI::App& app, Arguments& args) {
  using sb::LogFormat;
  using sb::transport::AuthMode;
  constexpr std::int64_t kCoalesceMsMax = 200;
  constexpr std::int64_t kSetupTimeoutMax = 86'400;  // seconds
  CLI::App* serve = app.add_subcommand(
      "serve", "Serve the board; in a git repository its worktrees appear on it");
  serve->add_option("directory", args.serve.directory, "Repository to adopt (default: here)");
  serve->add_option("--listen", args.serve.listen, "HOST:PORT, port 0 for any (127.0.0.1:7420)")
      ->check(sb::app::listen_check());
  serve->add_option("--socket", args.serve.socket, "Unix socket for local tools")
      ->check(sb::app::socket_check());
  serve->add_option("--data-dir", args.serve.data_dir, "Where the database lives");
  serve->add_option("--auth", args.serve.auth, "token or none (loopback only)")
      ->transform(
          sb::app::choice<AuthMode>({{"token", AuthMode::token}, {"none", AuthMode::none}}));
  add_access(*serve, args);
  serve->add_option("--max-workspaces", args.serve.workspaces_max, "Entries per project (500)")
      ->check(CLI::PositiveNumber);
  serve->add_option("--coalesce-ms", args.coalesce_ms, "Gap between pushes, 0 to 200 ms (100)")
      ->check(CLI::Range(std::int64_t{0}, kCoalesceMsMax));
  serve->add_option("--worktrees-dir", args.serve.worktrees_dir,
                    "Where new worktrees are made (REPOSITORY.worktrees beside each repository)");
  serve->add_option("--setup-script", args.serve.setup_script,
                    "For new worktrees of repositories that configure none; run by /bin/sh");
  serve
      ->add_option("--setup-timeout", args.setup_timeout_s,
                   "Seconds a set-up script may take (600)")
      ->check(CLI::Range(std::int64_t{1}, kSetupTimeoutMax));
  serve->add_flag("--no-open", args.no_open, "Do not open a browser");
  serve->add_flag("--no-tmux", args.no_tmux, "Do not look at the panes of your tmux");
  serve->add_flag("--no-adopt", args.no_adopt, "Do not register the repository we stand in");
  serve->add_flag("--print-ready", args.serve.print_ready, "Print one JSON line once ready");
  serve->add_option("--log-format", args.serve.log_format, "text or json")
      ->transform(
          sb::app::choice<LogFormat>({{"text", LogFormat::text}, {"json", LogFormat::json}}));
  serve
      ->add_option("--config", args.config_file,
                   "TOML file of these flags without their dashes; the command line wins")
      ->configurable(false);
  return serve;
}

CLI::App* add_tool(CLI::App& app, Arguments& args, const char* name, const char* help) {
  CLI::App* tool = app.add_subcommand(name, help);
  tool->add_option("--socket", args.socket, "Unix socket of the server");
  return tool;
}

CLI::App* add_workspace_tool(CLI::App& app, Arguments& args, const char* name, const char* help) {
  CLI::App* tool = add_tool(app, args, name, help);
  tool->add_option("workspace", args.workspace, kWhichWorkspace)->required();
  tool->add_flag("--json", args.json, "As JSON");
  return tool;
}

CLI::App* add_wait(CLI::App& app, Arguments& args) {
  CLI::App* wait = add_tool(app, args, "wait", "Return as soon as a workspace is in a state");
  wait->add_option("workspace", args.wait.workspace, kWhichWorkspace);
  wait->add_flag("--any", args.wait.any, "Any workspace of any project");
  wait->add_option("--until", args.wait.until,
                   "A status reason (AGENT_WORKING), a column (WAITING), or needs-user")
      ->required();
  wait->add_option("--timeout", args.wait.timeout_s, "Seconds; then exit 124 (default: for ever)")
      ->check(CLI::Range(0.0, 1e9));
  wait->add_flag("--json", args.wait.json, "Print the entry as JSON");
  return wait;
}

struct ProjectCommands {
  CLI::App* project;
  CLI::App* add;
  CLI::App* list;
  CLI::App* remove;
};
ProjectCommands add_project(CLI::App& app, Arguments& args) {
  CLI::App* project = app.add_subcommand("project", "Which repositories are on the board");
  project->require_subcommand(1);
  CLI::App* add = add_tool(*project, args, "add", "Put a repository on the board");
  add->add_option("path", args.added.path, "A path in it (default: here)")->default_val(".");
  add->add_option("--name", args.added.name, "Its name on the board");
  add->add_option("--default-branch", args.added.default_branch,
                  "What its workspaces are compared with (default: what origin says, else main)");
  add->add_flag("--json", args.json, "As JSON");
  CLI::App* list = add_tool(*project, args, "list", "Every project, one line each");
  list->add_flag("--json", args.json, "As JSON");
  CLI::App* remove =
      add_tool(*project, args, "remove", "Take a project off the board; its files stay");
  remove->add_option("project", args.project, "Id, name or path")->required();
  return {project, add, list, remove};
}

struct WorkspaceCommand {
  CLI::App* app;
  int (*run)(const sb::app::WorkspaceOptions&);
};
std::vector<WorkspaceCommand> add_workspace(CLI::App& app, Arguments& args) {
  CLI::App* workspace = app.add_subcommand("workspace", "Make, rename, archive, remove workspaces");
  workspace->require_subcommand(1);
  auto& options = args.changed;
  const auto one = [&](const char* name, const char* help, const char* which = kWhichWorkspace) {
    CLI::App* tool = add_tool(*workspace, args, name, help);
    tool->add_option("workspace", options.workspace, which)->required();
    return tool;
  };
  CLI::App* make = add_tool(*workspace, args, "new", "A new worktree on a new branch, set up");
  make->add_option("name", options.name, "Its name on the board")->required();
  make->add_option("--branch", options.branch, "The new branch (default: after the name)");
  make->add_option("--from", options.from, "Where it begins (default: the main branch)");
  make->add_option("--project", options.project, "Id, name or path (default: the one we are in)");
  make->add_flag("--wait", options.wait, "Until the set-up script ended; exit 1 when it failed");
  make->add_flag("--json", options.json, "As JSON");
  CLI::App* retry = one("retry", "Go on with a set-up that failed");
  retry->add_flag("--wait", options.wait, "Until the set-up script ended; exit 1 when it failed");
  retry->add_flag("--json", options.json, "As JSON");
  CLI::App* rename = one("rename", "Give it another name on the board");
  rename->add_option("name", options.name, "The name")->required();
  CLI::App* archive =
      one("archive", "Take it off the board and end what runs for it", kWhichExactly);
  archive->add_flag("--remove-worktree", options.remove_worktree, "Remove its worktree too");
  archive->add_flag("--force", options.force, "Also where uncommitted or unpushed work is lost");
  CLI::App* unarchive = one("unarchive", "Bring back one of snapboard list --archived");
  unarchive->add_flag("--json", options.json, "As JSON");
  CLI::App* remove = one("remove", "Remove it with its worktree", kWhichExactly);
  remove->add_flag("--force", options.force, "Also where uncommitted or unpushed work is lost");
  return {{make, sb::app::workspace_new},
          {retry, sb::app::workspace_retry},
          {rename, sb::app::workspace_rename},
          {archive, sb::app::workspace_archive},
          {unarchive, sb::app::workspace_unarchive},
          {remove, sb::app::workspace_remove}};
}

CLI::App* add_emit(CLI::App& app, Arguments& args) {
  CLI::App* emit = add_tool(app, args, "emit", "Send one event");
  emit->add_option("type", args.emit.type, "Event type, for instance session.changed")->required();
  emit->add_option("members", args.emit.assignments, "Members of data, as KEY=VALUE");
  emit->add_option("-w,--workspace", args.emit.workspace,
                   std::string(kWhichWorkspace) + "; of what may be new, its id");
  emit->add_option("--source", args.emit.source, "Name of the producer");
  emit->add_option("--id", args.emit.id, "Event id, unique per producer");
  emit->add_option("--sequence", args.emit.sequence, "Position in the producer's own order");
  emit->add_option("--data", args.emit.data, "Data as a JSON object");
  emit->add_flag("--json", args.emit.json, "The answer of the server as JSON");
  return emit;
}

CLI::App* add_run(CLI::App& app, Arguments& args) {
  CLI::App* run = add_tool(app, args, "run", "Start the run script of a workspace");
  run->add_option("workspace", args.run.workspace, kWhichWorkspace)->required();
  run->add_option("command", args.run.command,
                  "-- CMD and its arguments (default: scripts.run of factory-factory.json)");
  run->add_flag("--stop", args.run.stop, "Stop it instead");
  return run;
}

CLI::App* add_logs(CLI::App& app, Arguments& args) {
  CLI::App* logs =
      add_tool(app, args, "logs", "Output of the run script, or of the fixer, of a workspace");
  logs->add_option("workspace", args.logs.workspace, kWhichWorkspace)->required();
  logs->add_flag("-f,--follow", args.logs.follow, "Until it ends");
  logs->add_flag("--fixer", args.logs.fixer, "Of the last fixer that auto-fix sent");
  return logs;
}

CLI::App* add_ratchet(CLI::App& app, Arguments& args) {
  CLI::App* ratchet =
      add_tool(app, args, "ratchet", "Let the pull request of a workspace be fixed by itself");
  ratchet->add_option("workspace", args.ratchet.workspace, kWhichWorkspace)->required();
  ratchet->add_option("position", args.ratchet.position, "on or off")
      ->required()
      ->check(CLI::IsMember({"on", "off"}));
  return ratchet;
}

CLI::App* add_shell(CLI::App& app, Arguments& args) {
  CLI::App* shell = add_tool(app, args, "shell", "Your shell in a workspace, seen on the board");
  shell->add_option("workspace", args.shell_in.workspace, kWhichWorkspace)->required();
  return shell;
}

CLI::App* add_integrate(CLI::App& app, Arguments& args) {
  CLI::App* integrate =
      app.add_subcommand("integrate", "Let an agent tell what it does, by its own configuration");
  integrate->add_option("agent", args.integrate.agent, "claude, codex, gemini, opencode or cursor")
      ->required();
  integrate->add_flag("--project,!--user", args.integrate.project,
                      "Only in the project we stand in, for you alone (default: in all of yours)");
  integrate->add_flag("--remove", args.integrate.remove, "Take it out again");
  integrate->add_flag("--yes", args.integrate.yes, "Write without asking");
  return integrate;
}

// What only the server that starts can heed, as it was given.
std::vector<std::string> given_settings(const CLI::App& serve) {
  std::vector<std::string> given;
  for (const CLI::Option* option : serve.get_options()) {
    const std::string name = option->get_name();
    const bool heeded = !name.starts_with("--") || name == "--data-dir" || name == "--config" ||
                        name == "--print-ready" || name == "--no-open" || name == "--no-adopt";
    if (!heeded && option->count() != 0) given.push_back(name);
  }
  return given;
}

// For the help only: `hook` is decided before anything is parsed.
void add_hook(CLI::App& app, Arguments& args) {
  CLI::App* hook = add_tool(app, args, "hook", "Hand on what an agent's hook says; agents call it");
  hook->add_option("agent", args.integrate.agent, "Name of the agent")->required();
}

}  // namespace

int main(int argc, char** argv) {
  const std::span<char*> words(argv, static_cast<std::size_t>(argc));
  // An agent waits for this one: nothing else is set up for it, and nothing is torn down.
  if (argc >= 2 && std::string_view(argv[1]) == "hook") _exit(sb::app::hook(argc - 2, argv + 2));
  if (words.size() > 1 && words[1] == sb::process::kSuperviseMode) {
    return sb::process::supervise(words.subspan(2));
  }
  Arguments args;
  CLI::App app(
      "Live board of every workspace of a project: which one works, which one waits for you.",
      "snapboard");
  app.set_version_flag("--version", "snapboard " SB_VERSION);
  app.require_subcommand(1);
  CLI::App* serve = add_serve(app, args);
  CLI::App* status =
      add_tool(app, args, "status", "How many workspaces need you, work or are done");
  status->add_flag("-q,--quiet", args.quiet, "Only the number that need you");
  status->add_flag("--json", args.json, "As JSON");
  CLI::App* list = add_tool(app, args, "list", "Every workspace, one line each");
  list->add_flag("--archived", args.archived, "Those that were archived and can come back");
  list->add_flag("--json", args.json, "As JSON, for every project its snapshot or its list");
  CLI::App* explain = add_workspace_tool(app, args, "explain", "Why a workspace shows its status");
  CLI::App* history =
      add_workspace_tool(app, args, "history", "What a workspace went through lately");
  CLI::App* watch = add_tool(app, args, "watch", "The board, live");
  watch->add_flag("--json", args.json, "One JSON line per change");
  CLI::App* wait = add_wait(app, args);
  const ProjectCommands project = add_project(app, args);
  const auto workspace = add_workspace(app, args);
  CLI::App* doctor = add_tool(app, args, "doctor", "What is wrong here, and what to do about it");
  doctor->add_option("--data-dir", args.serve.data_dir, "Where the database lives");
  doctor->add_flag("--json", args.json, "As JSON");
  CLI::App* completions = app.add_subcommand("completions", "Print a script for a shell");
  completions->add_option("shell", args.shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  CLI::App* mcp = add_tool(app, args, "mcp",
                           "Tell an agent about the board, by the Model Context Protocol on "
                           "standard input and output");
  CLI::App* schema =
      app.add_subcommand("schema", "Print the JSON Schemas of what goes over the wire");
  schema->add_flag("--openapi", args.openapi, "The OpenAPI document instead, as /openapi.json");
  CLI::App* emit = add_emit(app, args);
  CLI::App* run = add_run(app, args);
  CLI::App* logs = add_logs(app, args);
  CLI::App* ratchet = add_ratchet(app, args);
  CLI::App* shell = add_shell(app, args);
  CLI::App* integrate = add_integrate(app, args);
  add_hook(app, args);
  if (const auto unknown = sb::app::unknown_command(app, words.subspan(1)); !unknown.empty()) {
    std::fprintf(stderr, "snapboard: %s\n", unknown.c_str());
    return sb::app::kExitUsage;
  }
  try {
    app.parse(argc, argv);
    if (!args.config_file.empty()) sb::app::apply_config_file(*serve, args.config_file);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? sb::app::kExitOk : sb::app::kExitUsage;
  }
  if (serve->parsed()) {
    if (args.connections_max != 0) args.serve.connections_max = args.connections_max;
    args.serve.open_browser = !args.no_open;
    args.serve.adopt = !args.no_adopt;
    args.serve.tmux = !args.no_tmux;
    args.serve.coalesce = std::chrono::milliseconds(args.coalesce_ms);
    args.serve.setup_timeout = std::chrono::seconds(args.setup_timeout_s);
    args.serve.given = given_settings(*serve);
    return sb::app::serve(args.serve);
  }
  if (integrate->parsed()) return sb::app::integrate(args.integrate);
  if (status->parsed()) return sb::app::status(args.socket, args.output());
  if (list->parsed()) {
    return args.archived ? sb::app::list_archived(args.socket, args.output())
                         : sb::app::list(args.socket, args.output());
  }
  if (explain->parsed()) return sb::app::explain(args.socket, args.workspace, args.output());
  if (history->parsed()) return sb::app::history(args.socket, args.workspace, args.output());
  if (watch->parsed()) return sb::app::watch(args.socket, args.output());
  if (wait->parsed()) return sb::app::wait(args.socket, args.wait);
  if (project.add->parsed()) {
    return sb::app::project_add(args.socket, args.added, args.output());
  }
  if (project.list->parsed()) return sb::app::project_list(args.socket, args.output());
  if (project.remove->parsed()) return sb::app::project_remove(args.socket, args.project);
  args.changed.socket = args.socket;
  for (const auto& command : workspace) {
    if (command.app->parsed()) return command.run(args.changed);
  }
  if (doctor->parsed()) return sb::app::doctor(args.socket, args.serve.data_dir, args.output());
  if (completions->parsed()) {
    std::printf("%s", sb::app::completions(app, args.shell).c_str());
    return sb::app::kExitOk;
  }
  if (mcp->parsed()) return sb::app::mcp(args.socket);
  if (schema->parsed()) {
    const std::string_view text =
        args.openapi ? sb::transport::openapi_document() : sb::transport::json_schemas();
    const bool whole = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    return whole && std::fflush(stdout) == 0 ? sb::app::kExitOk : sb::app::kExitFailed;
  }
  args.run.socket = args.logs.socket = args.ratchet.socket = args.shell_in.socket = args.socket;
  if (run->parsed()) return sb::app::run(args.run);
  if (logs->parsed()) return sb::app::logs(args.logs);
  if (ratchet->parsed()) return sb::app::ratchet(args.ratchet);
  if (shell->parsed()) return sb::app::shell(args.shell_in);
  if (!emit->parsed()) return sb::app::kExitUsage;
  args.emit.names_workspace = emit->count("--workspace") != 0;
  return sb::app::emit(args.socket, args.emit);
}
