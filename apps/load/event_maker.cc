#include "event_maker.h"

#include <fmt/format.h>

namespace sb::load {
namespace {

constexpr std::size_t kComesAndGoes = 20;  // one workspace of so many
constexpr std::uint64_t kMixTurns = 10;    // of them seven are names

}  // namespace

EventMaker::EventMaker(const Options& options, MessageReader& reader)
    : options_(&options), run_(reader.run) {
  for (std::size_t i = 0; i < options.workspaces; ++i) {
    numbers_.push_back(reader.workspaces.number_of(id(i)));
  }
}

std::string EventMaker::id(std::size_t workspace) const {
  return fmt::format("{}-{}", options_->project, workspace);
}

bool EventMaker::comes_and_goes(std::size_t workspace) const {
  return options_->mixed && workspace % kComesAndGoes == kComesAndGoes - 1;
}

void EventMaker::add(EventBatch& batch, std::string_view type, std::size_t workspace,
                     std::string_view data) {
  ++sequence_;
  batch.body += batch.events++ == 0 ? '[' : ',';
  batch.body += fmt::format(
      R"({{"specversion":"1.0","id":"{0}","source":"load{1}","sequence":"{0}","type":"{2}","subject":"{3}","data":{4}}})",
      sequence_, run_, type, id(workspace), data);
}

EventBatch EventMaker::finished(EventBatch batch) {
  batch.body += ']';
  return batch;
}

EventBatch EventMaker::births(std::size_t first, std::size_t last) {
  EventBatch batch;
  for (std::size_t i = first; i < last; ++i) {
    add(batch, "workspace.state_changed", i,
        fmt::format(R"({{"projectId":"{}","status":"READY","name":"born","branchName":"topic/{}",)"
                    R"("createdAt":"2026-01-02T03:04:05.000Z"}})",
                    options_->project, i));
  }
  return finished(std::move(batch));
}

void EventMaker::next(EventBatch& batch, Deliveries& deliveries, std::uint64_t at,
                      std::uint32_t readers) {
  const std::uint64_t turn = turn_++;
  const std::size_t workspace = turn % options_->workspaces;
  const std::uint64_t round = turn / options_->workspaces;
  if (comes_and_goes(workspace)) {
    if (round % 2 == 0) return add(batch, "workspace.removed", workspace, "{}");
    return add(
        batch, "workspace.state_changed", workspace,
        fmt::format(R"({{"projectId":"{}","status":"READY","name":"again"}})", options_->project));
  }
  switch (options_->mixed ? (turn + round) % kMixTurns : kMixTurns) {
    case 0:
      return add(batch, "github.pr_snapshot_updated", workspace,
                 fmt::format(R"({{"prNumber":{},"prState":"OPEN","prCiStatus":"{}",)"
                             R"("prUrl":"https://example.org/pr/{}"}})",
                             workspace + 1, round % 3 == 0 ? "FAILURE" : "SUCCESS", workspace + 1));
    case 1:
      return add(batch, "session.changed", workspace,
                 fmt::format(R"({{"sessionId":"s{}","name":"Session","workflow":null,"model":"m",)"
                             R"("provider":"CLAUDE","persistedStatus":"RUNNING",)"
                             R"("runtimePhase":"{}","processState":"alive","activity":"{}",)"
                             R"("updatedAt":"2026-03-04T05:06:07.000Z","lastExit":null,)"
                             R"("errorMessage":null}})",
                             workspace, round % 2 == 0 ? "running" : "idle",
                             round % 2 == 0 ? "WORKING" : "IDLE"));
    case 2:
      return add(batch, "run_script.status_changed", workspace,
                 fmt::format(R"({{"runScriptStatus":"{}"}})", round % 2 == 0 ? "RUNNING" : "IDLE"));
    default:
      break;
  }
  ++mark_;
  deliveries.sent(mark_, numbers_[workspace], at, readers);
  batch.marked.push_back({numbers_[workspace], mark_});
  add(batch, "workspace.updated", workspace, fmt::format(R"({{"name":"e{}{}"}})", mark_, run_));
}

}  // namespace sb::load
