#include <algorithm>

#include "service_impl.h"

namespace sb::run_script {

Output RunScriptService::Impl::slice(const Run& run, std::uint64_t from, std::size_t bytes_max) {
  Output out;
  out.begin = from;
  out.end = from;
  std::uint64_t total = from;
  if (run.supervised) {
    auto piece = run.supervised->output(from, bytes_max);
    out.begin = piece.begin;
    out.end = piece.end;
    out.bytes = std::move(piece.bytes);
    total = piece.total;
  }
  out.over = run.end.has_value() && out.end >= total;
  return out;
}

/// Asks to be called when anybody's output comes.
void RunScriptService::Impl::await_more(const Run& run) {
  if (!run.supervised || run.output_waiters.empty()) return;
  std::uint64_t seen = run.output_waiters.front()->from;
  for (const auto& waiter : run.output_waiters) seen = std::min(seen, waiter->from);
  run.supervised->notify_beyond(seen);
}

/// Answers those for whom there is something, or to whom nothing will come.
void RunScriptService::Impl::output_came(const std::shared_ptr<Run>& run) {
  std::vector<std::unique_ptr<OutputWaiter>> waiting = std::exchange(run->output_waiters, {});
  std::vector<std::pair<std::unique_ptr<OutputWaiter>, Output>> served;
  for (auto& waiter : waiting) {
    Output out = slice(*run, waiter->from, waiter->bytes_max);
    if (out.bytes.empty() && !out.over) {
      run->output_waiters.push_back(std::move(waiter));
    } else {
      served.emplace_back(std::move(waiter), std::move(out));
    }
  }
  await_more(*run);
  for (auto& [waiter, out] : served) {
    deps.loop.cancel(waiter->timer);
    waiter->done(std::move(out));
  }
}

void RunScriptService::output(const model::WorkspaceId& id, std::uint64_t from,
                              std::size_t bytes_max, std::chrono::milliseconds wait,
                              std::function<void(Result<Output>)> done) {
  const auto found = impl_->runs.find(id);
  if (found == impl_->runs.end()) {
    return impl_->refuse<Output>(
        {ErrorCode::not_found, "nothing was run here since the server started", {}},
        std::move(done));
  }
  const std::shared_ptr<Run> run = found->second;
  Output out = Impl::slice(*run, from, bytes_max);
  if (!out.bytes.empty() || out.over || wait.count() <= 0 ||
      run->output_waiters.size() >= kOutputWaitersMax) {
    return done(std::move(out));
  }
  auto waiter = std::make_unique<OutputWaiter>();
  waiter->from = from;
  waiter->bytes_max = bytes_max;
  waiter->done = std::move(done);
  waiter->timer =
      impl_->deps.loop.after(wait, [owner = impl_->weak_from_this(), run, late = waiter.get()] {
        if (!owner.lock()) return;
        const auto held = std::find_if(run->output_waiters.begin(), run->output_waiters.end(),
                                       [late](const auto& one) { return one.get() == late; });
        if (held == run->output_waiters.end()) return;
        const std::unique_ptr<OutputWaiter> taken = std::move(*held);
        run->output_waiters.erase(held);
        taken->done(Impl::slice(*run, taken->from, taken->bytes_max));
      });
  run->output_waiters.push_back(std::move(waiter));
  Impl::await_more(*run);
}

}  // namespace sb::run_script
