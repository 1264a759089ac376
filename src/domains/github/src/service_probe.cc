#include <algorithm>

#include "rate_headers.h"
#include "service_impl.h"
#include "token.h"

// Quiet repositories are watched by conditional requests, which cost nothing as long as nothing
// moves: one for the list of pull requests, which moves when one is opened, pushed to, closed,
// merged or reopened. What it says is a hint and no more: values come from a question. It does not
// move with checks or conflicts, so workspaces with an open pull request are asked about as before.

namespace sb::github {
namespace {

constexpr std::size_t kWatchedMax = 20;  // repositories; what is beyond is asked about as before
constexpr std::size_t kListedMax = 10;   // pull requests in a list: several move in one second
constexpr std::size_t kListBytesMax = 4U << 20U;
constexpr int kOk = 200;
constexpr int kNotModified = 304;

std::string key_of(const Repository& repository) {
  std::string key = repository.host + "/" + repository.owner + "/" + repository.name;
  std::transform(key.begin(), key.end(), key.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return key;
}

/// Where a pull request of this workspace can be.
std::vector<Repository> repositories_of(const Tracked& item) {
  std::vector<Repository> all = item.parents;
  for (const Lookup& lookup : lookups_of(*item.standing)) all.push_back(lookup.repository);
  return all;
}

}  // namespace

/// Nothing is expected of GitHub but a new pull request, or the return of an old one.
bool GithubService::Impl::is_quiet(const Tracked& item) const {
  return item.row.observed && (!item.row.number || !is_open(item.row.state)) &&
         item.hot_until <= now() && item.standing && !item.standing->branch.empty() &&
         !item.standing->heads.empty();
}

bool GithubService::Impl::is_watched(const Tracked& item) const {
  if (!is_quiet(item)) return false;
  const auto all = repositories_of(item);
  return std::all_of(all.begin(), all.end(), [&](const Repository& repository) {
    const auto found = watched.find(key_of(repository));
    return found != watched.end() && now() - found->second.seen < 2 * options.probe_interval;
  });
}

void GithubService::Impl::arm_probe() {
  if (!running || probing || probe_timer != 0) return;
  probe_timer = deps.loop.after(options.probe_interval, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->probe_timer = 0;
    self->begin_probe();
  });
}

/// Does nothing, and is not armed again, once nothing is quiet.
void GithubService::Impl::begin_probe() {
  auto probes = make_probes();
  std::erase_if(watched, [&](const auto& item) {
    return std::none_of(probes.begin(), probes.end(),
                        [&](const Probe& probe) { return probe.key == item.first; });
  });
  if (probes.empty()) {
    const bool any_quiet = std::any_of(tracked.begin(), tracked.end(),
                                       [&](const auto& item) { return is_quiet(item.second); });
    return any_quiet ? arm_probe() : void();
  }
  probing = true;
  deps.network.submit([post = poster(), &http = deps.http, probes = std::move(probes)] {
    auto answers = std::make_shared<Probed>();
    std::vector<std::string> silent;  // hosts that did not answer: the others need not wait for it
    for (const Probe& probe : probes) {
      if (std::find(silent.begin(), silent.end(), probe.host) != silent.end()) continue;
      answers->emplace_back(probe, http.send(probe.request));
      if (!answers->back().second) silent.push_back(probe.host);
    }
    post([answers](Impl& self) { self.probed(*answers); });
  });
}

std::vector<GithubService::Impl::Probe> GithubService::Impl::make_probes() {
  std::vector<Probe> probes;
  for (const auto& [id, item] : tracked) {
    if (!is_quiet(item)) continue;
    for (const Repository& repository : repositories_of(item)) {
      const Host& host = hosts[repository.host];
      Probe probe{key_of(repository), repository.host, {}};
      const bool asked = std::any_of(probes.begin(), probes.end(),
                                     [&](const Probe& other) { return other.key == probe.key; });
      if (asked || probes.size() == kWatchedMax || host.login != Host::Login::in ||
          host.budget.blocked_until(Budget::Who::us, now()) ||
          host.rest_budget.blocked_until(Budget::Who::us, now())) {
        continue;
      }
      probe.request.url =
          rest_url(options, repository.host) + "/repos/" + repository.owner + "/" +
          repository.name +
          "/pulls?state=all&sort=updated&direction=desc&per_page=" + std::to_string(kListedMax);
      probe.request.headers = {{"Authorization", "bearer " + host.token},
                               {"Accept", "application/vnd.github+json"},
                               {"X-GitHub-Api-Version", "2022-11-28"},
                               {"User-Agent", options.user_agent}};
      if (const auto known = watched.find(probe.key); known != watched.end()) {
        probe.request.headers.emplace_back("If-None-Match", known->second.etag);
      }
      probe.request.connect_timeout = options.connect_timeout;
      probe.request.timeout = options.request_timeout;
      probe.request.body_bytes_max = kListBytesMax;
      probes.push_back(std::move(probe));
    }
  }
  return probes;
}

void GithubService::Impl::probed(const Probed& answers) {
  probing = false;
  std::vector<std::string> lost;
  lost.reserve(watched.size());
  for (const auto& [key, one] : watched) lost.push_back(key);
  for (const auto& [probe, response] : answers) {
    if (!response) {
      requests_failed.add();
      continue;
    }
    Host& host = hosts[probe.host];
    if (says_rate_limit(*response)) {
      host.rest_budget.throttled(retry_after(*response), rate_of(*response), server_time(*response),
                                 now());
    }
    const auto known = watched.find(probe.key);
    const bool unchanged = response->status == kNotModified && known != watched.end();
    const auto etag = response->header("etag");
    if (!unchanged && (response->status != kOk || !etag)) {
      requests_failed.add();
      continue;
    }
    host.rest_budget.answered(rate_of(*response), server_time(*response), now());
    std::erase(lost, probe.key);
    if (unchanged) {
      requests_unchanged.add();
      known->second.seen = now();
      continue;
    }
    requests_ok.add();
    watched.insert_or_assign(probe.key, Watched{std::string(*etag), now()});
    list_changed(probe.key);
  }
  for (const auto& key : lost) list_lost(key);
  arm_probe();
}

/// Also whoever is being asked about: the answer under way may be older than the move.
void GithubService::Impl::list_changed(const std::string& key) {
  for (auto& [id, item] : tracked) {
    const bool under_way = (item.in_round || item.writing) && item.standing;
    if (!under_way && !is_quiet(item)) continue;
    const auto all = repositories_of(item);
    if (std::any_of(all.begin(), all.end(),
                    [&](const Repository& repository) { return key_of(repository) == key; })) {
      want_soon(item);
    }
  }
}

/// Not watched any more: who relied on it is asked about as often as before.
void GithubService::Impl::list_lost(const std::string& key) {
  watched.erase(key);
  for (auto& [id, item] : tracked) {
    if (!is_quiet(item) || is_watched(item) || !item.asked_at) continue;
    item.due = std::min<MonoTime>(item.due, *item.asked_at + options.quiet_interval);
  }
  arm();
}

/// A hint came: what follows it within a moment is one question.
void GithubService::Impl::want_soon(Tracked& item) {
  MonoTime wanted = now() + options.hint_delay;
  if (item.asked_at) wanted = std::max<MonoTime>(wanted, *item.asked_at + options.hint_gap);
  item.hint_due = std::min(wanted, item.hint_due.value_or(wanted));
  item.due = std::min(item.due, *item.hint_due);
  arm();
}

}  // namespace sb::github
