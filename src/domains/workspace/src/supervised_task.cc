#include "supervised_task.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "sb/process/process_table.h"

namespace sb::workspace {
namespace {

constexpr std::chrono::milliseconds kSweepGrace{2'000};  // for what a killed supervisor left

std::string seconds_text(std::chrono::milliseconds time) {
  constexpr std::int64_t kMsPerSecond = 1'000;
  return fmt::format("{} s", time.count() / kMsPerSecond);
}

}  // namespace

SupervisedTask::~SupervisedTask() {
  if (deadline_ != 0) deps_.loop.cancel(deadline_);
}

void SupervisedTask::start(process::SupervisedSpec spec, std::chrono::milliseconds timeout,
                           std::function<void(End)> done) {
  mark_ = spec.mark;
  program_ = spec.argv.empty() ? "" : spec.argv.front();
  done_ = std::move(done);
  deadline_ = deps_.loop.after(timeout, [weak = weak_from_this(), timeout] {
    const auto self = weak.lock();
    if (!self) return;
    self->deadline_ = 0;
    self->stop(fmt::format("it did not end within {}", seconds_text(timeout)));
  });
  // Told on the threads of the workers and the supervision: everything goes to the loop first.
  const auto on_loop = [&loop = deps_.loop, weak = weak_from_this()](auto task) {
    loop.post([weak, task = std::move(task)] {
      if (const auto self = weak.lock()) task(*self);
    });
  };
  process::SupervisedListener listener;
  listener.begun = [on_loop](const std::shared_ptr<process::SupervisedRun>& run) {
    on_loop([run](SupervisedTask& self) { self.begun(run); });
  };
  listener.started = [on_loop](const ProcessIdentity& process) {
    on_loop([process](SupervisedTask& self) { self.process_ = process; });
  };
  listener.ended = [on_loop](process::SupervisedEnd end) {
    on_loop([end](SupervisedTask& self) { self.ended(end); });
  };
  deps_.workers.submit([&supervision = deps_.supervision, on_loop, spec = std::move(spec),
                        listener = std::move(listener)] {
    if (const auto made = supervision.start(spec, listener); !made) {
      on_loop([made](SupervisedTask& self) { self.settle(made.error().message); });
    }
  });
}

void SupervisedTask::begun(std::shared_ptr<process::SupervisedRun> run) {
  run_ = std::move(run);
  if (stopped_) run_->stop();
}

void SupervisedTask::stop(std::string why) {
  if (over_ || stopped_) return;
  stopped_ = std::move(why);
  if (run_) run_->stop();
}

void SupervisedTask::ended(const process::SupervisedEnd& end) {
  using Kind = process::SupervisedEnd::Kind;
  switch (end.kind) {
    case Kind::exited:
      if (stopped_) return settle(stopped_);
      if (end.code == 0) return settle(std::nullopt);
      return settle(fmt::format("it ended with exit code {}", end.code));
    case Kind::signalled:
      return settle(stopped_ ? *stopped_ : fmt::format("signal {} ended it", end.code));
    case Kind::not_started:
      return settle(
          fmt::format("cannot run {}: {}", program_, std::generic_category().message(end.code)));
    case Kind::lost:
      break;
  }
  deps_.workers.submit(
      [&loop = deps_.loop, weak = weak_from_this(), mark = mark_, first = process_] {
        static_cast<void>(process::end_marked(mark, first, kSweepGrace));
        loop.post([weak] {
          if (const auto self = weak.lock()) self->settle("its supervisor was killed");
        });
      });
}

void SupervisedTask::settle(End end) {
  if (std::exchange(over_, true)) return;
  if (deadline_ != 0) deps_.loop.cancel(std::exchange(deadline_, 0));
  std::exchange(done_, nullptr)(std::move(end));
}

process::OutputSlice SupervisedTask::output(std::uint64_t from, std::size_t bytes_max) const {
  return run_ ? run_->output(from, bytes_max) : process::OutputSlice{};
}

std::string SupervisedTask::tail(std::size_t bytes_max) const {
  const std::uint64_t total = output(0, 0).total;
  return output(total - std::min<std::uint64_t>(total, bytes_max), bytes_max).bytes;
}

}  // namespace sb::workspace
