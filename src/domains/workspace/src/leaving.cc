#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "sb/core/json_codec.h"
#include "sb/core/utf8.h"

#include "adoption.h"
#include "commands_impl.h"
#include "naming.h"

// The way out of a workspace: look what would be lost, hide it, end what runs for it, remove the
// worktree if that was asked for, and only then drop what is known of it.

namespace sb::workspace {
namespace {

using model::WorkspaceStatus;

constexpr std::size_t kGitOutputBytesMax = 64U << 10U;

bool removes(const ArchiveOrder& order) {
  return order.remove_worktree || order.forget;
}

/// A row that has a way back: it went through ARCHIVING.
bool was_hidden_here(const Found& found) {
  return found.row.status != WorkspaceStatus::NEW && found.row.status != WorkspaceStatus::ARCHIVED;
}

constexpr std::string_view kForceHelps = "; --force removes it all the same";

Error not_removed(std::string_view why, std::string_view hint = {}) {
  return {
      ErrorCode::conflict, fmt::format("the worktree is not removed, because {}{}", why, hint), {}};
}

/// Another worktree in the folder at `path`: git would delete it with the folder, without a word
/// where it is ignored. One that git lists, or of any repository on the board.
std::optional<Error> find_inner(const Found& found, const Enumeration& listed,
                                const std::string& path) {
  std::vector<Inner> inside = found.inside;
  for (const auto& record : listed.records) {
    if (record.path.starts_with(path + "/")) {
      inside.push_back({folder_name(record.path), record.path});
    }
  }
  for (const Inner& inner : inside) {
    std::error_code unknown;
    if (!std::filesystem::exists(inner.path, unknown) && !unknown) continue;
    return not_removed(fmt::format("it holds the worktree {} ({}), which has to go first",
                                   inner.name, to_valid_utf8(inner.path)));
  }
  return std::nullopt;
}

/// What removing the worktree would do.
struct Prospect {
  std::optional<git_cli::AtRisk> risk;  ///< nothing: there is no folder to lose
  std::optional<std::string> obstacle;  ///< why only by force, beside the risk
  std::optional<Error> refusal;         ///< not even by force

  /// Nothing: it may be removed without force.
  [[nodiscard]] std::optional<std::string> objection() const {
    if (!risk || risk->nothing()) return obstacle;
    return (obstacle ? *obstacle + ", and it holds " : "it holds ") + risk->text();
  }
};

/// Blocks.
Result<Prospect> look(const git_cli::RepositoryQuestions& questions, const Found& found) {
  const auto listed = enumerate(found.project);
  if (listed.failure) return *listed.failure;
  Prospect prospect;
  for (const auto& record : listed.records) {
    if (record.identity.path != found.row.git_dir) continue;
    prospect.obstacle = git_cli::only_by_force(record.git_dir);
    if (record.missing) break;
    prospect.refusal = find_inner(found, listed, record.path);
    if (prospect.refusal) break;
    SB_TRY(prospect.risk, questions.at_risk(record.path, record.git_dir));
    break;
  }
  return prospect;
}

/// The path of the worktree as git lists it now; nothing when it does not. An error where another
/// one lies in it: it may have come since the look.
Result<std::optional<std::string>> listed_path(const Found& found, bool& half_made) {
  using Path = std::optional<std::string>;
  const auto listed = enumerate(found.project);
  if (listed.failure) return *listed.failure;
  for (const auto& record : listed.records) {
    const bool ours = found.row.git_dir.empty() ? record.path == found.row.worktree_path
                                                : record.identity.path == found.row.git_dir;
    if (!ours) continue;
    if (auto refusal = find_inner(found, listed, record.path)) return *std::move(refusal);
    half_made = git_cli::is_half_made(record.git_dir);
    return Path(record.path);
  }
  return Path();
}

}  // namespace

void WorkspaceCommands::archive(const model::WorkspaceId& id, ArchiveOrder order,
                                std::function<void(Result<void>)> done) {
  if (impl_->stopped) return done(fail(ErrorCode::unavailable, "the server is stopping"));
  if (impl_->leavings.contains(id)) {
    return done(fail(ErrorCode::conflict, "the workspace is being archived already"));
  }
  if (const auto job = impl_->jobs.find(id); job != impl_->jobs.end()) {
    if (!order.forget) {
      return done(fail(ErrorCode::conflict, "the workspace is still being set up"));
    }
    const Impl::JobPtr held = job->second;
    held->ended.emplace_back(
        [this, owner = impl_->weak_from_this(), id, order, done = std::move(done)] {
          if (owner.lock()) archive(id, order, done);
        });
    return impl_->cancel(held, "it was removed");
  }
  auto leaving = std::make_shared<Impl::Leaving>();
  leaving->order = order;
  leaving->done = std::move(done);
  impl_->leavings.emplace(id, leaving);
  impl_->deps.workspaces.find(
      id, impl_->live<Found>([self = impl_.get(), leaving, id](Result<Found> found) {
        if (found) {
          leaving->found = *std::move(found);
          return self->leave(leaving);
        }
        leaving->found.row.id = id;
        self->answer(leaving, std::move(found).error());
      }));
}

/// An archive that an earlier life began.
void WorkspaceCommands::Impl::resume(const model::WorkspaceId& id, const ArchiveOrder& order) {
  auto leaving = std::make_shared<Leaving>();
  leaving->order = order;
  leaving->done = [this, id](const Result<void>& done) {
    deps.log.info("interrupted archive ended",
                  {kv("workspace", id.view()),
                   kv("result", done ? std::string("archived") : done.error().message)});
  };
  leavings.emplace(id, leaving);
  deps.workspaces.find(
      id, live<Found>([this, leaving, id](Result<Found> found) {
        leaving->found.row.id = id;
        if (!found) return answer(leaving, std::move(found).error());
        leaving->found = *std::move(found);
        if (!removes(leaving->order) || leaving->found.row.git_dir.empty()) return halt(leaving);
        on_worker<Prospect>(  // only for the branch: that it may go was decided before
            [questions = questions, of = leaving->found] { return look(questions, of); },
            [this, leaving](Result<Prospect> prospect) {
              if (prospect) leaving->risk = std::move(prospect->risk);
              halt(leaving);
            });
      }));
}

void WorkspaceCommands::Impl::leave(const LeavingPtr& leaving) {
  const ArchiveOrder& order = leaving->order;
  const WorkspaceRow& row = leaving->found.row;
  const bool ready = row.status == WorkspaceStatus::READY || row.status == WorkspaceStatus::FAILED;
  const bool may_be_forgotten =
      row.status == WorkspaceStatus::NEW || row.status == WorkspaceStatus::ARCHIVED;
  if (!ready && !(order.forget && may_be_forgotten)) {
    return answer(leaving,
                  fail(ErrorCode::conflict, fmt::format("a workspace that is {} cannot be archived",
                                                        enum_text(row.status))));
  }
  if (removes(order) && row.is_main) {
    return answer(leaving,
                  fail(ErrorCode::conflict,
                       "this is the main worktree, the repository itself: it is not removed"));
  }
  if (!removes(order) || row.git_dir.empty()) return hide(leaving);
  check(leaving);
}

void WorkspaceCommands::Impl::check(const LeavingPtr& leaving) {
  on_worker<Prospect>(
      [questions = questions, found = leaving->found] { return look(questions, found); },
      [this, leaving](Result<Prospect> prospect) {
        const bool force = leaving->order.force;
        if (!prospect && !force) {
          return answer(leaving, not_removed("it cannot be told what would be lost: " +
                                             prospect.error().message));
        }
        if (prospect && prospect->refusal) return answer(leaving, *std::move(prospect->refusal));
        const auto objection = prospect && !force ? prospect->objection() : std::nullopt;
        if (objection) return answer(leaving, not_removed(*objection, kForceHelps));
        if (prospect) leaving->risk = std::move(prospect->risk);
        hide(leaving);
      });
}

void WorkspaceCommands::Impl::hide(const LeavingPtr& leaving) {
  if (!was_hidden_here(leaving->found)) return halt(leaving);
  deps.workspaces.begin_archive(leaving->found.row.id, leaving->order,
                                live<WorkspaceRow>([this, leaving](Result<WorkspaceRow> row) {
                                  if (!row) return answer(leaving, std::move(row).error());
                                  leaving->found.row = *std::move(row);
                                  halt(leaving);
                                }));
}

void WorkspaceCommands::Impl::halt(const LeavingPtr& leaving) {
  ports.halt(leaving->found.row.id, [owner = weak_from_this(), leaving] {
    const auto self = owner.lock();
    if (!self || self->stopped) return;
    if (removes(leaving->order)) return self->remove_worktree(leaving);
    leaving->found.row.git_dir.empty() ? self->look_for_remains(leaving) : self->release(leaving);
  });
}

/// Nothing was made, or not all of it. Without any of it there is nothing to come back to.
void WorkspaceCommands::Impl::look_for_remains(const LeavingPtr& leaving) {
  using Path = std::optional<std::string>;
  on_worker<Path>(
      [found = leaving->found] {
        bool half_made = false;
        return listed_path(found, half_made);
      },
      [this, leaving](const Result<Path>& path) {
        if (!path || *path) return release(leaving);
        leaving->order.forget = true;
        look_at_branch(leaving);
      });
}

void WorkspaceCommands::Impl::remove_worktree(const LeavingPtr& leaving) {
  using Path = std::optional<std::string>;
  const auto half_made = std::make_shared<bool>(false);
  on_worker<Path>(
      [found = leaving->found, half_made] { return listed_path(found, *half_made); },
      [this, leaving, half_made](Result<Path> path) {
        if (!path) return roll_back(leaving, path.error());
        if (!*path) return look_at_branch(leaving);
        auto command = git_cli::remove_worktree(leaving->found.project.common_dir, **path,
                                                leaving->order.force || *half_made);
        command.timeout = options.git_timeout;
        command.output_bytes_max = kGitOutputBytesMax;
        leaving->task =
            run(command, fresh_mark(), [this, leaving](const SupervisedTask::End& failed) {
              if (!failed) return delete_branch(leaving);
              const auto reason = git_cli::failure_reason(leaving->task->tail(kGitOutputBytesMax));
              const bool hint = !leaving->order.force && git_cli::force_helps(reason);
              roll_back(leaving, {ErrorCode::conflict,
                                  fmt::format("git did not remove the worktree, {}: {}{}", *failed,
                                              reason, hint ? kForceHelps : ""),
                                  {}});
            });
      });
}

/// There is no worktree. A branch that is still where it was made holds nothing of its own.
void WorkspaceCommands::Impl::look_at_branch(const LeavingPtr& leaving) {
  const Found& found = leaving->found;
  if (!found.branch_made || !found.row.git_dir.empty()) return release(leaving);
  on_worker<std::string>(
      [questions = questions, place = found.project.common_dir, branch = *found.branch_made] {
        return questions.commit_of(place, "refs/heads/" + branch);
      },
      [this, leaving](const Result<std::string>& commit) {
        if (!commit || *commit != leaving->found.begins_at) return release(leaving);
        leaving->risk.emplace().branch = leaving->found.branch_made;
        delete_branch(leaving);
      });
}

/// The branch that was made with the workspace goes with it, if every commit of it is elsewhere
/// too.
void WorkspaceCommands::Impl::delete_branch(const LeavingPtr& leaving) {
  const auto& made = leaving->found.branch_made;
  const auto& risk = leaving->risk;
  if (!made || !risk || risk->branch != made || risk->commits != 0) return release(leaving);
  auto command = git_cli::delete_branch(leaving->found.project.common_dir, *made);
  command.timeout = options.git_timeout;
  command.output_bytes_max = kGitOutputBytesMax;
  leaving->task = run(command, fresh_mark(), [this, leaving](const SupervisedTask::End& failed) {
    if (failed) {
      deps.log.warn("branch not deleted",
                    {kv("workspace", leaving->found.row.id.view()), kv("reason", *failed)});
    }
    release(leaving);
  });
}

/// Only the last write can fail from here on. The row still says ARCHIVING: should this life end in
/// it, the next one does it again.
void WorkspaceCommands::Impl::release(const LeavingPtr& leaving) {
  ports.release(leaving->found.row.id, [owner = weak_from_this(), leaving] {
    const auto self = owner.lock();
    if (self && !self->stopped) self->settle(leaving);
  });
}

/// A workspace without a worktree has nothing to come back to: its row goes too.
void WorkspaceCommands::Impl::settle(const LeavingPtr& leaving) {
  const auto& id = leaving->found.row.id;
  if (removes(leaving->order)) {
    return deps.workspaces.forget(id, live<void>([this, leaving](Result<void> gone) {
                                    const bool was_gone =
                                        !gone && gone.error().code == ErrorCode::not_found;
                                    answer(leaving, was_gone ? Result<void>() : std::move(gone));
                                  }));
  }
  deps.workspaces.end_archive(id, true,
                              live<WorkspaceRow>([this, leaving](const Result<WorkspaceRow>& row) {
                                if (!row && row.error().code != ErrorCode::not_found) {
                                  return roll_back(leaving, row.error());
                                }
                                answer(leaving, {});
                              }));
}

void WorkspaceCommands::Impl::roll_back(const LeavingPtr& leaving, const Error& why) {
  if (!was_hidden_here(leaving->found)) return answer(leaving, tl::unexpected(why));
  deps.workspaces.end_archive(
      leaving->found.row.id, false,
      live<WorkspaceRow>([this, leaving, why](const Result<WorkspaceRow>& row) {
        if (!row) {
          deps.log.error("workspace not brought back", {kv("reason", row.error().message)});
        }
        answer(leaving, tl::unexpected(why));
      }));
}

void WorkspaceCommands::Impl::answer(const LeavingPtr& leaving, Result<void> result) {
  leavings.erase(leaving->found.row.id);
  std::exchange(leaving->done, nullptr)(std::move(result));
}

}  // namespace sb::workspace
