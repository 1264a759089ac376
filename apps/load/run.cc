#include "run.h"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "handshakes.h"
#include "server_usage.h"

namespace sb::load {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;  // nanoseconds
constexpr std::uint64_t kConnectGap = 100'000;    // between two clients that begin
constexpr std::uint64_t kConnectPatience = 60 * kSecond;
constexpr std::uint64_t kRound = 1'000'000;      // of the loop without anything to do
constexpr std::uint64_t kLookGap = 100'000'000;  // between two comparisons
constexpr std::size_t kScratchBytes = 256U << 10U;
constexpr std::size_t kBirthsPerRequest = 500;
constexpr std::size_t kHandshakesAtOnce = 100;

double seconds(std::uint64_t nanos) {
  return static_cast<double>(nanos) / 1e9;
}

std::uint64_t nanos(double seconds) {
  return static_cast<std::uint64_t>(seconds * 1e9);
}

/// One plain read beside the clients.
class Fetch final : public Watched {
 public:
  Fetch(Shared& shared, const std::string& target)
      : fd_(connect_to(shared.options.host, shared.options.port)),
        request_(get_request(shared.request(target), false)),
        bytes_(kScratchBytes) {
    if (fd_.open()) shared.poller.watch(fd_.get(), *this, 4 /* EPOLLOUT */);
    shared_ = &shared;
  }
  void on_ready(std::uint32_t) override {
    if (!asked_) {
      asked_ = true;
      shared_->poller.change(fd_.get(), *this, 1 /* EPOLLIN */);
      (void)::write(fd_.get(), request_.data(), request_.size());
      return;
    }
    const ssize_t got = ::read(fd_.get(), bytes_.data(), bytes_.size());
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      failed_ = true;
      return;
    }
    answer_.append(bytes_.data(), static_cast<std::size_t>(got));
  }
  [[nodiscard]] bool failed() const { return failed_ || !fd_.open(); }
  /// The body once it is there.
  [[nodiscard]] std::optional<std::string_view> body() const {
    const Unit unit = read_answer(answer_);
    if (unit.what != Unit::What::head || unit.status != 200) return std::nullopt;
    return unit.payload;
  }

 private:
  Shared* shared_ = nullptr;
  UniqueFd fd_;
  std::string request_;
  std::string answer_;
  std::vector<char> bytes_;
  bool asked_ = false;
  bool failed_ = false;
};

}  // namespace

bool Outcome::right() const {
  return findings.violations == 0 && findings.resets == 0 && lost == 0 && equal == clients;
}

Run::Run(const Options& options)
    : options_(options),
      shared_{.options = options,
              .poller = {},
              .reader = {},
              .deliveries = {},
              .findings = {},
              .random = std::mt19937_64(options.seed),
              .authority = fmt::format("{}:{}", options.host, options.port),
              .scratch = std::vector<char>(kScratchBytes),
              .baselines = {}},
      publisher_(shared_),
      maker_(options, shared_.reader) {}

std::uint32_t Run::readers() const {
  return static_cast<std::uint32_t>(
      std::count_if(clients_.begin(), clients_.end(),
                    [](const auto& client) { return client->counts() && !client->stalled(); }));
}

Result<void> Run::bring_about() {
  if (options_.entries_there || options_.unchecked) return {};
  for (std::size_t i = 0; i < options_.workspaces; i += kBirthsPerRequest) {
    publisher_.submit(maker_.births(i, std::min(i + kBirthsPerRequest, options_.workspaces)));
  }
  const std::uint64_t until = mono_nanos() + kConnectPatience;
  while (publisher_.waiting() > 0) {
    if (mono_nanos() > until) return fail(ErrorCode::unavailable, "the server takes no events");
    shared_.poller.run(mono_nanos() + kRound);
  }
  return {};
}

Result<void> Run::connect_all() {
  std::uint64_t at = mono_nanos();
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    for (std::size_t i = 0; i < options_.clients[kind]; ++i) {
      clients_.push_back(std::make_unique<Subscriber>(shared_, static_cast<Kind>(kind)));
      clients_.back()->start(at += kConnectGap);
    }
  }
  const std::uint64_t until = mono_nanos() + kConnectPatience;
  for (;;) {
    const auto away = std::count_if(clients_.begin(), clients_.end(),
                                    [](const auto& client) { return !client->live(); });
    if (away == 0) return {};
    if (mono_nanos() > until) {
      return fail(ErrorCode::unavailable, fmt::format("{} clients got no baseline", away));
    }
    for (int i = 0; i < 10; ++i) shared_.poller.run(mono_nanos() + kRound);
  }
}

// How long somebody was away, from the first one lost to the last one back: of a server that
// restarts, not of clients that are cut.
void Run::watch_outages(std::uint64_t now) {
  if (shared_.cutting) return;
  const bool all = std::all_of(clients_.begin(), clients_.end(), [](const auto& client) {
    return client->live() || client->stalled();
  });
  if (all && outage_began_ != 0) {
    longest_outage_ = std::max(longest_outage_, now - std::exchange(outage_began_, 0));
  } else if (!all && outage_began_ == 0) {
    outage_began_ = now;
  }
}

Phase Run::send_events(std::string name, double duration) {
  Phase phase;
  phase.name = std::move(name);
  const Findings before = shared_.findings;
  const std::uint64_t accepted = publisher_.accepted();
  const std::uint64_t cpu = cpu_nanos(options_.pid);
  const std::uint64_t own_cpu = cpu_nanos(getpid());
  const std::uint64_t began = mono_nanos();
  const std::uint64_t until = began + nanos(duration);
  const std::uint32_t to = readers();
  shared_.deliveries.start_measuring(began);
  std::uint64_t sent = 0;
  std::uint64_t look_at = began;
  for (std::uint64_t now = began; now < until; now = mono_nanos()) {
    EventBatch batch;
    std::uint64_t next_at = until;
    if (options_.window > 0) {
      while (shared_.deliveries.outstanding() < options_.window) {
        maker_.next(batch, shared_.deliveries, now, to);
        ++sent;
      }
    } else if (options_.rate > 0) {
      for (;; ++sent) {
        const auto due = began + nanos(static_cast<double>(sent) / options_.rate);
        if (due > now) {
          next_at = due;
          break;
        }
        maker_.next(batch, shared_.deliveries, due, to);
      }
    }
    if (batch.events > 0) publisher_.submit(EventMaker::finished(std::move(batch)));
    shared_.poller.run(std::min(next_at, now + kRound));
    if (now >= look_at) {
      watch_outages(now);
      look_at = now + kLookGap / 10;
    }
  }
  phase.seconds = seconds(mono_nanos() - began);
  phase.events = options_.unchecked ? sent : publisher_.accepted() - accepted;
  phase.operations = shared_.findings.operations - before.operations;
  phase.messages = shared_.findings.messages - before.messages;
  phase.bytes = shared_.findings.bytes - before.bytes;
  phase.cpu_nanos = cpu_nanos(options_.pid) - cpu;
  phase.own_cpu_nanos = cpu_nanos(getpid()) - own_cpu;
  phase.resident = resident_bytes(options_.pid);
  phase.each = shared_.deliveries.each;
  phase.last = shared_.deliveries.last;
  phase.deliveries = phase.each.count();
  return phase;
}

void Run::stall(bool stalled) {
  const auto count =
      static_cast<std::size_t>(options_.stall_percent / 100 * static_cast<double>(clients_.size()));
  // From all kinds alike.
  for (std::size_t i = 0; i < count; ++i) {
    clients_[i * clients_.size() / count]->set_stalled(stalled);
  }
}

void Run::measure_handshakes(Outcome& outcome) {
  std::vector<std::unique_ptr<Handshaker>> shakers;
  const std::uint64_t began = mono_nanos();
  for (std::size_t i = 0; i < kHandshakesAtOnce; ++i) {
    shakers.push_back(std::make_unique<Handshaker>(shared_, outcome.handshakes));
    shakers.back()->start();
  }
  const std::uint64_t until = began + nanos(options_.handshakes);
  while (mono_nanos() < until) shared_.poller.run(until);
  outcome.handshake_seconds = seconds(mono_nanos() - began);
  for (const auto& shaker : shakers) shaker->stop();
}

std::shared_ptr<const Message> Run::snapshot() {
  Fetch fetch(shared_, fmt::format("/api/projects/{}/snapshot", options_.project));
  while (!fetch.failed()) {
    if (const auto body = fetch.body()) return shared_.reader.read_uncached(*body);
    shared_.poller.run(mono_nanos() + kRound);
  }
  return nullptr;
}

// Everybody shows what the server shows, some time after the last event.
void Run::settle(Outcome& outcome) {
  const std::uint64_t began = mono_nanos();
  const std::uint64_t until = began + static_cast<std::uint64_t>(options_.settle_seconds) * kSecond;
  while (publisher_.waiting() > 0 && mono_nanos() < until) {
    shared_.poller.run(mono_nanos() + kRound);
  }
  std::vector<bool> hidden(1);  // what dialect 2 leaves out of an entry
  for (const char* name : {"version", "computedAt", "source", "fieldTimestamps"}) {
    const std::uint32_t field = shared_.reader.fields.number_of(name);
    hidden.resize(std::max<std::size_t>(hidden.size(), field + 1));
    hidden[field] = true;
  }
  const std::uint32_t column = shared_.reader.fields.number_of("kanbanColumn");
  const auto working =
      shared_.reader.read_uncached(R"({"entries":[{"workspaceId":"?","kanbanColumn":"WORKING"}]})");
  const std::uint64_t wanted_column = working->ops.front().image->fields[column];
  bool released = options_.stall_percent <= 0;
  for (;;) {
    const auto truth = snapshot();
    if (truth != nullptr) {
      std::vector<Replica::Held> all(shared_.reader.workspaces.size());
      std::vector<Replica::Held> some(all.size());
      for (const Op& op : truth->ops) {
        all[op.workspace] = {op.image, op.revision};
        const auto& fields = op.image->fields;
        if (column < fields.size() && fields[column] == wanted_column)
          some[op.workspace] = all[op.workspace];
      }
      outcome.lost = 0;
      const auto& confirmed = publisher_.confirmed();
      for (std::size_t i = 0; i < confirmed.size(); ++i) {
        if (confirmed[i] > 0 && (!all[i].image || all[i].image->mark < confirmed[i]))
          ++outcome.lost;
      }
      std::size_t stalled = 0;
      outcome.equal = 0;
      for (const auto& client : clients_) {
        const auto& wanted = client->kind() == Kind::sync_where ? some : all;
        if (client->stalled()) {
          ++stalled;
        } else if (client->live() && client->replica().equals(wanted, hidden)) {
          ++outcome.equal;
        }
      }
      outcome.settle_seconds = seconds(mono_nanos() - began);
      if (outcome.equal + stalled == clients_.size() && !released) {
        stall(false);
        released = true;
      } else if (outcome.equal == clients_.size()) {
        return;
      }
    }
    if (mono_nanos() > until) return;
    const std::uint64_t next = mono_nanos() + kLookGap;
    while (mono_nanos() < next) shared_.poller.run(next);
    watch_outages(mono_nanos());
  }
}

Result<Outcome> Run::go() {
  Outcome outcome;
  outcome.checked = !options_.unchecked;
  if (options_.handshakes > 0) measure_handshakes(outcome);
  SB_TRY_VOID(bring_about());
  outcome.resident_before = resident_bytes(options_.pid);
  const std::uint64_t began = mono_nanos();
  SB_TRY_VOID(connect_all());
  outcome.connect_seconds = seconds(mono_nanos() - began);
  outcome.resident_connected = resident_bytes(options_.pid);
  outcome.clients = outcome.connected = clients_.size();
  for (std::size_t i = 0; i < options_.baseline_readers; ++i) {
    baseline_readers_.push_back(std::make_unique<BaselineReader>(shared_));
    baseline_readers_.back()->start();
  }
  if (options_.warm_up > 0) (void)send_events("warm-up", options_.warm_up);
  shared_.cutting = options_.cut_every > 0;
  for (const auto& client : clients_) client->plan_cut();
  if (options_.stall_percent > 0) {
    outcome.phases.push_back(send_events("all read", options_.seconds / 2));
    stall(true);
    outcome.phases.push_back(send_events("some stalled", options_.seconds / 2));
  } else if (options_.seconds > 0) {
    outcome.phases.push_back(send_events("events", options_.seconds));
  }
  shared_.cutting = false;
  for (const auto& reader : baseline_readers_) reader->stop();
  if (outcome.checked) {
    settle(outcome);
  } else {
    outcome.equal = outcome.clients;
  }
  outcome.findings = shared_.findings;
  outcome.accepted = publisher_.accepted();
  outcome.repeated = publisher_.repeated();
  outcome.baselines = shared_.baselines;
  outcome.baseline_bytes = shared_.baseline_bytes;
  outcome.first_baseline_at = shared_.first_baseline_at;
  outcome.longest_outage = seconds(longest_outage_);
  return outcome;
}

}  // namespace sb::load
