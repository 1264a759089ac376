#include <utility>

#include "commands_impl.h"

// From a wish to a NEW row: one after another, so that no two of them choose the same place.

namespace sb::workspace {

void WorkspaceCommands::create(Wish wish, RowDone done) {
  if (impl_->stopped) return done(fail(ErrorCode::unavailable, "the server is stopping"));
  if (impl_->wishes.size() + impl_->waiting.size() >= impl_->options.waiting_max) {
    return done(fail(ErrorCode::limit_exceeded, "too many workspaces are waiting to be made"));
  }
  impl_->wishes.emplace_back(std::move(wish), std::move(done));
  impl_->take_wish();
}

void WorkspaceCommands::Impl::take_wish() {
  if (placing || wishes.empty()) return;
  placing = true;
  auto [wish, asked] = std::move(wishes.front());
  wishes.pop_front();
  const auto done = [this, asked = std::move(asked)](Result<WorkspaceRow> row) {
    asked(std::move(row));
    placing = false;
    take_wish();
  };
  const model::ProjectId project = wish.project;
  deps.workspaces.survey(project,
                         live<Survey>([this, wish = std::move(wish), done](Result<Survey> survey) {
                           if (!survey) return done(std::move(survey).error());
                           choose(wish, *std::move(survey), done);
                         }));
}

void WorkspaceCommands::Impl::choose(const Wish& wish, Survey survey, const RowDone& done) {
  on_worker<Plan>(
      [questions = questions, wish, survey = std::move(survey), folder = options.worktrees_dir] {
        return choose_place(questions, wish, survey, folder);
      },
      [this, done](Result<Plan> plan) {
        if (!plan) return done(std::move(plan).error());
        deps.workspaces.plan(*std::move(plan),
                             live<WorkspaceRow>([this, done](Result<WorkspaceRow> row) {
                               if (row) {
                                 auto job = std::make_shared<Job>();
                                 job->id = row->id;
                                 enqueue(std::move(job));
                               }
                               done(std::move(row));
                             }));
      });
}

}  // namespace sb::workspace
