#include <utility>

#include "sb/core/json_codec.h"

#include "service_impl.h"

// From what is known of a workspace to what is done about it.

namespace sb::ratchet {
namespace {

constexpr std::size_t kMarkBytes = 16;

}  // namespace

void RatchetService::Impl::take(Watched& held, const RatchetRow& row, bool toggled) {
  held.row = row;
  for (const auto& listener : listeners) listener(RatchetChanged{row, toggled});
}

std::size_t RatchetService::Impl::places_taken() const {
  std::size_t count = 0;
  for (const auto& [id, held] : watched) count += held.run || held.dispatching ? 1 : 0;
  return count;
}

void RatchetService::Impl::evaluate(const model::WorkspaceId& id, bool looked_again) {
  Watched* held = find(id);
  // While a decision is being written its end evaluates again.
  if (!begun || stopped || surroundings == nullptr || held == nullptr || held->writing) return;
  if (!held->row.enabled) return;
  auto worktree = surroundings->worktree(id);
  Situation situation;
  situation.enabled = true;
  situation.able = !options.command.empty() && worktree && places_taken() < options.fixers_max;
  situation.taken = held->run || held->row.mark || surroundings->taken(id);
  situation.pull = held->pull;
  situation.looked_again = looked_again;
  situation.rested = held->rested;
  situation.record = held->row.record;
  const Seen seen{id, held->row.stamp};
  const std::uint64_t stamp = next_stamp();
  switch (decide(situation)) {
    case Action::nothing:
      return;
    case Action::dispatch:
      return dispatch(id, *held, *std::move(worktree));
    case Action::reset:
      return step(
          id, [seen, stamp](auto& database) { return put_reset(database, seen, stamp); },
          [](const RatchetRow&) {});
    case Action::stall:
      deps.log.warn("auto-fix gave up", {kv("workspace", id.view())});
      return step(
          id, [seen, stamp](auto& database) { return put_stalled(database, seen, stamp); },
          [](const RatchetRow&) {});
  }
}

void RatchetService::Impl::evaluate_all() {
  std::vector<model::WorkspaceId> enabled;
  for (const auto& [id, held] : watched) {
    if (held.row.enabled) enabled.push_back(id);
  }
  for (const auto& id : enabled) evaluate(id);
}

void RatchetService::Impl::step(const model::WorkspaceId& id, Step job,
                                std::function<void(const RatchetRow&)> then) {
  find(id)->writing = true;
  write<MaybeRow>(std::move(job), [this, id, then = std::move(then)](const Result<MaybeRow>& row) {
    Watched* held = find(id);
    if (stopped || held == nullptr || !held->writing) return;  // released since
    held->writing = false;
    held->dispatching = false;
    if (!row) {
      deps.log.error("ratchet not written",
                     {kv("workspace", id.view()), kv("reason", row.error().message)});
      return;  // the next pass decides again
    }
    if (*row) {
      take(*held, **row, false);
      then(**row);
    }
    evaluate(id);
  });
}

void RatchetService::Impl::dispatch(const model::WorkspaceId& id, Watched& held,
                                    std::string worktree) {
  const Seen seen{id, held.row.stamp};
  const PullRequest pull = *held.pull;
  held.dispatching = true;
  step(
      id,
      [seen, key = key_of(pull), mark = random_hex(deps.random, kMarkBytes),
       now = deps.clock.wall_now(), stamp = next_stamp()](auto& database) {
        return put_dispatched(database, seen, key, mark, now, stamp);
      },
      [this, worktree = std::move(worktree), pull](const RatchetRow& row) {
        auto run = std::make_shared<Run>();
        run->fixer = {*row.mark, row.workspace, worktree, {}};
        run->readers = std::make_shared<process::OutputReaders>(deps.loop);
        Watched& sent = *find(row.workspace);
        sent.run = run;
        sent.readers = run->readers;
        deps.log.info("fixer sent", {kv("workspace", row.workspace.view()),
                                     kv("pull_request", pull.number.value_or(0)),
                                     kv("trouble", enum_text(row.record.key->state))});
        spawn(run, pull);
      });
}

/// Asks whether the pull request is still as a fixer left it.
void RatchetService::Impl::look(const model::WorkspaceId& id, Watched& held) {
  if (held.looking || surroundings == nullptr) return;
  held.looking = true;
  surroundings->look(
      id, [owner = weak_from_this(), id, stamp = held.row.stamp](const Result<void>& asked) {
        const auto self = owner.lock();
        Watched* now = self ? self->find(id) : nullptr;
        if (now == nullptr) return;
        now->looking = false;
        self->evaluate(id, asked && now->row.stamp == stamp);
      });
}

}  // namespace sb::ratchet
