#include <algorithm>
#include <tuple>
#include <utility>

#include "sb/sqlite/database.h"
#include "sb/sqlite/submit.h"

#include "rate_headers.h"
#include "service_impl.h"
#include "tables.h"

// What comes back: an answer becomes a row, a row that is committed becomes an event. Whatever goes
// wrong leaves the row as it is.

namespace sb::github {
namespace {

constexpr int kMergeableTriesMax = 3;  // quick ones after a push; then the usual interval
constexpr int kUnauthorized = 401;

/// Everything a client can see of a row.
auto visible(const PrRow& row) {
  return std::tie(row.branch, row.observed, row.number, row.url, row.state, row.ci, row.conflict,
                  row.review, row.head_branch);
}

bool same_content(const PrRow& a, const PrRow& b) {
  return visible(a) == visible(b) && a.head_oid == b.head_oid && a.head_commit == b.head_commit &&
         a.repository.host == b.repository.host && a.repository.owner == b.repository.owner &&
         a.repository.name == b.repository.name;
}

}  // namespace

void GithubService::Impl::answered(Batch batch, const Result<http_client::Response>& response) {
  if (!round) return;
  Host& host = hosts[batch.host];
  const auto fail_with = [&](ErrorCode code, std::string message) {
    host_failed(batch, {code, std::move(message), {}});
    send_next();
  };
  if (!response) {
    host.budget.failed(now());
    return fail_with(
        response.error().code == ErrorCode::timeout ? ErrorCode::timeout : ErrorCode::unavailable,
        "GitHub could not be asked: " + response.error().message);
  }
  if (response->status == kUnauthorized) {
    host.token.clear();
    host.login = Host::Login::out;
    if (batch.retried) return fail_with(ErrorCode::unavailable, "GitHub refused the token");
    batch.retried = true;
    return look_up_tokens({batch.host}, [batch](Impl& self) {
      const Host& again = self.hosts[batch.host];
      if (again.login == Host::Login::in) return self.send(batch);
      self.host_failed(batch, {ErrorCode::unavailable, again.problem, {}});
      self.send_next();
    });
  }
  if (says_rate_limit(*response)) {
    host.budget.throttled(retry_after(*response), rate_of(*response), server_time(*response),
                          now());
    return fail_with(ErrorCode::limit_exceeded, "GitHub refused to be asked so often");
  }
  if (response->status != 200) {
    host.budget.failed(now());
    return fail_with(ErrorCode::unavailable,
                     "GitHub answered with status " + std::to_string(response->status));
  }
  take_answer(batch, *response);
  send_next();
}

void GithubService::Impl::take_answer(const Batch& batch, const http_client::Response& response) {
  Host& host = hosts[batch.host];
  const auto answer = read_answer(response.body, batch.lookups);
  if (!answer) {
    host.budget.failed(now());
    return host_failed(batch, {ErrorCode::unavailable,
                               "GitHub's answer could not be read: " + answer.error().message,
                               {}});
  }
  const auto rate = rate_of(response) ? rate_of(response) : answer->rate;
  if (answer->rate_limited) {
    host.budget.throttled(std::nullopt, rate, server_time(response), now());
    return host_failed(batch,
                       {ErrorCode::limit_exceeded, "GitHub refused to be asked so often", {}});
  }
  host.budget.answered(rate, server_time(response), now());
  host.last_ok = now();
  host.problem.clear();
  requests_ok.add();
  if (!answer->problem.empty()) {
    deps.log.debug("GitHub told an error", {kv("message", answer->problem)});
  }
  if (answer->review_count) {
    host.review_count = answer->review_count;
    tell_review_count();
  }
  for (const Batch::Part& part : batch.parts) {
    Tracked* item = find(part.workspace);
    if (item == nullptr || !item->in_round) continue;
    std::vector<PullRequest> found;
    bool complete = true;
    bool any = false;
    item->parents.clear();
    for (std::size_t i = part.first; i < part.first + part.count; ++i) {
      const Found& one = answer->found[i];
      complete = complete && one.kind != Found::Kind::failed;
      any = any || one.kind == Found::Kind::answered;
      found.insert(found.end(), one.pull_requests.begin(), one.pull_requests.end());
      if (one.parent) item->parents.push_back(*one.parent);
    }
    if (complete && any) {
      conclude(*item, found);
    } else {
      failed(*item, {ErrorCode::unavailable,
                     complete ? "the repository is not there, or the token may not see it"
                              : "GitHub answered only in part: " + answer->problem,
                     {}});
      item->due = now() + (complete ? options.quiet_interval : options.open_interval);
    }
  }
}

void GithubService::Impl::host_failed(const Batch& batch, const Error& error) {
  Host& host = hosts[batch.host];
  host.problem = error.message;
  if (round) round->failed_hosts.insert_or_assign(batch.host, error);
  if (batch.review_count) host.review_due = now();  // not learned: due as soon as asking is allowed
  requests_failed.add();
  deps.log.info("GitHub not asked", {kv("host", batch.host), kv("reason", error.message)});
  for (const Batch::Part& part : batch.parts) {
    if (Tracked* item = find(part.workspace)) failed(*item, error);
  }
}

void GithubService::Impl::conclude(Tracked& item, const std::vector<PullRequest>& found) {
  const PullRequest* chosen = choose(*item.standing, item.row, found);
  const auto is_held = [&](const PullRequest& pr) {
    return item.row.number == pr.number && same_repository(item.row.repository, pr.repository);
  };
  const bool held_here =
      item.row.observed && item.row.number && item.row.branch == item.standing->branch;
  if (held_here && chosen == nullptr && !item.ask_held &&
      std::none_of(found.begin(), found.end(), is_held)) {
    // Not among the newest of its branch: asked for by number before it is believed to be gone.
    item.ask_held = true;
    item.due = now();
    for (auto& done : std::exchange(item.waiting, {})) item.next.push_back(std::move(done));
    return;
  }
  item.ask_held = item.ask_held && chosen != nullptr && is_held(*chosen);
  commit(item, to_row(item, chosen));
}

model::CiStatus GithubService::Impl::checks_of(Tracked& item, const PullRequest& chosen) const {
  if (!chosen.without_checks) {
    item.without_checks_since.reset();
    return chosen.ci;
  }
  // Right after a push its checks are not registered yet; a repository without checks has none for
  // ever. Only time tells them apart.
  if (item.row.head_commit == chosen.head_commit && item.row.ci == model::CiStatus::SUCCESS) {
    return model::CiStatus::SUCCESS;
  }
  if (!item.without_checks_since || item.without_checks_commit != chosen.head_commit) {
    item.without_checks_since = now();
    item.without_checks_commit = chosen.head_commit;
  }
  return now() - *item.without_checks_since >= options.checks_grace ? model::CiStatus::SUCCESS
                                                                    : model::CiStatus::UNKNOWN;
}

PrRow GithubService::Impl::to_row(Tracked& item, const PullRequest* chosen) const {
  PrRow next;
  next.workspace = item.subject.workspace;
  next.branch = item.standing->branch;
  next.head_oid = item.standing->head_oid;
  next.observed = true;
  if (chosen != nullptr) {
    const bool same = item.row.number == chosen->number &&
                      same_repository(item.row.repository, chosen->repository);
    next.number = chosen->number;
    next.repository = chosen->repository;
    next.url = chosen->url;
    next.state = chosen->state;
    next.ci = checks_of(item, *chosen);
    next.conflict = chosen->conflict;
    if (!is_open(chosen->state)) {
      next.conflict = false;
    } else if (!next.conflict && same) {
      next.conflict = item.row.conflict;  // being worked out: the last word stands
    }
    next.review = chosen->review;
    next.head_branch = chosen->head_branch;
    next.head_commit = chosen->head_commit;
    item.mergeable_tries =
        chosen->conflict || !is_open(chosen->state) ? 0 : item.mergeable_tries + 1;
  }
  next.updated_at =
      visible(next) == visible(item.row) ? item.row.updated_at : deps.clock.wall_now();
  return next;
}

/// The workspace is on another branch: what was known is of the old one, and of the new one nothing
/// is known yet.
void GithubService::Impl::forget_branch(Tracked& item) {
  PrRow next;
  next.workspace = item.subject.workspace;
  next.branch = item.standing->branch;
  next.head_oid = item.standing->head_oid;
  next.updated_at = deps.clock.wall_now();
  next.stamp = deps.counter.next().sequence;
  const std::uint64_t expected = std::exchange(item.row, next).stamp;
  item.ask_held = false;
  item.without_checks_since.reset();
  sqlite::submit<bool>(
      deps.loop, deps.writer, weak_from_this(),
      [next, expected](sqlite::Database& database) -> Result<bool> {
        SB_TRY_VOID(put_row(database, next, expected));
        return true;
      },
      [this, next](const Result<bool>& written) { committed(next, written, [] {}); });
}

void GithubService::Impl::commit(Tracked& item, PrRow next) {
  if (item.row.stamp != 0 && same_content(item.row, next)) return succeeded(item);
  next.stamp = deps.counter.next().sequence;
  item.writing = true;
  sqlite::submit<bool>(
      deps.loop, deps.writer, weak_from_this(),
      [next, expected = item.row.stamp](sqlite::Database& database) -> Result<bool> {
        SB_TRY_VOID(put_row(database, next, expected));
        return true;
      },
      [this, next](const Result<bool>& written) {
        if (Tracked* told = find(next.workspace); told != nullptr && written) told->row = next;
        committed(next, written, [this, id = next.workspace, written] {
          Tracked* told = find(id);
          if (told == nullptr) return;
          told->writing = false;
          if (written) {
            succeeded(*told);
          } else {
            failed(*told, written.error());
          }
          arm();
        });
      });
}

/// After the commit: tells it, or learns what is held when somebody else was faster. Then `done`.
void GithubService::Impl::committed(const PrRow& row, const Result<bool>& written,
                                    std::function<void()> done) {
  if (find(row.workspace) == nullptr) return;
  if (written) {
    if (listeners.pull_request) listeners.pull_request(row);
    return done();
  }
  deps.log.warn("pull request not written",
                {kv("workspace", row.workspace.view()), kv("reason", written.error().message)});
  sqlite::submit<std::vector<PrRow>>(
      deps.loop, deps.writer, weak_from_this(), all_rows,
      [this, id = row.workspace, done = std::move(done)](const Result<std::vector<PrRow>>& rows) {
        Tracked* item = find(id);
        if (item == nullptr) return;
        if (rows) {
          PrRow held;
          held.workspace = id;
          for (const PrRow& one : *rows) {
            if (one.workspace == id) held = one;
          }
          item->row = std::move(held);
        }
        done();
      });
}

std::chrono::nanoseconds GithubService::Impl::interval(const Tracked& item) const {
  const PrRow& row = item.row;
  int stretch = 1;
  if (item.standing && !item.standing->heads.empty()) {
    const auto host = hosts.find(item.standing->heads.front().repository.host);
    if (host != hosts.end()) stretch = host->second.budget.stretch();
  }
  if (!row.number || !is_open(row.state)) {
    const bool hot = item.hot_until > now() && !row.number;  // a new one may appear any moment
    const auto quiet = is_watched(item) ? options.watched_interval : options.quiet_interval;
    return (hot ? options.hot_interval : quiet) * stretch;
  }
  if (item.mergeable_tries > 0 && item.mergeable_tries <= kMergeableTriesMax) {
    return options.mergeable_delay * stretch;
  }
  const bool checking = row.ci == model::CiStatus::PENDING || row.ci == model::CiStatus::UNKNOWN;
  const bool hot = checking || item.hot_until > now();
  return (hot ? options.hot_interval : options.open_interval) * stretch;
}

void GithubService::Impl::succeeded(Tracked& item) {
  if (item.idle_asked && item.asked_at && *item.idle_asked <= *item.asked_at) {
    item.idle_ok = std::exchange(item.idle_asked, std::nullopt);
  }
  item.due = now() + interval(item);
  if (item.hint_due) item.due = std::min(item.due, *item.hint_due);
  if (item.idle_asked || !item.next.empty()) item.due = now();
  if (is_quiet(item)) arm_probe();
  answer_waiting(item, {});
}

void GithubService::Impl::failed(Tracked& item, const Error& error) {
  item.in_round = false;
  if (item.idle_asked && item.asked_at && *item.idle_asked <= *item.asked_at) {
    item.idle_asked.reset();  // a failure does not consume the cool-down
  }
  item.due = now() + options.open_interval;
  if (item.standing && !item.standing->heads.empty()) {
    const Host& host = hosts[item.standing->heads.front().repository.host];
    if (const auto until = host.budget.blocked_until(Budget::Who::us, now())) item.due = *until;
  }
  if (!item.next.empty()) item.due = now();
  answer_waiting(item, tl::unexpected(error));
}

void GithubService::Impl::answer_waiting(Tracked& item, const Result<void>& result) {
  for (auto& done : std::exchange(item.waiting, {})) done(result);
}

void GithubService::Impl::tell_review_count() {
  std::int64_t sum = 0;
  for (const auto& [name, host] : hosts) sum += host.review_count.value_or(0);
  if (told_review_count == sum) return;
  told_review_count = sum;
  if (listeners.review_count) listeners.review_count(sum);
}

}  // namespace sb::github
