#include "sb/session/spool_intake.h"

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include "sb/fs_watch/watcher.h"
#include "sb/session/hook_spool.h"

namespace sb::session {

struct SpoolIntake::Impl : std::enable_shared_from_this<SpoolIntake::Impl> {
  Impl(Deps given, std::string given_path) : deps(std::move(given)), path(std::move(given_path)) {}

  // One at a time; a hint during it causes one more.
  void take() {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    deps.workers.submit([&loop = deps.loop, owner = weak_from_this(), file = path] {
      auto hooks = take_spool(file);
      loop.post([owner, hooks = std::move(hooks)] {
        const auto self = owner.lock();
        if (self && !self->stopped) self->tell(hooks);
      });
    });
  }

  void tell(const std::vector<SpooledHook>& hooks) {
    if (hooks.empty()) return taken(true, 0);
    auto left = std::make_shared<std::size_t>(hooks.size());
    auto kept = std::make_shared<bool>(false);
    for (const SpooledHook& hook : hooks) {
      deps.sessions.report(
          hook.agent, hook.locators, hook.body,
          [owner = weak_from_this(), left, kept, count = hooks.size()](const Result<void>& told) {
            if (!told && told.error().code == ErrorCode::unavailable) *kept = true;
            const auto self = owner.lock();
            if (--*left == 0 && self) self->taken(!*kept, count);
          });
    }
  }

  void taken(bool all, std::size_t count) {
    if (count != 0) deps.log.info("hooks taken from the spool", {kv("count", count)});
    if (!all) {
      deps.log.warn("hooks stay in the spool");
      retry_later();
    } else if (count != 0) {
      // On a worker, before the next one looks: both are the same queue's business.
      deps.workers.submit([&loop = deps.loop, owner = weak_from_this(), file = path] {
        drop_taken(file);
        loop.post([owner] {
          if (const auto self = owner.lock()) self->finish();
        });
      });
      return;
    }
    finish();
  }

  // Nobody may write to the spool for long, and the newest of what it holds is still to be shown.
  void retry_later() {
    if (retry != 0 || stopped) return;
    retry = deps.loop.after(kRetry, [owner = weak_from_this()] {
      const auto self = owner.lock();
      if (!self || self->stopped) return;
      self->retry = 0;
      self->take();
    });
  }

  void finish() {
    busy = false;
    const auto waited = std::exchange(waiting, {});
    for (const auto& done : waited) done();
    if (std::exchange(again, false)) take();
  }

  Deps deps;
  std::string path;
  fs_watch::WatchId watch = 0;
  bool busy = false;
  bool again = false;
  bool stopped = false;
  Loop::TimerId retry = 0;
  std::vector<std::function<void()>> waiting;
};

SpoolIntake::SpoolIntake(Deps deps, std::string path)
    : impl_(std::make_shared<Impl>(std::move(deps), std::move(path))) {}

SpoolIntake::~SpoolIntake() {
  impl_->stopped = true;
  if (impl_->retry != 0) impl_->deps.loop.cancel(impl_->retry);
  if (impl_->watch != 0) impl_->deps.watcher.remove(impl_->watch);
}

void SpoolIntake::start() {
  impl_->deps.watcher.listen([&loop = impl_->deps.loop, owner = impl_->weak_from_this()](
                                 const std::vector<fs_watch::Event>& events) {
    const bool written = std::any_of(events.begin(), events.end(), [](const auto& event) {
      return event.kind == fs_watch::Event::Kind::changed && event.name == kSpoolName;
    });
    if (!written) return;
    loop.post([owner] {
      const auto self = owner.lock();
      if (self && !self->stopped) self->take();
    });
  });
  impl_->watch = impl_->deps.watcher.watch_directory(
      std::filesystem::path(impl_->path).parent_path().string());
  impl_->take();
}

void SpoolIntake::take(std::function<void()> done) {
  impl_->waiting.push_back(std::move(done));
  impl_->take();
}

}  // namespace sb::session
