#include <algorithm>
#include <tuple>

#include "service_impl.h"
#include "token.h"

// A round: who is due, where they stand, and the requests for them, one at a time.

namespace sb::github {
namespace {

/// The host a workspace is asked at: that of its push target.
const std::string* host_of(const Tracked& tracked) {
  if (!tracked.standing || tracked.standing->heads.empty()) return nullptr;
  return &tracked.standing->heads.front().repository.host;
}

Error not_on_github() {
  return {ErrorCode::not_found, "the workspace has no remote on GitHub", {}};
}

}  // namespace

bool GithubService::Impl::is_used(const std::string& host) const {
  return std::any_of(tracked.begin(), tracked.end(), [&](const auto& item) {
    const std::string* used = host_of(item.second);
    return used != nullptr && *used == host;
  });
}

std::optional<MonoTime> GithubService::Impl::next_due() const {
  std::optional<MonoTime> due;
  const auto take = [&](MonoTime at) {
    if (!due || at < *due) due = at;
  };
  for (const auto& [id, item] : tracked) {
    if (!item.writing) take(item.due);
  }
  for (const auto& [name, host] : hosts) {
    if (host.login != Host::Login::in || !is_used(name)) continue;
    const auto blocked = host.budget.blocked_until(Budget::Who::us, now());
    take(std::max(host.review_due, blocked.value_or(host.review_due)));
  }
  return due;
}

void GithubService::Impl::arm() {
  if (!running || round) return;
  const auto due = next_due();
  if (timer != 0) {
    if (due && *due == timer_at) return;
    deps.loop.cancel(std::exchange(timer, 0));
  }
  if (!due) return;
  timer_at = *due;
  const auto wait = std::max(std::chrono::nanoseconds(0), *due - now());
  timer = deps.loop.after(wait, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->timer = 0;
    self->begin_round();
  });
}

/// Those who wait for an answer, then the hot ones, then whoever was not asked for longest.
void GithubService::Impl::pick(Round& fresh) {
  const MonoTime at = now();
  std::vector<Tracked*> picked;
  for (auto& [id, item] : tracked) {
    if (!item.writing && item.due <= at + options.slack) picked.push_back(&item);
  }
  std::sort(picked.begin(), picked.end(), [&](const Tracked* a, const Tracked* b) {
    const auto rank = [&](const Tracked& item) {
      return std::tuple(item.next.empty(), item.hot_until <= at, item.asked_at, item.due);
    };
    return rank(*a) < rank(*b);
  });
  for (Tracked* item : picked) {
    item->in_round = true;
    item->asked_at = at;
    item->hint_due.reset();
    for (auto& done : std::exchange(item->next, {})) item->waiting.push_back(std::move(done));
    fresh.picked.push_back(item->subject.workspace);
  }
}

void GithubService::Impl::begin_round() {
  if (!running || round) return;
  pick(round.emplace());
  if (round->picked.empty()) return find_tokens();
  std::vector<Subject> subjects;
  for (const auto& id : round->picked) subjects.push_back(find(id)->subject);
  deps.workers.submit([post = poster(), subjects = std::move(subjects)] {
    auto read = std::make_shared<StandingsRead>();
    for (const Subject& subject : subjects) {
      const auto links = git_cli::read_branch_links(subject.git_dir, subject.common_dir);
      read->emplace_back(
          subject.workspace,
          links ? Result<Standing>(to_standing(*links, [](const std::string&) { return true; }))
                : Result<Standing>(links.error()));
    }
    post([read](Impl& self) { self.standings_read(std::move(*read)); });
  });
}

void GithubService::Impl::standings_read(StandingsRead read) {
  for (auto& [id, standing] : read) {
    Tracked* item = find(id);
    if (item == nullptr) continue;
    if (!standing) {
      failed(*item, standing.error());
      continue;
    }
    item->standing = *std::move(standing);
    for (const Head& head : item->standing->heads) hosts.try_emplace(head.repository.host);
  }
  find_tokens();
}

/// Asks for the tokens of hosts not tried yet, and again for a person who waits: they may have
/// logged in meanwhile.
void GithubService::Impl::find_tokens() {
  std::vector<std::string> wanted;
  for (const auto& [name, host] : hosts) {
    const auto asks = [&, &name = name](const model::WorkspaceId& id) {
      const Tracked* item = find(id);
      if (item == nullptr || !item->in_round || !item->standing) return false;
      const bool again = host.login == Host::Login::untried || !item->waiting.empty();
      return again && std::any_of(item->standing->heads.begin(), item->standing->heads.end(),
                                  [&](const Head& head) { return head.repository.host == name; });
    };
    if (host.login == Host::Login::in) continue;
    if (std::any_of(round->picked.begin(), round->picked.end(), asks)) wanted.push_back(name);
  }
  if (wanted.empty()) return build_batches();
  look_up_tokens(std::move(wanted), [](Impl& self) { self.build_batches(); });
}

void GithubService::Impl::look_up_tokens(std::vector<std::string> names,
                                         std::function<void(Impl&)> then) {
  deps.network.submit([post = poster(), options = options, &processes = deps.processes,
                       names = std::move(names), then = std::move(then)] {
    std::vector<Result<std::string>> tokens;
    tokens.reserve(names.size());
    for (const auto& name : names) tokens.push_back(find_token(options, name, processes));
    post([names, tokens, then](Impl& self) {
      for (std::size_t i = 0; i < names.size(); ++i) self.set_token(names[i], tokens[i]);
      then(self);
    });
  });
}

void GithubService::Impl::set_token(const std::string& name, Result<std::string> token) {
  Host& host = hosts[name];
  if (token) {
    host.login = Host::Login::in;
    host.token = *std::move(token);
    host.problem.clear();
    return;
  }
  const bool named = is_named_host(options, name);
  host.login = named ? Host::Login::out : Host::Login::foreign;
  host.problem = token.error().message;
  if (named) deps.log.info("no token for GitHub", {kv("host", name)});
}

void GithubService::Impl::build_batches() {
  for (const auto& id : round->picked) {
    Tracked* item = find(id);
    if (item == nullptr || !item->in_round) continue;
    auto& heads = item->standing->heads;
    std::erase_if(heads, [&](const Head& head) {
      return hosts[head.repository.host].login == Host::Login::foreign;
    });
    if (heads.empty()) {
      if (item->row.observed) forget_branch(*item);
      failed(*item, not_on_github());
      item->due = now() + options.quiet_interval;
      continue;
    }
    if (item->row.observed && item->row.branch != item->standing->branch) forget_branch(*item);
    if (item->standing->branch.empty()) {
      conclude(*item, {});
    } else {
      add_lookups(*item);
    }
  }
  add_review_counts();
  send_next();
}

void GithubService::Impl::add_lookups(Tracked& item) {
  const std::string name = *host_of(item);
  const Host& host = hosts[name];
  if (host.login != Host::Login::in) {
    failed(item, {ErrorCode::unavailable, host.problem, {}});
    item.due = now() + options.quiet_interval;
    return;
  }
  const auto who = item.waiting.empty() ? Budget::Who::us : Budget::Who::user;
  if (const auto until = host.budget.blocked_until(who, now())) {
    const bool limited = host.budget.limited(now());
    failed(item,
           limited
               ? Error{ErrorCode::limit_exceeded, "the rate limit of GitHub is used up for now", {}}
               : Error{ErrorCode::unavailable, host.problem, {}});
    item.due = *until;
    return;
  }
  std::vector<Lookup> lookups = lookups_of(*item.standing);
  std::erase_if(lookups, [&](const Lookup& lookup) { return lookup.repository.host != name; });
  if (item.ask_held && item.row.number) {
    lookups.push_back({item.row.repository, item.standing->branch, item.row.number});
  }
  auto batch = std::find_if(round->batches.begin(), round->batches.end(), [&](const Batch& b) {
    return b.host == name && b.lookups.size() + lookups.size() <= kLookupsMax;
  });
  if (batch == round->batches.end()) {
    Batch fresh;
    fresh.host = name;
    batch = round->batches.insert(round->batches.end(), std::move(fresh));
  }
  batch->parts.push_back({item.subject.workspace, batch->lookups.size(), lookups.size()});
  for (auto& lookup : lookups) batch->lookups.push_back(std::move(lookup));
}

/// The review count travels with a question that is asked anyway, else alone.
void GithubService::Impl::add_review_counts() {
  for (auto& [name, host] : hosts) {
    if (host.login != Host::Login::in || host.review_due > now() + options.slack) continue;
    if (!is_used(name) || host.budget.blocked_until(Budget::Who::us, now())) continue;
    auto batch = std::find_if(round->batches.begin(), round->batches.end(),
                              [&, &name = name](const Batch& b) { return b.host == name; });
    if (batch == round->batches.end()) {
      Batch fresh;
      fresh.host = name;
      batch = round->batches.insert(round->batches.end(), std::move(fresh));
    }
    batch->review_count = true;
    host.review_due = now() + options.review_interval * host.budget.stretch();
  }
}

void GithubService::Impl::send_next() {
  while (round && !round->batches.empty()) {
    Batch batch = std::move(round->batches.front());
    round->batches.pop_front();
    const auto error = round->failed_hosts.find(batch.host);
    if (error == round->failed_hosts.end()) return send(std::move(batch));
    host_failed(batch, error->second);
  }
  end_round();
}

void GithubService::Impl::send(Batch batch) {
  http_client::Request request;
  request.method = "POST";
  request.url = graphql_url(options, batch.host);
  request.headers = {{"Authorization", "bearer " + hosts[batch.host].token},
                     {"Content-Type", "application/json"},
                     {"Accept", "application/vnd.github+json"},
                     {"User-Agent", options.user_agent}};
  request.body = make_question(batch.lookups, batch.review_count);
  request.connect_timeout = options.connect_timeout;
  request.timeout = options.request_timeout;
  deps.network.submit([post = poster(), &http = deps.http, request = std::move(request),
                       batch = std::move(batch)]() mutable {
    auto response = std::make_shared<Result<http_client::Response>>(http.send(request));
    post([response, batch = std::move(batch)](Impl& self) { self.answered(batch, *response); });
  });
}

void GithubService::Impl::end_round() {
  for (const auto& id : round->picked) {
    if (Tracked* item = find(id)) item->in_round = false;
  }
  round.reset();
  arm();
}

}  // namespace sb::github
