#include "sb/ratchet/ratchet_service.h"

#include <algorithm>
#include <set>

#include "sb/core/json_codec.h"
#include "sb/core/json_value.h"

#include "service_impl.h"

namespace sb::ratchet {
namespace {

/// The row after a turn of the switch, which may have stood there already.
struct Toggled {
  RatchetRow row;
  bool changed = false;
};

Result<Toggled> toggle(sqlite::Database& database, const model::WorkspaceId& id, bool enabled,
                       std::uint64_t stamp) {
  SB_TRY(auto row, put_enabled(database, id, enabled, stamp));
  if (row) return Toggled{*std::move(row), true};
  SB_TRY(row, find_row(database, id));
  if (!row) return fail(ErrorCode::internal, "the row of the switch is gone");
  return Toggled{*std::move(row), false};
}

}  // namespace

Result<std::vector<std::string>> parse_command(std::string_view text) {
  if (text.empty()) return std::vector<std::string>();
  if (text.size() > RatchetService::kCommandBytesMax) {
    return fail(ErrorCode::invalid_argument, "the command is too long");
  }
  JsonDocument document;
  const std::string copy(text);
  SB_TRY(const JsonValue json, document.parse(copy));
  SB_TRY(auto words, from_json<std::vector<std::string>>(json, "$"));
  if (words.size() > RatchetService::kCommandWordsMax) {
    return fail(ErrorCode::invalid_argument, "the command has too many words");
  }
  if (words.empty() || words.front().empty()) {
    return fail(ErrorCode::invalid_argument, "the command is empty");
  }
  for (const auto& word : words) {
    if (word.find('\0') != std::string::npos) {
      return fail(ErrorCode::invalid_argument, "a word of the command holds a NUL");
    }
  }
  return words;
}

void RatchetService::Impl::delete_and_answer(const model::WorkspaceId& id,
                                             std::vector<std::function<void()>> waiters) {
  watched.erase(id);
  write<bool>(
      [id](sqlite::Database& database) -> Result<bool> {
        SB_TRY_VOID(delete_row(database, id));
        return true;
      },
      [this, id, waiters = std::move(waiters)](const Result<bool>& deleted) {
        if (!deleted) {
          deps.log.error("ratchet row not deleted",
                         {kv("workspace", id.view()), kv("reason", deleted.error().message)});
        }
        for (const auto& waiter : waiters) waiter();
      });
}

/// What a read saw is newer than what is held: answers of the database come in its order.
void RatchetService::Impl::keep(const Contents& contents) {
  std::set<model::WorkspaceId> present;
  for (const auto& row : contents.rows) {
    present.insert(row.workspace);
    watched[row.workspace].row = row;
  }
  for (auto& [id, held] : watched) {
    if (!present.contains(id)) held.row = RatchetRow{};
  }
}

/// A row that says something runs which does not: an end was missed, or others changed the row.
void RatchetService::Impl::repair(const RatchetRow& row) {
  const Watched* held = find(row.workspace);
  const bool ours = held != nullptr && held->run && row.mark == held->run->fixer.id;
  const bool running = row.record.outcome == model::RatchetDispatchOutcome::RUNNING || row.mark;
  if (!running || ours || leftovers.contains(row.workspace)) return;
  deps.log.warn("a fixer was lost", {kv("workspace", row.workspace.view())});
  sweep(row.mark.value_or(""), std::nullopt, [this, row] {
    const EndOfFixer end{std::nullopt, "Nothing of it runs any more.", deps.clock.wall_now()};
    write<MaybeRow>([id = row.workspace, mark = row.mark, end, stamp = next_stamp()](
                        auto& database) { return put_ended(database, id, mark, end, stamp); },
                    [this, id = row.workspace](const Result<MaybeRow>& written) {
                      Watched* now = find(id);
                      if (!stopped && now != nullptr && written && *written)
                        take(*now, **written, false);
                    });
  });
}

RatchetService::RatchetService(Deps deps, RatchetOptions options)
    : impl_(std::make_shared<Impl>(std::move(deps), std::move(options))) {}
RatchetService::~RatchetService() = default;

void RatchetService::on_event(std::function<void(const RatchetChanged&)> listener) {
  impl_->listeners.push_back(std::move(listener));
}

void RatchetService::plug(Surroundings* surroundings) {
  impl_->surroundings = surroundings;
}

void RatchetService::plug(FixerSessions* sessions) {
  impl_->sessions = sessions;
}

Result<Contents> RatchetService::load() {
  Contents contents;
  const auto read = [&contents](sqlite::Database& database) -> Result<void> {
    SB_TRY(contents.rows, read_rows(database));
    return {};
  };
  if (auto done = impl_->deps.writer.run(read); !done) return std::move(done).error();
  for (const auto& row : contents.rows) impl_->deps.counter.raise(row.stamp);
  const std::uint64_t stamp = impl_->next_stamp();
  auto reset = impl_->deps.writer.run([&](sqlite::Database& database) -> Result<void> {
    SB_TRY_VOID(reset_after_crash(database, impl_->deps.clock.wall_now(), stamp));
    return read(database);
  });
  if (!reset) return std::move(reset).error();
  for (const auto& row : contents.rows) {
    impl_->watched[row.workspace].row = row;
    if (row.mark) impl_->leftovers[row.workspace].first = *row.mark;
  }
  contents.fence = impl_->next_stamp();
  return contents;
}

void RatchetService::begin() {
  impl_->begun = true;
  for (const auto& [id, leftover] : impl_->leftovers) {
    impl_->sweep(leftover.first, std::nullopt,
                 [impl = impl_.get(), id = id, mark = leftover.first] {
                   impl->write<bool>(
                       [mark](sqlite::Database& database) -> Result<bool> {
                         SB_TRY_VOID(clear_mark(database, mark));
                         return true;
                       },
                       [impl, id](const Result<bool>& cleared) {
                         if (!cleared) {
                           impl->deps.log.error("ratchet not cleared",
                                                {kv("reason", cleared.error().message)});
                         }
                         const auto waiters = std::move(impl->leftovers[id].second);
                         impl->leftovers.erase(id);
                         if (Watched* held = impl->find(id)) held->row.mark.reset();
                         for (const auto& waiter : waiters) waiter();
                         impl->evaluate(id);
                       });
                 });
  }
  impl_->evaluate_all();
}

void RatchetService::shut_down() {
  if (std::exchange(impl_->stopped, true)) return;
  impl_->listeners.clear();
  for (auto& [id, held] : impl_->watched) {
    if (held.run) impl_->deps.loop.cancel(held.run->timer);
    if (held.readers) held.readers->stop();
  }
  impl_->watched.clear();
  impl_->write<bool>(
      [now = impl_->deps.clock.wall_now(), stamp = impl_->next_stamp()](auto& database) {
        const auto reset = reset_at_stop(database, now, stamp);
        return reset ? Result<bool>(true) : Result<bool>(reset.error());
      },
      [](const Result<bool>&) {});
}

void RatchetService::read(std::function<void(Result<Contents>)> done) {
  for (const auto& [id, held] : impl_->watched) {
    if (held.run) impl_->settle(held.run);
  }
  const std::uint64_t fence = impl_->next_stamp();
  impl_->write<Contents>(
      [fence](sqlite::Database& database) -> Result<Contents> {
        SB_TRY(auto rows, read_rows(database));
        return Contents{std::move(rows), fence};
      },
      [impl = impl_.get(), done = std::move(done)](Result<Contents> contents) {
        if (contents && !impl->stopped) {
          impl->keep(*contents);
          for (const auto& row : contents->rows) impl->repair(row);
        }
        done(std::move(contents));
      });
}

void RatchetService::look_around() {
  if (!impl_->begun || impl_->stopped) return;
  const auto now = impl_->deps.clock.mono_now();
  std::vector<model::WorkspaceId> to_look;
  for (auto& [id, held] : impl_->watched) {
    held.rested = true;
    if (held.row.enabled && !held.row.record.stalled &&
        held.row.record.outcome == model::RatchetDispatchOutcome::COMPLETED &&
        (!held.ended || now - *held.ended >= impl_->options.look_delay)) {
      to_look.push_back(id);
    }
  }
  impl_->evaluate_all();
  for (const auto& id : to_look) {
    if (Watched* held = impl_->find(id)) impl_->look(id, *held);
  }
}

void RatchetService::set_enabled(const model::WorkspaceId& id, bool enabled, Done done) {
  if (enabled && !has_command()) {
    return done(
        fail(ErrorCode::conflict,
             "auto-fix has no command to start; set SNAPBOARD_RATCHET_COMMAND of the server"));
  }
  impl_->write<Toggled>(
      [id, enabled, stamp = impl_->next_stamp()](sqlite::Database& database) {
        return toggle(database, id, enabled, stamp);
      },
      [impl = impl_.get(), id, done = std::move(done)](Result<Toggled> result) {
        if (!result) return done(std::move(result).error());
        if (impl->stopped) return done(fail(ErrorCode::unavailable, "the server stops"));
        Watched& held = impl->watched[id];
        if (result->changed) {
          impl->take(held, result->row, true);
          if (!result->row.enabled && held.run) impl->stop_run(held.run);
        } else {
          held.row = result->row;
        }
        done(std::move(result->row));
        impl->evaluate(id);
      });
}

void RatchetService::observe(const model::WorkspaceId& id, PullRequest pull) {
  if (impl_->stopped) return;
  Watched& held = impl_->watched[id];
  // GitHub works a conflict out anew after every push to the base; until it has, the last word
  // about this very commit stands.
  if (!pull.conflict && held.pull && held.pull->number == pull.number &&
      held.pull->head_commit == pull.head_commit) {
    pull.conflict = held.pull->conflict;
  }
  if (held.pull == pull) return;
  held.pull = std::move(pull);
  impl_->evaluate(id);
}

void RatchetService::forget_pull(const model::WorkspaceId& id) {
  if (Watched* held = impl_->find(id)) held->pull.reset();
}

void RatchetService::freed(const model::WorkspaceId& id) {
  impl_->evaluate(id);
}

void RatchetService::output(const model::WorkspaceId& id, std::uint64_t from, std::size_t bytes_max,
                            std::chrono::milliseconds wait,
                            std::function<void(Result<OutputPiece>)> done) {
  const Watched* held = impl_->find(id);
  if (held == nullptr || !held->readers) {
    return done(fail(ErrorCode::not_found, "no fixer was sent here since the server started"));
  }
  held->readers->read(from, bytes_max, wait, std::move(done));
}

void RatchetService::halt(const model::WorkspaceId& id, std::function<void()> done) {
  // A dispatch that is on its way to the disk has become a run when this comes back.
  impl_->write<bool>([](sqlite::Database&) { return Result<bool>(true); },
                     [impl = impl_.get(), id, done = std::move(done)](const Result<bool>&) {
                       const Watched* held = impl->find(id);
                       if (held != nullptr && held->run) {
                         held->run->halted = true;
                         held->run->halt_waiters.push_back(done);
                         return impl->stop_run(held->run);
                       }
                       const auto left = impl->leftovers.find(id);
                       if (left == impl->leftovers.end()) return done();
                       left->second.second.push_back(done);
                     });
}

void RatchetService::release(const model::WorkspaceId& id, std::function<void()> done) {
  Watched* held = impl_->find(id);
  if (held != nullptr && held->run) {
    held->run->released = true;
    held->run->release_waiters.push_back(std::move(done));
    return impl_->stop_run(held->run);
  }
  const auto left = impl_->leftovers.find(id);
  if (left == impl_->leftovers.end()) {
    return impl_->delete_and_answer(id, {std::move(done)});
  }
  left->second.second.emplace_back(
      [impl = impl_.get(), id, done = std::move(done)] { impl->delete_and_answer(id, {done}); });
}

bool RatchetService::has_command() const {
  return !impl_->options.command.empty();
}

std::size_t RatchetService::fixers() const {
  return static_cast<std::size_t>(
      std::count_if(impl_->watched.begin(), impl_->watched.end(),
                    [](const auto& item) { return item.second.run != nullptr; }));
}

std::size_t RatchetService::enabled() const {
  return static_cast<std::size_t>(
      std::count_if(impl_->watched.begin(), impl_->watched.end(),
                    [](const auto& item) { return item.second.row.enabled; }));
}

}  // namespace sb::ratchet
