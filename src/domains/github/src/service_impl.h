#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sb/github/github_service.h"
#include "sb/http_client/client.h"

#include "budget.h"
#include "match.h"
#include "question.h"

namespace sb::github {

using Done = std::function<void(Result<void>)>;

/// A server that is, or may be, GitHub.
struct Host {
  enum class Login {
    untried,
    in,      ///< we have a token
    out,     ///< GitHub, but nobody is logged in, or the token was refused
    foreign  ///< not GitHub as far as we know
  };
  Login login = Login::untried;
  std::string token;
  Budget budget;       ///< of GraphQL
  Budget rest_budget;  ///< of conditional requests, whose limit is another one
  std::optional<MonoTime> last_ok;
  std::string problem;  ///< why the last request failed; empty: it did not
  MonoTime review_due{};
  std::optional<std::int64_t> review_count;
};

/// A workspace we watch.
struct Tracked {
  Subject subject;
  PrRow row;  ///< as committed; stamp 0: none
  std::optional<Standing> standing;
  MonoTime due{};
  std::optional<MonoTime> asked_at;  ///< when the last question began
  std::optional<MonoTime> hint_due;  ///< wanted by a hint that came after it
  MonoTime hot_until{};
  std::optional<MonoTime> idle_asked;  ///< an idle refresh that is not done yet
  std::optional<MonoTime> idle_ok;     ///< when the last successful one was asked for
  std::optional<MonoTime> without_checks_since;
  std::string without_checks_commit;
  int mergeable_tries = 0;
  std::vector<Repository> parents;  ///< of the forks among its repositories, as last answered
  bool in_round = false;            ///< asked about right now
  bool writing = false;             ///< its row is on the way to the disk
  bool ask_held = false;            ///< the held pull request fell out of the newest of its branch
  std::vector<Done> waiting;        ///< for the question that has begun
  std::vector<Done> next;           ///< for one that has not
};

/// A repository whose list of pull requests is watched by conditional requests.
struct Watched {
  std::string etag;
  MonoTime seen{};  ///< when GitHub last answered
};

/// One request: lookups of some workspaces at one host.
struct Batch {
  struct Part {
    model::WorkspaceId workspace;
    std::size_t first = 0, count = 0;  ///< of `lookups`
  };
  std::string host;
  std::vector<Lookup> lookups;
  std::vector<Part> parts;
  bool review_count = false;
  bool retried = false;  ///< with a fresh token
};

/// The questions asked together: read where the worktrees stand, find tokens, ask host by host.
struct Round {
  std::vector<model::WorkspaceId> picked;
  std::deque<Batch> batches;
  std::map<std::string, Error> failed_hosts;  ///< not asked again in this round
};

struct GithubService::Impl : std::enable_shared_from_this<GithubService::Impl> {
  Impl(Deps given, GithubOptions chosen);

  [[nodiscard]] MonoTime now() const { return deps.clock.mono_now(); }
  Tracked* find(const model::WorkspaceId& id);
  /// Runs `then` on the loop if this still lives and runs.
  [[nodiscard]] std::function<void(std::function<void(Impl&)>)> poster();

  // service_round.cc
  void arm();
  [[nodiscard]] std::optional<MonoTime> next_due() const;
  [[nodiscard]] bool is_used(const std::string& host) const;
  void begin_round();
  void pick(Round& fresh);
  using StandingsRead = std::vector<std::pair<model::WorkspaceId, Result<Standing>>>;
  void standings_read(StandingsRead read);
  void find_tokens();
  void look_up_tokens(std::vector<std::string> names, std::function<void(Impl&)> then);
  void set_token(const std::string& name, Result<std::string> token);
  void build_batches();
  void add_lookups(Tracked& tracked);
  void add_review_counts();
  void send_next();
  void send(Batch batch);
  void end_round();

  // service_probe.cc
  struct Probe {
    std::string key;  ///< of `watched`
    std::string host;
    http_client::Request request;
  };
  using Probed = std::vector<std::pair<Probe, Result<http_client::Response>>>;
  [[nodiscard]] bool is_quiet(const Tracked& item) const;
  [[nodiscard]] bool is_watched(const Tracked& item) const;
  void arm_probe();
  void begin_probe();
  [[nodiscard]] std::vector<Probe> make_probes();
  void probed(const Probed& answers);
  void list_changed(const std::string& key);
  void list_lost(const std::string& key);
  void want_soon(Tracked& item);

  // service_answer.cc
  void answered(Batch batch, const Result<http_client::Response>& response);
  void take_answer(const Batch& batch, const http_client::Response& response);
  void host_failed(const Batch& batch, const Error& error);
  void conclude(Tracked& tracked, const std::vector<PullRequest>& found);
  [[nodiscard]] PrRow to_row(Tracked& tracked, const PullRequest* chosen) const;
  [[nodiscard]] model::CiStatus checks_of(Tracked& tracked, const PullRequest& chosen) const;
  void forget_branch(Tracked& tracked);
  void commit(Tracked& tracked, PrRow next);
  void committed(const PrRow& row, const Result<bool>& written, std::function<void()> done);
  void succeeded(Tracked& tracked);
  void failed(Tracked& tracked, const Error& error);
  void answer_waiting(Tracked& tracked, const Result<void>& result);
  void tell_review_count();
  [[nodiscard]] std::chrono::nanoseconds interval(const Tracked& tracked) const;

  Deps deps;
  GithubOptions options;
  Listeners listeners;
  std::map<model::WorkspaceId, Tracked> tracked;
  std::map<std::string, Host> hosts;
  std::map<std::string, Watched> watched;
  std::optional<Round> round;
  std::optional<std::int64_t> told_review_count;
  Loop::TimerId timer = 0;
  MonoTime timer_at{};
  Loop::TimerId probe_timer = 0;
  bool probing = false;
  bool running = false;
  Counter& requests_ok;
  Counter& requests_failed;
  Counter& requests_unchanged;
};

}  // namespace sb::github
