#include "serve.h"

#include <malloc.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "sb/core/json_writer.h"
#include "sb/core/random.h"
#include "sb/core/worker_pool.h"
#include "sb/fs_watch/watcher.h"
#include "sb/git/git_service.h"
#include "sb/git_cli/repository.h"
#include "sb/github/github_service.h"
#include "sb/github/schema.h"
#include "sb/http_client/client.h"
#include "sb/orchestration/engine.h"
#include "sb/orchestration/github_view.h"
#include "sb/orchestration/ratchet_view.h"
#include "sb/orchestration/run_script_view.h"
#include "sb/orchestration/session_view.h"
#include "sb/orchestration/terminal_view.h"
#include "sb/process/posix_runner.h"
#include "sb/process/process_watch.h"
#include "sb/process/supervision.h"
#include "sb/ratchet/ratchet_service.h"
#include "sb/ratchet/schema.h"
#include "sb/run_script/run_script_service.h"
#include "sb/run_script/schema.h"
#include "sb/session/hook_spool.h"
#include "sb/session/schema.h"
#include "sb/session/session_service.h"
#include "sb/session/spool_intake.h"
#include "sb/snapshot/store.h"
#include "sb/sqlite/database.h"
#include "sb/terminal/schema.h"
#include "sb/terminal/terminal_service.h"
#include "sb/terminal/tmux_panes.h"
#include "sb/transport/event_loop.h"
#include "sb/workspace/data_dir.h"
#include "sb/workspace/journal.h"
#include "sb/workspace/schema.h"
#include "sb/workspace/workspace_commands.h"
#include "sb/workspace/workspace_service.h"

#include "discovery.h"
#include "fixer_output.h"
#include "fixer_sessions.h"
#include "handover.h"
#include "heap_room.h"
#include "listen_address.h"
#include "paths.h"
#include "ports.h"
#include "run_script_port.h"
#include "session_hooks.h"
#include "terminal_port.h"
#include "tools.h"
#include "web_files.h"
#include "workspace_port.h"

namespace sb::app {
namespace {

constexpr std::size_t kWorkers = 3;         // two git jobs and one for reading files
constexpr std::size_t kCommandWorkers = 2;  // for what a person waits for
constexpr std::size_t kEpochBytes = 16;
constexpr std::size_t kTokenBytes = 32;
constexpr const char* kRatchetCommand = "SNAPBOARD_RATCHET_COMMAND";
constexpr std::chrono::milliseconds kHandoverRetry{100};
constexpr int kHandoverTriesMax = 50;                      // 5 s
constexpr std::chrono::milliseconds kGoodbyeGrace{2'000};  // for closing connections at shutdown

constexpr rlim_t kFilesBesideConnections = 512;  // database, watches, children and their pipes

// Lets us open as many files as the connections need. Asking for more than we may have is an error
// only where the user named a number.
Result<void> raise_file_limit(const ServeOptions& options, Logger& log) {
  const std::size_t connections =
      options.connections_max.value_or(transport::ServerConfig{}.connections_max);
  const rlim_t needed = connections + kFilesBesideConnections;
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= needed) return {};
  if (files.rlim_max < needed) {
    if (options.connections_max) {
      return fail(ErrorCode::limit_exceeded,
                  fmt::format("--max-connections {} needs {} open files, and only {} are allowed "
                              "(ulimit -Hn)",
                              connections, needed, files.rlim_max));
    }
    log.warn("fewer files may be open than there can be connections",
             {kv("allowed", files.rlim_max), kv("needed", needed)});
  }
  files.rlim_cur = std::min(needed, files.rlim_max);
  (void)::setrlimit(RLIMIT_NOFILE, &files);
  return {};
}

// Says what went wrong. Answers the exit code.
int failed(const Error& error) {
  std::fprintf(stderr, "snapboard: %s\n", error.message.c_str());
  const bool given =
      error.code == ErrorCode::invalid_argument || error.code == ErrorCode::limit_exceeded;
  return given ? kExitUsage : kExitFailed;
}

// A terminal that closes ends us in order, unless we were started to outlive it (nohup).
void heed_hangup() {
  struct sigaction held{};
  if (sigaction(SIGHUP, nullptr, &held) != 0 || held.sa_handler == SIG_IGN) return;
  struct sigaction action{};
  action.sa_handler = [](int) { (void)kill(getpid(), SIGTERM); };
  (void)sigaction(SIGHUP, &action, nullptr);
}

std::string webhook_secret() {
  const char* secret = std::getenv("SNAPBOARD_GITHUB_WEBHOOK_SECRET");
  return secret != nullptr ? secret : "";
}

std::string make_token(Random& random) {
  const char* fixed = std::getenv("SNAPBOARD_TOKEN");
  return fixed != nullptr && fixed[0] != '\0' ? fixed : random_hex(random, kTokenBytes);
}

// The server and everything it stands on, in order of construction; destroyed in reverse.
class Application {
 public:
  Application(const ServeOptions& options, workspace::DataDirLock lock, std::string data_dir)
      : options_(options),
        lock_(std::move(lock)),
        data_dir_(std::move(data_dir)),
        store_(random_hex(random_, kEpochBytes), limits(options)) {}

  int run();

 private:
  static snapshot::Limits limits(const ServeOptions& options) {
    snapshot::Limits limits;
    limits.workspaces_per_project_max = options.workspaces_max;
    return limits;
  }
  Result<void> open();
  void open_sessions();
  void open_terminals();
  void open_github();
  Result<void> open_ratchet();
  void open_workspace_commands();
  Result<void> listen();
  void begin();
  void announce();
  void stop(int signal);
  void open_browser();
  [[nodiscard]] std::string database_path() const {
    return data_dir_ + "/" + std::string(workspace::kDatabaseName);
  }
  [[nodiscard]] std::string page_url() const {
    return options_.auth == transport::AuthMode::none ? server_->url() + "/"
                                                      : server_->url() + "/?token=" + token_;
  }

  ServeOptions options_;
  workspace::DataDirLock lock_;
  std::string data_dir_;
  HeapRoom heap_room_{database_bytes(database_path())};
  Logger log_{"snapboard"};
  SystemClock clock_;
  SystemRandom random_;
  Metrics metrics_;
  model::OwnCounter counter_;
  snapshot::Store store_;
  std::string token_;
  std::string socket_path_;
  std::vector<std::string> discovery_paths_;

  transport::EventLoop loop_;
  process::PosixRunner processes_;
  process::ProcessWatch process_watch_{loop_};
  process::Supervision supervision_;
  std::unique_ptr<sqlite::Writer> writer_;
  std::unique_ptr<workspace::Journal> journal_;
  std::unique_ptr<fs_watch::Watcher> watcher_;
  std::unique_ptr<git::GitService> git_;
  std::unique_ptr<workspace::WorkspaceService> workspaces_;
  std::unique_ptr<session::SessionService> sessions_;
  std::unique_ptr<session::SpoolIntake> spool_;
  std::unique_ptr<terminal::TerminalService> terminals_;
  std::unique_ptr<terminal::TmuxPanes> tmux_;  // null: not asked for
  std::unique_ptr<run_script::RunScriptService> run_scripts_;
  http_client::Client http_;
  std::unique_ptr<github::GithubService> github_;
  std::unique_ptr<FixerSessions> fixer_sessions_;
  std::unique_ptr<ratchet::RatchetService> ratchet_;
  std::unique_ptr<orchestration::Engine> engine_;
  orchestration::GithubView* github_view_ = nullptr;    // the engine's
  orchestration::RatchetView* ratchet_view_ = nullptr;  // the engine's
  std::unique_ptr<EnginePorts> ports_;
  std::unique_ptr<SessionHooks> hooks_;
  std::unique_ptr<RunScriptPort> run_script_port_;
  std::unique_ptr<FixerOutput> fixer_output_;
  std::unique_ptr<TerminalPort> terminal_port_;
  std::unique_ptr<workspace::WorkspaceCommands> workspace_commands_;
  std::unique_ptr<WorkspacePort> workspace_port_;
  std::unique_ptr<transport::Server> server_;
  // Last: their threads end before what their tasks use. GitHub has one of its own, because a
  // server that hangs holds it.
  WorkerPool network_{1};
  WorkerPool commands_{kCommandWorkers};
  WorkerPool workers_{kWorkers};
  bool stopping_ = false;
  int exit_code_ = 0;
  std::size_t waiting_for_ready_ = 1;
};

Result<void> Application::open() {
  SB_TRY(auto database, sqlite::Database::open(database_path()));
  SB_TRY_VOID(database->migrate("workspace", workspace::migrations()));
  SB_TRY_VOID(database->migrate("session", session::migrations()));
  SB_TRY_VOID(database->migrate("run_script", run_script::migrations()));
  SB_TRY_VOID(database->migrate("terminal", terminal::migrations()));
  SB_TRY_VOID(database->migrate("github", github::migrations()));
  SB_TRY_VOID(database->migrate("ratchet", ratchet::migrations()));
  writer_ = std::make_unique<sqlite::Writer>(std::move(database));
  journal_ = std::make_unique<workspace::Journal>(loop_, *writer_, Logger("journal"));
  watcher_ = std::make_unique<fs_watch::Watcher>(fs_watch::Watcher::Options{});
  git_ = std::make_unique<git::GitService>(
      git::GitService::Deps{loop_, workers_, processes_, *watcher_, clock_, counter_, metrics_,
                            Logger("git")},
      git::GitOptions{});
  workspaces_ = std::make_unique<workspace::WorkspaceService>(workspace::WorkspaceService::Deps{
      loop_, workers_, *writer_, clock_, random_, counter_, Logger("workspace")});
  engine_ = std::make_unique<orchestration::Engine>(
      orchestration::Engine::Deps{loop_, clock_, random_, counter_, store_, *workspaces_, *journal_,
                                  *git_, metrics_, Logger("engine")},
      orchestration::EngineOptions{});
  open_sessions();
  open_terminals();
  run_script::RunScriptOptions run_options;
  run_options.file_mask = options_.file_mask;
  run_scripts_ = std::make_unique<run_script::RunScriptService>(
      run_script::RunScriptService::Deps{loop_, workers_, *writer_, supervision_, clock_, random_,
                                         counter_, Logger("run_script")},
      run_options);
  engine_->add(orchestration::make_run_script_view(
      *run_scripts_, engine_->own_facts(), engine_->directory(), clock_, Logger("run_script")));
  run_script_port_ = std::make_unique<RunScriptPort>(*run_scripts_, engine_->directory(), store_);
  open_github();
  SB_TRY_VOID(open_ratchet());
  open_workspace_commands();
  ports_ = std::make_unique<EnginePorts>(*engine_, *github_view_, *ratchet_view_);
  Gauge& spawned = metrics_.gauge("processes_spawned_total", "Child processes ever spawned.");
  metrics_.before_text(
      [this, &spawned] { spawned.set(static_cast<double>(processes_.spawned())); });
  return {};
}

void Application::open_workspace_commands() {
  workspace::CommandOptions options;
  options.worktrees_dir = options_.worktrees_dir;
  options.setup_script = options_.setup_script;
  options.setup_timeout = options_.setup_timeout;
  options.file_mask = options_.file_mask;
  workspace_commands_ = std::make_unique<workspace::WorkspaceCommands>(
      workspace::WorkspaceCommands::Deps{loop_, commands_, processes_, supervision_, *workspaces_,
                                         random_, Logger("workspace")},
      workspace_ports(*engine_), std::move(options));
  workspace_port_ = std::make_unique<WorkspacePort>(*workspace_commands_, *workspaces_,
                                                    engine_->directory(), store_);
}

void Application::open_sessions() {
  std::vector<std::unique_ptr<session::LevelSource>> levels;
  levels.push_back(std::make_unique<session::ClaudeStatusFile>(claude_config_dir()));
  levels.push_back(std::make_unique<session::CodexDaemon>(codex_home_dir()));
  levels.push_back(std::make_unique<session::OpencodeServer>(http_));
  sessions_ = std::make_unique<session::SessionService>(
      session::SessionService::Deps{loop_, workers_, *writer_, process_watch_, *watcher_, clock_,
                                    counter_, Logger("session")},
      std::move(levels));
  hooks_ = std::make_unique<SessionHooks>(*sessions_);
  if (const auto runtime = runtime_dir()) {
    spool_ = std::make_unique<session::SpoolIntake>(
        session::SpoolIntake::Deps{loop_, workers_, *watcher_, *sessions_, Logger("session")},
        *runtime + "/" + std::string(session::kSpoolName));
  }
  engine_->add(std::make_unique<orchestration::SessionView>(orchestration::SessionView::Deps{
      *sessions_, engine_->directory(), engine_->own_facts(), clock_, Logger("session")}));
}

void Application::open_terminals() {
  terminals_ = std::make_unique<terminal::TerminalService>(terminal::TerminalService::Deps{
      loop_, *writer_, process_watch_, clock_, counter_, Logger("terminal")});
  terminal_port_ = std::make_unique<TerminalPort>(*terminals_, *sessions_);
  if (options_.tmux) {
    tmux_ = std::make_unique<terminal::TmuxPanes>(
        terminal::TmuxPanes::Deps{loop_, workers_, *terminals_, clock_, Logger("terminal")},
        terminal::default_tmux_socket());
  }
  engine_->add(orchestration::make_terminal_view(*terminals_, engine_->own_facts(),
                                                 engine_->directory(), clock_, Logger("terminal")));
}

void Application::open_github() {
  github::GithubOptions github_options = github::options_from_environment();
  github_options.user_agent = "snapboard/" SB_VERSION;
  github_ = std::make_unique<github::GithubService>(
      github::GithubService::Deps{loop_, workers_, network_, *writer_, http_, processes_, clock_,
                                  counter_, metrics_, Logger("github")},
      std::move(github_options));
  auto github_view = std::make_unique<orchestration::GithubView>(orchestration::GithubView::Deps{
      *github_, engine_->directory(), engine_->own_facts(), store_, clock_, webhook_secret()});
  github_view_ = github_view.get();
  engine_->add(std::move(github_view));
}

Result<void> Application::open_ratchet() {
  ratchet::RatchetOptions options;
  const char* command = std::getenv(kRatchetCommand);
  auto words = ratchet::parse_command(command != nullptr ? command : "");
  if (!words) {
    return fail(
        ErrorCode::invalid_argument,
        std::string(kRatchetCommand) + " wants a JSON array of words: " + words.error().message);
  }
  options.command = *std::move(words);
  options.file_mask = options_.file_mask;
  fixer_sessions_ = std::make_unique<FixerSessions>(*sessions_);
  ratchet_ = std::make_unique<ratchet::RatchetService>(
      ratchet::RatchetService::Deps{loop_, workers_, *writer_, supervision_, clock_, random_,
                                    counter_, Logger("ratchet")},
      std::move(options));
  ratchet_->plug(fixer_sessions_.get());
  fixer_output_ = std::make_unique<FixerOutput>(*ratchet_, engine_->directory());
  auto view = std::make_unique<orchestration::RatchetView>(orchestration::RatchetView::Deps{
      *ratchet_, engine_->directory(), engine_->own_facts(), store_, clock_,
      [this](const model::WorkspaceId& id, std::function<void(Result<std::uint64_t>)> done) {
        github_view_->refresh(id, std::move(done));
      },
      Logger("ratchet")});
  ratchet_view_ = view.get();
  github_view_->on_pull_request(
      [this](const github::PrRow& row) { ratchet_view_->pull_request(row); });
  engine_->add(std::move(view));
  return {};
}

Result<void> Application::listen() {
  SB_TRY(const ListenAddress address, parse_listen(options_.listen));
  transport::ServerConfig config;
  config.host = address.host;
  config.port = address.port;
  if (address.chosen) config.port_attempts = 1;
  config.socket_path = socket_path_;
  config.auth = options_.auth;
  config.token = token_;
  config.allow_origins = options_.allow_origins;
  config.allow_hosts = options_.allow_hosts;
  config.trusted_peers = options_.trusted_peers;
  config.trust_forwarded = options_.trust_forwarded;
  config.connections_max = options_.connections_max.value_or(config.connections_max);
  config.connections_per_origin_max = options_.connections_per_origin_max;
  config.body_bytes_max = options_.body_bytes_max;
  config.header_bytes_max = options_.header_bytes_max;
  config.frame_bytes_max = options_.frame_bytes_max;
  config.coalesce = options_.coalesce;
  const auto files = web_files();
  config.static_files.assign(files.begin(), files.end());
  server_ = std::make_unique<transport::Server>(
      loop_, std::move(config),
      transport::ServerPorts{store_, *ports_, *ports_, *ports_, metrics_, clock_, Logger("http"),
                             hooks_.get(), run_script_port_.get(), terminal_port_.get(),
                             workspace_port_.get(), fixer_output_.get()});
  if (auto listening = server_->listen(); !listening) {
    // The address and the socket are good: what is left to refuse is that nobody needs a token.
    const bool open = listening.error().code == ErrorCode::invalid_argument &&
                      options_.auth == transport::AuthMode::none;
    return open ? tl::unexpected(std::move(listening).error().with("--auth none")) : listening;
  }
  store_.on_commit([this] { server_->store_changed(); });
  const Discovery discovery{getpid(), server_->url(), socket_path_, token_, clock_.wall_now()};
  SB_TRY(const std::string runtime, runtime_dir());
  discovery_paths_ = {data_dir_ + "/server.json"};
  // The tools of the user go on asking the server that was here first.
  const std::string shared = runtime + "/server.json";
  const auto first = read_discovery(shared);
  if (first && first->socket != socket_path_ && answers(*first)) {
    log_.info("another server is what local tools find; they ask this one by --socket",
              {kv("other", first->url), kv("pid", first->pid), kv("socket", socket_path_)});
    // Nor are the hooks ours that find it gone for a moment.
    if (socket_path_ != runtime + "/api.sock") spool_.reset();
  } else {
    discovery_paths_.push_back(shared);
  }
  for (const auto& path : discovery_paths_) SB_TRY_VOID(write_discovery(path, discovery));
  return {};
}

// Ready to be announced: what was known is enumerated, and so is the repository we stand in.
void Application::begin() {
  const auto ready = [this] {
    if (--waiting_for_ready_ == 0) announce();
  };
  const auto known = [this, ready] {
    loop_.post([this] {  // once the domains have started
      if (spool_) spool_->start();
      if (tmux_) tmux_->start();
      workspace_commands_->begin();
    });
    ready();
  };
  auto rows = workspaces_->load();
  auto kept = journal_->load();
  if (!rows || !kept) {
    log_.error("database not readable",
               {kv("reason", !rows ? rows.error().message : kept.error().message)});
    exit_code_ = 1;
    return stop(0);
  }
  const bool adopt = options_.adopt && git_cli::discover(options_.directory).has_value();
  if (adopt) ++waiting_for_ready_;
  engine_->start(*rows, *kept, known);
  if (adopt) {
    engine_->register_project(options_.directory, std::nullopt, std::nullopt,
                              [this, ready](const Result<orchestration::Engine::Registered>& made) {
                                if (!made) {
                                  log_.error("repository not registered",
                                             {kv("reason", made.error().message)});
                                }
                                ready();
                              });
  } else if (options_.adopt) {
    log_.warn("not in a git repository: serving what is registered already",
              {kv("directory", options_.directory)});
  }
}

void Application::announce() {
  heap_room_.settle();
  if (options_.print_ready) {
    std::string line;
    JsonWriter json(line);
    json.begin_object().key("ready").boolean(true).key("url").string(page_url());
    json.key("socket").string(socket_path_).end_object();
    std::printf("%s\n", line.c_str());
  } else {
    std::printf("snapboard is at %s\n", page_url().c_str());
  }
  std::fflush(stdout);
  log_.info("ready", {kv("url", server_->url()), kv("workspaces", store_.counts().entries)});
  if (options_.open_browser) open_browser();
}

// Only where a person sits in front of a desktop.
void Application::open_browser() {
  if (std::getenv("DISPLAY") == nullptr && std::getenv("WAYLAND_DISPLAY") == nullptr) return;
  workers_.submit([this, url = page_url()] {
    ProcessSpec spec;
    spec.argv = {"xdg-open", url};
    (void)processes_.run(spec);
  });
}

// Once: finish in order. Twice: now.
void Application::stop(int signal) {
  if (stopping_) _exit(128 + signal);
  stopping_ = true;
  log_.info("stopping", {kv("signal", signal)});
  workspace_commands_->stop();
  if (tmux_) tmux_->stop();
  engine_->stop();
  http_.cancel_all();
  processes_.cancel_all();
  for (const auto& path : discovery_paths_) remove_discovery(path, getpid());
  if (!server_) return loop_.stop();
  server_->shutdown(kGoodbyeGrace, [this] { loop_.stop(); });
}

int Application::run() {
  token_ = make_token(random_);
  if (options_.socket.empty()) {
    auto path = default_socket_path();
    if (!path) return failed(path.error());
    socket_path_ = *std::move(path);
  } else {
    socket_path_ = options_.socket;
  }
  if (const auto raised = raise_file_limit(options_, log_); !raised) return failed(raised.error());
  if (const auto opened = open(); !opened) return failed(opened.error());
  loop_.on_signal([this](int signal) { stop(signal); });
  heed_hangup();
  if (const auto listening = listen(); !listening) return failed(listening.error());
  loop_.post([this] { begin(); });
  loop_.run();
  network_.stop();
  commands_.stop();
  workers_.stop();
  return exit_code_;
}

int tell(const ServeOptions& options, const Handover& handed) {
  if (!options.given.empty()) {
    std::string ignored;
    for (const auto& flag : options.given) ignored += (ignored.empty() ? "" : ", ") + flag;
    std::fprintf(stderr, "snapboard: the server that runs keeps its own settings; ignored: %s\n",
                 ignored.c_str());
  }
  if (options.print_ready) {
    std::string line;
    JsonWriter json(line);
    json.begin_object().key("ready").boolean(true).key("url").string(handed.page_url);
    json.key("socket").string(handed.socket).end_object();
    std::printf("%s\n", line.c_str());
  } else {
    const std::string what =
        handed.repository.empty() ? "" : "; " + handed.repository + " is on its board";
    std::printf("snapboard already runs%s: %s\n", what.c_str(), handed.page_url.c_str());
  }
  return 0;
}

}  // namespace

int serve(const ServeOptions& given) {
  ServeOptions options = given;
  // One arena: many would keep freed memory apart and make a small server look large.
  mallopt(M_ARENA_MAX, 1);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);         // a limit on file sizes (ulimit -f) is an error of the write
  options.file_mask = umask(0077);  // what we start for the user gets the user's own back
  configure_logging(options.log_level, options.log_format);
  const bool named = !options.directory.empty();
  if (!named) options.directory = ".";
  const auto repository = git_cli::discover(options.directory);
  if (named && options.adopt && !repository) {
    return failed({ErrorCode::invalid_argument, repository.error().message, {}});
  }
  const bool hands_over = options.adopt && repository;
  auto wanted = options.data_dir.empty() ? workspace::default_data_dir()
                                         : Result<std::string>(options.data_dir);
  if (!wanted) return failed(wanted.error());
  auto data_dir = workspace::create_data_dir(*wanted);
  if (!data_dir) return failed(data_dir.error());
  for (int tries = 1;; ++tries) {
    auto lock = workspace::DataDirLock::acquire(*data_dir);
    if (lock) return Application(options, *std::move(lock), *std::move(data_dir)).run();
    if (lock.error().code != ErrorCode::conflict) return failed(lock.error());
    // A server that is just starting answers soon; what a dead one left lets go of the lock soon.
    const auto handed = hand_repository_over(
        *data_dir, hands_over ? std::optional(options.directory) : std::nullopt);
    if (handed) return tell(options, *handed);
    const ErrorCode code = handed.error().code;
    const bool hopeless = code == ErrorCode::invalid_argument || code == ErrorCode::conflict;
    if (hopeless || tries == kHandoverTriesMax) return failed(handed.error());
    std::this_thread::sleep_for(kHandoverRetry);
  }
}

}  // namespace sb::app
