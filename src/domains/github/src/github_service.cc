#include "sb/github/github_service.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <utility>

#include "sb/sqlite/database.h"
#include "sb/sqlite/submit.h"

#include "remote_url.h"
#include "service_impl.h"
#include "tables.h"

namespace sb::github {
namespace {

std::string environment(const char* first, const char* second = nullptr) {
  for (const char* name : {first, second}) {
    const char* value = name == nullptr ? nullptr : std::getenv(name);
    if (value != nullptr && value[0] != '\0') return value;
  }
  return {};
}

Contents to_contents(std::vector<PrRow> rows) {
  Contents contents;
  contents.rows = std::move(rows);
  for (const PrRow& row : contents.rows) {
    contents.stamp_max = std::max(contents.stamp_max, row.stamp);
  }
  return contents;
}

}  // namespace

GithubOptions options_from_environment() {
  GithubOptions options;
  options.token = environment("GH_TOKEN", "GITHUB_TOKEN");
  options.enterprise_token = environment("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN");
  options.api_url = environment("SNAPBOARD_GITHUB_API_URL");
  while (options.api_url.ends_with('/')) options.api_url.pop_back();
  if (std::string host = environment("GH_HOST"); !host.empty()) {
    std::transform(host.begin(), host.end(), host.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    options.hosts.push_back(std::move(host));
  }
  return options;
}

GithubService::Impl::Impl(Deps given, GithubOptions chosen)
    : deps(std::move(given)),
      options(std::move(chosen)),
      requests_ok(deps.metrics.counter("github_requests_total", "Requests to GitHub, by outcome.",
                                       {{"outcome", "ok"}})),
      requests_failed(deps.metrics.counter(
          "github_requests_total", "Requests to GitHub, by outcome.", {{"outcome", "failed"}})),
      requests_unchanged(deps.metrics.counter("github_requests_total",
                                              "Requests to GitHub, by outcome.",
                                              {{"outcome", "not_modified"}})) {}

Tracked* GithubService::Impl::find(const model::WorkspaceId& id) {
  const auto found = tracked.find(id);
  return found == tracked.end() ? nullptr : &found->second;
}

/// For jobs on other threads: brings a continuation back to the loop, unless the service is gone or
/// stopped by then.
std::function<void(std::function<void(GithubService::Impl&)>)> GithubService::Impl::poster() {
  return [&loop = deps.loop, weak = weak_from_this()](std::function<void(Impl&)> then) {
    loop.post([weak, then = std::move(then)] {
      const auto self = weak.lock();
      if (self && self->running) then(*self);
    });
  };
}

GithubService::GithubService(Deps deps, GithubOptions options)
    : impl_(std::make_shared<Impl>(std::move(deps), std::move(options))) {}

GithubService::~GithubService() {
  stop();
}

void GithubService::listen(Listeners listeners) {
  impl_->listeners = std::move(listeners);
}

Result<Contents> GithubService::load() {
  Contents contents;
  auto done = impl_->deps.writer.run([&](sqlite::Database& database) -> Result<void> {
    SB_TRY(auto rows, all_rows(database));
    contents = to_contents(std::move(rows));
    return {};
  });
  if (!done) return std::move(done).error();
  impl_->deps.counter.raise(contents.stamp_max);
  contents.fence = impl_->deps.counter.next().sequence;
  for (const PrRow& row : contents.rows) {
    Tracked& item = impl_->tracked[row.workspace];
    item.subject.workspace = row.workspace;
    item.row = row;
  }
  return contents;
}

void GithubService::read(std::function<void(Result<Contents>)> done) {
  const std::uint64_t fence = impl_->deps.counter.next().sequence;
  sqlite::submit<std::vector<PrRow>>(
      impl_->deps.loop, impl_->deps.writer, impl_, all_rows,
      [fence, done = std::move(done)](Result<std::vector<PrRow>> rows) {
        if (!rows) return done(std::move(rows).error());
        Contents contents = to_contents(*std::move(rows));
        contents.fence = fence;
        done(std::move(contents));
      });
}

void GithubService::start() {
  impl_->running = true;
  impl_->arm();
}

void GithubService::stop() {
  if (!impl_->running) return;
  impl_->running = false;
  if (impl_->timer != 0) impl_->deps.loop.cancel(std::exchange(impl_->timer, 0));
  if (impl_->probe_timer != 0) impl_->deps.loop.cancel(std::exchange(impl_->probe_timer, 0));
  impl_->round.reset();
}

void GithubService::put(const Subject& subject) {
  Tracked& item = impl_->tracked[subject.workspace];
  if (item.subject == subject) return;
  item.subject = subject;
  item.row.workspace = subject.workspace;
  item.due = impl_->now();
  impl_->arm();
}

void GithubService::remove(const model::WorkspaceId& id, std::function<void()> done) {
  if (Tracked* item = impl_->find(id)) {
    for (auto& waiting : std::exchange(item->next, {})) {
      item->waiting.push_back(std::move(waiting));
    }
    impl_->answer_waiting(*item, fail(ErrorCode::not_found, "the workspace is gone"));
    impl_->tracked.erase(id);
    impl_->arm();
  }
  sqlite::submit<bool>(
      impl_->deps.loop, impl_->deps.writer, impl_,
      [id](sqlite::Database& database) -> Result<bool> {
        SB_TRY_VOID(delete_row(database, id));
        return true;
      },
      [done = std::move(done)](const Result<bool>&) { done(); });
}

void GithubService::moved(const model::WorkspaceId& id) {
  Tracked* item = impl_->find(id);
  if (item == nullptr) return;
  item->hot_until = impl_->now() + impl_->options.hot_after_move;
  impl_->want_soon(*item);
}

void GithubService::idle(const model::WorkspaceId& id) {
  Tracked* item = impl_->find(id);
  if (item == nullptr || item->idle_asked) return;
  const MonoTime now = impl_->now();
  if (item->idle_ok && now - *item->idle_ok < impl_->options.idle_cool_down) return;
  item->idle_asked = now;
  if (!item->in_round) item->due = now;
  impl_->arm();
}

void GithubService::hint(const Hint& hint) {
  const auto speaks_of = [&](const Tracked& item) {
    const auto in = [&](const Repository& repository) {
      return same_name(repository.owner, hint.repository.owner) &&
             same_name(repository.name, hint.repository.name);
    };
    const bool known = item.row.number && in(item.row.repository);
    if (known && std::find(hint.numbers.begin(), hint.numbers.end(), *item.row.number) !=
                     hint.numbers.end()) {
      return true;
    }
    if (!hint.commit.empty() &&
        (hint.commit == item.row.head_commit || hint.commit == item.row.head_oid)) {
      return true;
    }
    if (hint.branch.empty() || !item.standing) return false;
    const auto& heads = item.standing->heads;
    return std::any_of(heads.begin(), heads.end(), [&](const Head& head) {
      return head.branch == hint.branch && (in(head.repository) || known);
    });
  };
  std::vector<model::WorkspaceId> spoken_of;
  for (const auto& [id, item] : impl_->tracked) {
    if (speaks_of(item)) spoken_of.push_back(id);
  }
  for (const auto& id : spoken_of) moved(id);
}

void GithubService::refresh(const model::WorkspaceId& id, std::function<void(Result<void>)> done) {
  Tracked* item = impl_->find(id);
  if (item == nullptr || !impl_->running) {
    return impl_->deps.loop.post([weak = std::weak_ptr(impl_), done = std::move(done)] {
      if (weak.lock()) done(fail(ErrorCode::not_found, "no such workspace"));
    });
  }
  item->next.push_back(std::move(done));
  item->due = impl_->now();
  impl_->arm();
}

Health GithubService::health() const {
  Health health;
  bool any = false;
  const auto worsen = [&](Health::State state, const std::string& detail) {
    if (static_cast<int>(state) <= static_cast<int>(health.state)) return;
    health.state = state;
    health.detail = detail;
  };
  for (const auto& [name, host] : impl_->hosts) {
    if (host.login == Host::Login::foreign || !impl_->is_used(name)) continue;
    any = true;
    if (host.last_ok && (!health.last_ok || *host.last_ok > *health.last_ok)) {
      health.last_ok = host.last_ok;
    }
    if (host.budget.limited(impl_->now())) {
      worsen(Health::State::rate_limited,
             name + ": the rate limit leaves no more than the share kept for you");
    } else if (host.login == Host::Login::out) {
      worsen(Health::State::unknown, host.problem);
    } else if (!host.problem.empty()) {
      worsen(Health::State::unreachable, name + ": " + host.problem);
    } else if (!host.last_ok) {
      worsen(Health::State::unknown, name + " was not asked yet");
    }
  }
  if (!any) health.detail = "no repository has a remote on GitHub";
  return health;
}

}  // namespace sb::github
