#include "producer.h"

#include <algorithm>

namespace sb::sim {

using namespace std::chrono_literals;
using model::Field;

namespace {

constexpr int kIdsPerCollection = 2;
constexpr int kTriesMax = 20;

}  // namespace

Producer::Producer(Env& env, int source, bool sequenced)
    : env_(&env), source_(source), sequenced_(sequenced) {}

void Producer::act(const World& world) {
  auto& rng = env_->rng;
  if (env_->strikes(env_->swarm.producer_restart)) return restart();
  int workspace = rng.below(env_->swarm.workspaces);
  if (env_->strikes(env_->swarm.hot_key)) workspace = 0;
  const int owner = owner_of(workspace, env_->swarm.producers);
  Subject& subject = truth_[workspace];
  if (owner == source_) {
    if (!subject.exists) return send(speak(workspace, Say::state));
    if (rng.percent(env_->swarm.churn)) {
      return send(speak(workspace, rng.percent(50) ? Say::removed : Say::state));
    }
  } else if (owner == kOwn ? !world.rows.contains(workspace)
                           : !rng.percent(env_->swarm.shared_facts)) {
    return;
  }
  static constexpr std::array<Say, 15> kOften{
      Say::updated,  Say::session, Say::session,  Say::session_removed, Say::activity,
      Say::request,  Say::pr,      Say::pr_url,   Say::toggled,         Say::ratchet,
      Say::dispatch, Say::script,  Say::terminal, Say::auto_iteration,  Say::facts};
  send(speak(workspace, kOften.at(rng.below(kOften.size()))));
}

void Producer::state(Statement& statement, Field field, std::int64_t value) {
  statement.set(field, value);
}

void Producer::say_state(Statement& s, Subject& subject) {
  auto& rng = env_->rng;
  constexpr std::array<int, 3> kProjectsOfEvents{0, 2, 3};
  const auto project = subject.scalars.find(Field::projectId);
  const bool moves =
      project == subject.scalars.end() || !subject.exists || rng.percent(env_->swarm.churn / 2);
  state(s, Field::projectId,
        moves ? kProjectsOfEvents.at(rng.below(kProjectsOfEvents.size())) : project->second);
  // ARCHIVED removes, and has a statement of its own.
  const int status = rng.percent(60) ? 2 : rng.below(5);
  state(s, Field::status, status);
  state(s, Field::name, next_version());
  if (rng.percent(40)) state(s, Field::branchName, next_version());
  if (rng.percent(40)) state(s, Field::createdAt, next_version());
}

Statement Producer::speak(int workspace, Say say) {
  auto& rng = env_->rng;
  Subject& subject = truth_[workspace];
  const bool owns = owner_of(workspace, env_->swarm.producers) == source_;
  Statement s;
  s.say = say;
  s.source = source_;
  s.workspace = workspace;
  s.version = ++env_->versions;
  const int id = rng.below(kIdsPerCollection);
  const auto flag = [&] { return static_cast<std::int64_t>(rng.below(2)); };
  const auto maybe_null = [&](std::int64_t value) { return rng.percent(20) ? kNull : value; };
  switch (say) {
    case Say::state:
      say_state(s, subject);
      break;
    case Say::updated:
      if (owns && rng.percent(60)) state(s, Field::name, next_version());
      if (owns && rng.percent(30)) state(s, Field::branchName, maybe_null(next_version()));
      if (!owns && rng.percent(10)) s.set(Field::name, next_version());  // not its to say
      if (rng.percent(50)) state(s, Field::mode, flag());
      if (rng.percent(40)) state(s, Field::autoIterationStatus, maybe_null(rng.below(7)));
      if (rng.percent(20)) state(s, Field::hasHadSessions, flag());
      break;
    case Say::session:
      s.elements.push_back({Field::sessionSummaries, id,
                            next_version() * kSessionFlags + rng.below(kSessionFlags), false});
      break;
    case Say::session_removed:
      s.elements.push_back({Field::sessionSummaries, id, 0, true});
      break;
    case Say::activity:
      // Said of a session nobody knows: it speaks for the whole workspace.
      state(s, Field::isWorking, flag());
      state(s, Field::hasHadSessions, 1);
      s.elements.push_back({Field::sessionSummaries, id, s.scalars.front().value, false});
      break;
    case Say::request:
      s.elements.push_back({Field::pendingRequests, rng.below(2 * kIdsPerCollection), rng.below(3),
                            rng.percent(40)});
      break;
    case Say::pr:
      state(s, Field::prNumber, maybe_null(1 + rng.below(3)));
      state(s, Field::prState, rng.below(7));
      state(s, Field::prCiStatus, rng.below(4));
      if (rng.percent(40)) state(s, Field::prUrl, maybe_null(1 + rng.below(3)));
      if (rng.percent(40)) state(s, Field::prReviewState, maybe_null(flag()));
      if (rng.percent(40)) state(s, Field::hasMergeConflict, flag());
      if (rng.percent(30)) state(s, Field::prUpdatedAt, next_version());
      break;
    case Say::pr_url:
      state(s, Field::prUrl, maybe_null(1 + rng.below(3)));
      break;
    case Say::toggled:
      state(s, Field::ratchetEnabled, flag());
      break;
    case Say::ratchet:
      state(s, Field::ratchetState, rng.below(7));
      if (rng.percent(40)) state(s, Field::prCiStatus, rng.below(4));
      break;
    case Say::dispatch:
      state(s, Field::ratchetDispatchOutcome, maybe_null(rng.below(3)));
      state(s, Field::ratchetDispatchRetryCount, next_version());
      state(s, Field::ratchetDispatchStalled, flag());
      break;
    case Say::script:
      state(s, Field::runScriptStatus, rng.below(6));
      if (rng.percent(70)) state(s, Field::runScriptPort, next_version());
      break;
    case Say::terminal:
      s.elements.push_back({Field::terminals, id,
                            next_version() * kTerminalFlags + rng.below(kTerminalFlags), false});
      break;
    case Say::auto_iteration:
      state(s, Field::mode, flag());
      state(s, Field::autoIterationStatus, maybe_null(rng.below(7)));
      break;
    case Say::facts:
      state(s, Field::pendingRequestType, maybe_null(rng.below(3)));
      if (rng.percent(50)) state(s, Field::isWorking, flag());
      if (rng.percent(30)) state(s, Field::ratchetState, rng.below(7));
      if (rng.percent(50)) {
        s.whole.insert(Field::sessionSummaries);
        for (int each = 0; each < kIdsPerCollection; ++each) {
          if (rng.percent(40)) continue;
          s.elements.push_back({Field::sessionSummaries, each,
                                next_version() * kSessionFlags + rng.below(kSessionFlags), false});
        }
      }
      break;
    case Say::removed:
    case Say::synced:
      break;
  }
  remember(s);
  return s;
}

// Its own truth moves whether or not anybody hears of it.
void Producer::remember(const Statement& s) {
  Subject& subject = truth_[s.workspace];
  if (s.say == Say::removed) {
    subject = {};
    return;
  }
  if (s.say == Say::state) subject.exists = true;
  subject.spoken = subject.spoken || !s.says_nothing();
  const bool owns = owner_of(s.workspace, env_->swarm.producers) == source_;
  const bool contradicts = !owns && s.find(Field::name) != nullptr;
  if (contradicts) return;
  for (const Scalar& scalar : s.scalars) subject.scalars[scalar.field] = scalar.value;
  std::erase_if(subject.elements,
                [&](const auto& held) { return s.whole.contains(held.first.first); });
  if (s.say == Say::activity) return;
  for (const Element& element : s.elements) {
    if (element.removed) {
      subject.elements.erase({element.collection, element.id});
    } else {
      subject.elements[{element.collection, element.id}] = element.value;
    }
  }
}

void Producer::restart() {
  ++life_;
  sequence_ = 0;
  batch_.clear();
  env_->judge.note("producer " + std::to_string(source_) + " begins life " + std::to_string(life_));
  restate();
}

void Producer::restate() {
  for (const auto& [workspace, subject] : truth_) {
    const bool owns = owner_of(workspace, env_->swarm.producers) == source_;
    if (!subject.spoken || (owns && !subject.exists)) continue;
    Statement s;
    s.source = source_;
    s.workspace = workspace;
    s.version = env_->versions;
    for (const auto& [field, value] : subject.scalars) s.set(field, value);
    s.whole = {Field::sessionSummaries, Field::pendingRequests, Field::terminals};
    for (const auto& [key, value] : subject.elements) {
      s.elements.push_back({key.first, key.second, value, false});
    }
    send(std::move(s));
  }
  for (const int project : {0, 1, 2, 3}) {
    Statement synced;
    synced.say = Say::synced;
    synced.source = source_;
    synced.project = project;
    send(std::move(synced));
  }
  flush();
}

void Producer::send(Statement statement) {
  Server::Incoming event;
  event.statement = std::make_shared<const Statement>(std::move(statement));
  event.id = "e" + std::to_string(++ids_);
  event.epoch = "life" + std::to_string(life_);
  if (sequenced_) event.sequence = ++sequence_;
  batch_.push_back(std::move(event));
  if (!env_->strikes(env_->swarm.event_batched)) flush();
}

void Producer::flush() {
  if (batch_.empty()) return;
  const auto batch = std::exchange(batch_, {});
  if (env_->strikes(env_->swarm.event_lost)) {
    env_->judge.note("event " + batch.front().id + " of producer " + std::to_string(source_) +
                     " is lost");
    return;
  }
  transmit(batch, life_, 0);
  if (sequenced_ && env_->strikes(env_->swarm.event_twice)) {
    auto again = batch;
    // Sent again by the network (same id) or by the producer (another id, the same number).
    if (env_->rng.percent(50)) {
      for (auto& event : again) event.id += "b";
    }
    transmit(again, life_, 0);
  }
}

void Producer::transmit(const std::vector<Server::Incoming>& batch, int life, int tries) {
  MonoTime arrives = env_->loop.mono_now() + env_->delay_up_to(env_->swarm.event_delay_max);
  if (!sequenced_) {
    arrives = std::max(arrives, last_arrival_);
    last_arrival_ = arrives;
  }
  env_->loop.after(arrives - env_->loop.mono_now(), [this, batch, life, tries] {
    const auto again = [this, batch, life, tries] {
      if (tries >= kTriesMax || !sequenced_) return;
      env_->loop.after(10ms, [this, batch, life, tries] { transmit(batch, life, tries + 1); });
    };
    if (server_ == nullptr || !server_->ready()) return again();
    // A life is first heard of in its turn; one that never was is over with its successor.
    if (life != life_ && !server_->knows_life(source_, batch.front().epoch)) return;
    auto acknowledged = std::make_shared<bool>(false);
    server_->submit(batch, [acknowledged] { *acknowledged = true; });
    if (!sequenced_) return;
    env_->loop.after(40ms, [acknowledged, again] {
      if (!*acknowledged) again();
    });
  });
}

}  // namespace sb::sim
