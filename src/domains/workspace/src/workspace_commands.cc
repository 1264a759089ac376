#include "sb/workspace/workspace_commands.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "sb/process/process_table.h"

#include "commands_impl.h"

namespace sb::workspace {
namespace {

constexpr std::size_t kMarkBytes = 16;                   // random bytes of a run's mark
constexpr std::chrono::milliseconds kSweepGrace{2'000};  // for what an earlier life left

OutputPiece slice_of(const SetupOutput& stored, std::uint64_t from, std::size_t bytes_max) {
  const std::uint64_t begin = stored.end - stored.bytes.size();
  OutputPiece out;
  out.begin = std::clamp(from, begin, stored.end);
  out.bytes = stored.bytes.substr(static_cast<std::size_t>(out.begin - begin), bytes_max);
  out.end = out.begin + out.bytes.size();
  out.over = out.end == stored.end;
  return out;
}

}  // namespace

WorkspaceCommands::WorkspaceCommands(Deps deps, WorkspacePorts ports, CommandOptions options)
    : impl_(std::make_shared<Impl>(std::move(deps), std::move(ports), std::move(options))) {
  impl_->deps.workspaces.on_event([owner = impl_->weak_from_this()](const Event& event) {
    const auto self = owner.lock();
    const auto* removed = std::get_if<WorkspaceRemoved>(&event);
    if (!self || removed == nullptr) return;
    const auto job = self->jobs.find(removed->id);
    if (job != self->jobs.end()) self->cancel(Impl::JobPtr(job->second), "it was removed");
  });
}

WorkspaceCommands::~WorkspaceCommands() {
  stop();
}

void WorkspaceCommands::begin() {
  impl_->deps.workspaces.take_unfinished(
      impl_->live<Unfinished>([self = impl_.get()](Result<Unfinished> left) {
        if (!left) {
          self->deps.log.error("unfinished work not read", {kv("reason", left.error().message)});
          return;
        }
        if (!left->marks.empty()) {
          self->deps.workers.submit([marks = std::move(left->marks)] {
            for (const auto& mark : marks) {
              static_cast<void>(process::end_marked(mark, std::nullopt, kSweepGrace));
            }
          });
        }
        for (const auto& id : left->planned) {
          auto job = std::make_shared<Impl::Job>();
          job->id = id;
          self->enqueue(std::move(job));
        }
        for (const auto& [id, order] : left->archives) self->resume(id, order);
      }));
}

void WorkspaceCommands::stop() {
  impl_->stopped = true;
  for (const auto& [id, job] : impl_->jobs) job->task.reset();  // which holds what holds it
  for (const auto& [id, leaving] : impl_->leavings) leaving->task.reset();
  impl_->jobs.clear();
  impl_->waiting.clear();
  impl_->leavings.clear();
  impl_->wishes.clear();
}

void WorkspaceCommands::put_back(const model::WorkspaceId& id, RowDone done) {
  impl_->deps.workspaces.put_back(id, impl_->live<WorkspaceRow>(std::move(done)));
}

void WorkspaceCommands::output(const model::WorkspaceId& id, std::uint64_t from,
                               std::size_t bytes_max,
                               std::function<void(Result<OutputPiece>)> done) {
  const auto job = impl_->jobs.find(id);
  if (job != impl_->jobs.end()) {
    OutputPiece out{from, from, {}, false};
    if (job->second->script) {
      auto piece = job->second->task->output(from, bytes_max);
      out = {piece.begin, piece.end, std::move(piece.bytes), false};
    }
    return done(std::move(out));
  }
  impl_->deps.workspaces.setup_output(
      id, impl_->live<SetupOutput>(
              [from, bytes_max, done = std::move(done)](const Result<SetupOutput>& stored) {
                if (!stored) return done(tl::unexpected(stored.error()));
                done(slice_of(*stored, from, bytes_max));
              }));
}

std::string WorkspaceCommands::Impl::fresh_mark() {
  return random_hex(deps.random, kMarkBytes);
}

std::shared_ptr<SupervisedTask> WorkspaceCommands::Impl::run(
    const ProcessSpec& command, const std::string& mark,
    std::function<void(SupervisedTask::End)> done) {
  process::SupervisedSpec spec;
  spec.mark = mark;
  spec.argv = command.argv;
  spec.cwd = command.cwd;
  spec.set_env = command.set_env;
  spec.unset_env = command.unset_env;
  spec.output_bytes_max = command.output_bytes_max;
  spec.grace = options.grace;
  spec.file_mask = options.file_mask;
  auto task = std::make_shared<SupervisedTask>(
      SupervisedTask::Deps{deps.loop, deps.workers, deps.supervision});
  task->start(std::move(spec), command.timeout,
              [owner = weak_from_this(), done = std::move(done)](SupervisedTask::End end) {
                const auto self = owner.lock();
                if (self && !self->stopped) done(std::move(end));
              });
  return task;
}

}  // namespace sb::workspace
