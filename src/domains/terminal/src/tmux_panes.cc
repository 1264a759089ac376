#include "sb/terminal/tmux_panes.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <set>
#include <utility>

#include "sb/core/unique_fd.h"
#include "sb/process/line_child.h"
#include "sb/process/process_table.h"
#include "sb/process/process_watch.h"

#include "tmux_control.h"

namespace sb::terminal {
namespace {

using model::TerminalState;

constexpr std::string_view kOurShell = "snapboard";  // reports its terminal itself

/// A server of its own listens there: two calls, no process, and nothing when the file is gone.
bool is_served(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path || ::access(path.c_str(), W_OK) != 0) {
    return false;
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const void* raw = &address;
  return socket.open() &&
         ::connect(socket.get(), static_cast<const sockaddr*>(raw), sizeof address) == 0;
}

std::string id_of(const TmuxPane& pane) {
  return "tmux-" + std::to_string(pane.pid) + "-" + pane.id.substr(1);
}

/// A command has the keyboard of the pane, and not the shell that tmux started.
bool is_busy(const TmuxPane& pane) {
  const auto shell = process::read_process(pane.pid);
  return shell && shell->foreground_group > 0 && shell->foreground_group != shell->group;
}

}  // namespace

std::string default_tmux_socket() {
  const char* const chosen = std::getenv("TMUX_TMPDIR");
  const std::string folder = chosen != nullptr && chosen[0] == '/' ? chosen : "/tmp";
  return folder + "/tmux-" + std::to_string(::getuid()) + "/default";
}

struct TmuxPanes::Impl : std::enable_shared_from_this<TmuxPanes::Impl> {
  Impl(Deps given, std::string path) : deps(std::move(given)), socket(std::move(path)) {}

  void schedule(std::chrono::milliseconds delay) {
    if (stopped) return;
    if (timer != 0) deps.loop.cancel(timer);
    timer = deps.loop.after(delay, [owner = weak_from_this()] {
      const auto self = owner.lock();
      if (!self) return;
      self->timer = 0;
      self->look();
    });
  }

  void look() {
    if (stopped) return;
    hinted = false;
    if (client) {
      client->send(kListPanes);
    } else if (!starting && deps.clock.mono_now() >= not_before && is_served(socket)) {
      attach();
    }
    schedule(kLook);
  }

  void attach() {
    starting = true;
    ++started;
    process::LineChild::Listener listener;
    const std::uint64_t life = started;
    listener.line = [&loop = deps.loop, owner = weak_from_this(), life](std::string line) {
      // Most of what is said is no news, and the loop need not hear of it.
      if (line.starts_with("%output ") || line.starts_with("%extended-output ")) return;
      loop.post([owner, life, line = std::move(line)] {
        if (const auto self = owner.lock()) self->hear(life, line);
      });
    };
    listener.ended = [&loop = deps.loop, owner = weak_from_this(), life] {
      loop.post([owner, life] {
        if (const auto self = owner.lock()) self->ended(life);
      });
    };
    deps.workers.submit([&loop = deps.loop, owner = weak_from_this(), path = socket,
                         listener = std::move(listener)] {
      auto made = process::LineChild::start({"tmux", "-u", "-S", path, "-C", "attach-session", "-f",
                                             "read-only,ignore-size,no-output"},
                                            {{"TMUX", ""}, {"TERM", "dumb"}}, listener);
      // std::function wants to copy what it holds.
      auto held = std::make_shared<Result<std::unique_ptr<process::LineChild>>>(std::move(made));
      loop.post([owner, held] {
        if (const auto self = owner.lock()) self->attached(std::move(*held));
      });
    });
  }

  void attached(Result<std::unique_ptr<process::LineChild>> made) {
    starting = false;
    attached_at = deps.clock.mono_now();
    if (!made) {
      deps.log.warn("tmux not asked", {kv("reason", made.error().message)});
      not_before = attached_at + kRetry;
      return;
    }
    if (stopped || over == started) return;  // it ended before we heard that it began
    client = *std::move(made);
    control = TmuxControl();
    client->send(kSubscribe);
    client->send(kListPanes);
  }

  void ended(std::uint64_t life) {
    over = life;
    if (life != started) return;
    client.reset();
    if (!stopped && deps.clock.mono_now() - attached_at < kGoneTooSoon) {
      not_before = deps.clock.mono_now() + kRetry;
    }
  }

  void hear(std::uint64_t life, const std::string& line) {
    if (stopped || life != started) return;
    switch (control.take(line)) {
      case TmuxControl::Heard::changed:
        if (!std::exchange(hinted, true)) schedule(kHintSettles);
        return;
      case TmuxControl::Heard::listed:
        return take(control.panes());
      case TmuxControl::Heard::ended:
      case TmuxControl::Heard::nothing:
        return;
    }
  }

  void take(const std::vector<TmuxPane>& panes) {
    std::set<std::string> seen;
    for (const TmuxPane& pane : panes) {
      const std::string id = id_of(pane);
      if (pane.dead) continue;  // its process ended, which closes it
      if (pane.command == kOurShell) {
        forget(id);
        continue;
      }
      auto process = process::identify(pane.pid);
      if (!process) continue;
      seen.insert(id);
      TerminalReport report;
      report.id = id;
      report.directory = pane.path;
      report.state = is_busy(pane) ? TerminalState::busy : TerminalState::idle;
      report.title = pane.command.substr(0, TerminalService::kTitleBytesMax);
      report.last_activity_at = pane.activity_at;
      report.process = *std::move(process);
      deps.terminals.report(std::move(report),
                            [owner = weak_from_this(), id](const Result<void>& taken) {
                              const auto self = owner.lock();
                              if (!self || self->stopped) return;
                              if (taken) {
                                self->known.insert(id);
                              } else if (taken.error().code == ErrorCode::not_found) {
                                self->forget(id);  // it stands in no workspace now
                              }
                            });
    }
    std::erase_if(known, [&seen](const std::string& id) { return !seen.contains(id); });
  }

  void forget(const std::string& id) {
    if (known.erase(id) == 0) return;
    deps.terminals.forget(id, [](const Result<void>&) {});
  }

  Deps deps;
  std::string socket;
  std::unique_ptr<process::LineChild> client;
  TmuxControl control;
  std::set<std::string> known;  // panes that are terminals of a workspace
  Loop::TimerId timer = 0;
  bool hinted = false;
  bool starting = false;
  bool stopped = false;
  std::uint64_t started = 0;  // clients, and the number of the last one
  std::uint64_t over = 0;     // the last one that ended
  MonoTime attached_at{};
  MonoTime not_before{};
};

TmuxPanes::TmuxPanes(Deps deps, std::string socket)
    : impl_(std::make_shared<Impl>(std::move(deps), std::move(socket))) {}

TmuxPanes::~TmuxPanes() {
  stop();
}

void TmuxPanes::start() {
  impl_->look();
}

void TmuxPanes::stop() {
  if (std::exchange(impl_->stopped, true)) return;
  if (impl_->timer != 0) impl_->deps.loop.cancel(impl_->timer);
  impl_->client.reset();
}

bool TmuxPanes::attached() const {
  return impl_->client != nullptr;
}

std::uint64_t TmuxPanes::started() const {
  return impl_->started;
}

}  // namespace sb::terminal
