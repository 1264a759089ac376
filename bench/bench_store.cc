#include <malloc.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <ranges>
#include <span>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "sb/core/json_value.h"
#include "sb/model/event.h"
#include "sb/model/fact_codec.h"
#include "sb/orchestration/ingest.h"
#include "sb/snapshot/dialect1_session.h"
#include "sb/snapshot/store.h"
#include "sb/snapshot/sync_batch.h"
#include "sb/snapshot/view.h"

#include "report.h"

// The store on one core, beside the targets of docs/performance.md. Arguments: number of
// workspaces.

namespace {

using sb::MonoTime;
using sb::WallTime;
namespace model = sb::model;
namespace snapshot = sb::snapshot;

constexpr snapshot::SourceId kSource{1};

sb::model::FactPatch facts(const std::string& json) {
  sb::JsonDocument document;
  return *model::parse_fact_patch(*document.parse(json), "$");
}

// One realistic entry: an open pull request and one session.
const std::string kEntry =
    R"({"projectId":"p","status":"READY","name":"Fix the flaky login test","createdAt":"2026-11-01T00:00:00.000Z",)"
    R"("branchName":"fix/flaky-login","hasHadSessions":true,"prUrl":"https://git.example/acme/app/pull/1234",)"
    R"("prNumber":1234,"prState":"OPEN","prCiStatus":"SUCCESS","gitStats":{"total":7,"additions":120,"deletions":14,)"
    R"("hasUncommitted":true},"sessionSummaries":[{"sessionId":"s1","name":"Chat 1","workflow":"implement","model":"m",)"
    R"("persistedStatus":"IDLE","runtimePhase":"idle","processState":"alive","activity":"IDLE",)"
    R"("updatedAt":"2026-11-01T00:00:00.000Z","lastExit":null}]})";

// A plain worktree: no pull request, no session.
const std::string kWorktree =
    R"({"projectId":"p","status":"READY","name":"Fix the flaky login test","createdAt":"2026-11-01T00:00:00.000Z",)"
    R"("branchName":"fix/flaky-login","isMain":false,"worktreePath":"/home/me/app.worktrees/fix-flaky-login",)"
    R"("gitStats":{"total":7,"additions":120,"deletions":14,"hasUncommitted":true},"ahead":1,"behind":0})";

std::string id_of(std::int64_t i) {
  std::string digits = std::to_string(i);
  return "ws-" + digits.insert(0, 5 - digits.size(), '0');
}

struct Filled {
  explicit Filled(std::int64_t count, const std::string& entry = kEntry)
      : store("bench", limits(count)) {
    model::ProjectInfo project;
    project.id = model::ProjectId("p");
    (void)store.put_project(project);
    (void)store.source("bench");
    const auto patch = facts(entry);
    for (std::int64_t i = 0; i < count; ++i) {
      ids.emplace_back(id_of(i));
      apply(ids.back(), patch);
    }
  }
  static snapshot::Limits limits(std::int64_t count) {
    snapshot::Limits limits;
    limits.workspaces_per_project_max = static_cast<std::size_t>(count) + 1;
    return limits;
  }
  snapshot::Applied apply(const model::WorkspaceId& id, const model::FactPatch& patch,
                          std::uint64_t sequence = 0) {
    return store.apply(snapshot::UpdateView{.workspace = id,
                                            .source = kSource,
                                            .stamp = {1, sequence == 0 ? ++last : sequence, 0},
                                            .label = "event:bench",
                                            .facts = patch},
                       wall, mono);
  }
  snapshot::Store store;
  std::vector<model::WorkspaceId> ids;
  std::uint64_t last = 0;
  WallTime wall{std::chrono::milliseconds(1'700'000'000'000)};
  MonoTime mono{};
};

// A changed field, with the entry derived and its text made again.
void changed_field(benchmark::State& state) {
  Filled filled(state.range(0));
  const model::FactPatch patches[2] = {facts(R"({"runScriptStatus":"RUNNING"})"),
                                       facts(R"({"runScriptStatus":"IDLE"})")};
  std::size_t i = 0;
  for (auto _ : state) {
    const auto& id = filled.ids[i % filled.ids.size()];
    benchmark::DoNotOptimize(filled.apply(id, patches[(i / filled.ids.size()) % 2]));
    ++i;
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(changed_field)->Arg(500)->Arg(10'000);

// A restated value.
void no_op(benchmark::State& state) {
  Filled filled(state.range(0));
  const auto patch = facts(R"({"runScriptStatus":"IDLE"})");
  for (const auto& id : filled.ids) filled.apply(id, patch);
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(filled.apply(filled.ids[i++ % filled.ids.size()], patch));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(no_op)->Arg(500);

// An older value.
void stale(benchmark::State& state) {
  Filled filled(state.range(0));
  const auto patch = facts(R"({"runScriptStatus":"IDLE"})");
  for (const auto& id : filled.ids) filled.apply(id, patch);
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(filled.apply(filled.ids[i++ % filled.ids.size()], patch, 1));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(stale)->Arg(500);

// A CloudEvent of 400 bytes as it arrives, changed in place so that making it costs nothing.
class EventText {
 public:
  /// What is stated moves from the one value to the other and back, each of 8 bytes.
  struct Kind {
    std::string_view type_and_data;
    std::string_view one;
    std::string_view other;
  };
  explicit EventText(const Kind& kind) : kind_(kind) {
    text_ =
        R"({"specversion":"1.0","id":"6f1c0a52-7c1e-4f0e-9d51-########0000","source":"agents/one",)"
        R"("subject":"########","sequence":"########",)"
        R"("time":"2026-11-23T09:15:13.264Z","datacontenttype":"application/json",)";
    text_ += kind.type_and_data;
    for (std::size_t at = text_.find(kHole); at != std::string::npos;
         at = text_.find(kHole, at + 1)) {
      holes_.push_back(at);
    }
  }
  /// The `n`-th event, about the workspace of this id (8 bytes).
  std::string_view make(std::uint64_t n, std::string_view id, bool one) {
    std::array<char, kHole.size()> digits;
    for (++n; char& digit : std::views::reverse(digits)) {
      digit = static_cast<char>('0' + n % 10);
      n /= 10;
    }
    put(0, digits.data());
    put(1, id.data());
    put(2, digits.data());
    put(3, (one ? kind_.one : kind_.other).data());
    return text_;
  }

 private:
  static constexpr std::string_view kHole = "########";
  void put(std::size_t hole, const char* bytes) {
    std::memcpy(text_.data() + holes_[hole], bytes, kHole.size());
  }
  Kind kind_;
  std::string text_;
  std::vector<std::size_t> holes_;
};

// Ten fields move with the state of a pull request, most of them derived ones.
constexpr EventText::Kind kPullRequest{
    R"("type":"github.pr_snapshot_updated","data":{)"
    R"("prNumber":1234,"prState":########,"prCiStatus":"SUCCESS","hasMergeConflict":false,)"
    R"("prUrl":"https://git.example/acme/app/pull/1234"}})",
    R"("MERGED")", R"("OPEN"  )"};
// One field moves, and nothing is derived from it.
constexpr EventText::Kind kRunScript{
    R"("type":"run_script.status_changed","dataschema":"https://git.example/schemas/run-script",)"
    R"("traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",)"
    R"("data":{"runScriptStatus":########}})",
    R"("FAILED")", R"("IDLE"  )"};

// Event text to the text of what changed, as it is sent to everybody of a view: parsed, checked,
// taken in, merged, settled, derived and encoded. What goes to the journal is handed over as well;
// `encode(from)` makes the message about what moved above a revision.
template <class Encode>
void event_to_text(benchmark::State& state, Filled& filled, const EventText::Kind& kind,
                   Encode&& encode) {
  sb::orchestration::Ingest ingest(filled.store);
  sb::JsonDocument document;
  EventText text(kind);
  std::uint64_t n = 0;
  for (auto _ : state) {
    const auto& id = filled.ids[n % filled.ids.size()];
    const auto from = filled.store.head();
    const auto value = document.parse(text.make(n, id.view(), (n / filled.ids.size()) % 2 == 0));
    std::vector<model::ExternalEvent> events;
    if (!model::parse_event(*value, events.emplace_back())) std::abort();
    const auto step = ingest.submit(std::move(events), filled.wall, filled.mono);
    benchmark::DoNotOptimize(step);
    benchmark::DoNotOptimize(encode(from));
    ++n;
  }
  state.SetItemsProcessed(state.iterations());
}

void event_to_entry(benchmark::State& state, const EventText::Kind& kind) {
  Filled filled(state.range(0));
  event_to_text(state, filled, kind, [](snapshot::Revision) { return 0; });
}

void event_to_changed(benchmark::State& state, const EventText::Kind& kind) {
  Filled filled(state.range(0));
  snapshot::Dialect1Encoder encoder(filled.store);
  const model::ProjectId project("p");
  event_to_text(state, filled, kind, [&](auto from) { return encoder.changes(project, from); });
}

void event_to_patch(benchmark::State& state, const EventText::Kind& kind) {
  Filled filled(state.range(0));
  snapshot::ViewEncoder encoder(filled.store);
  const auto view = snapshot::View::full(model::ProjectId("p"));
  event_to_text(state, filled, kind, [&](auto from) {
    return encoder.text(encoder.answer(view, snapshot::Position{.revision = from}, true), 0, 1, {});
  });
}

BENCHMARK_CAPTURE(event_to_entry, one, kRunScript)->Arg(500)->Arg(10'000);
BENCHMARK_CAPTURE(event_to_changed, one, kRunScript)->Arg(500)->Arg(10'000);
BENCHMARK_CAPTURE(event_to_patch, one, kRunScript)->Arg(500)->Arg(10'000);
BENCHMARK_CAPTURE(event_to_entry, ten, kPullRequest)->Arg(20)->Arg(500)->Arg(10'000);
BENCHMARK_CAPTURE(event_to_changed, ten, kPullRequest)->Arg(20)->Arg(500)->Arg(10'000);
BENCHMARK_CAPTURE(event_to_patch, ten, kPullRequest)->Arg(20)->Arg(500)->Arg(10'000);

// Resident memory of one entry, text and stamps included.
void memory_of(benchmark::State& state, const std::string& entry) {
  const auto resident = [] {
    long pages = 0, skip = 0;
    std::ifstream("/proc/self/statm") >> skip >> pages;
    return pages * sysconf(_SC_PAGESIZE);
  };
  for (auto _ : state) {
    malloc_trim(0);
    const long before = resident();
    const Filled filled(state.range(0), entry);
    state.counters["bytes_per_entry"] =
        static_cast<double>(resident() - before) / static_cast<double>(state.range(0));
  }
}
void memory_with_pr_and_session(benchmark::State& state) {
  memory_of(state, kEntry);
}
void memory_of_worktree(benchmark::State& state) {
  memory_of(state, kWorktree);
}
BENCHMARK(memory_with_pr_and_session)->Arg(10'000)->Iterations(1)->Repetitions(1);
BENCHMARK(memory_of_worktree)->Arg(10'000)->Iterations(1)->Repetitions(1);

// What changed since a revision costs what the answer holds.
void changes_since(benchmark::State& state) {
  Filled filled(10'000);
  const auto since = filled.store.head() - static_cast<snapshot::Revision>(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(filled.store.changes(model::ProjectId("p"), since));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(changes_since)->Arg(1)->Arg(10)->Arg(100)->Arg(1'000)->Arg(10'000);

using sb::bench::Target;
constexpr Target kTargets[] = {
    {"changed_field/500", "changed fields, 500 workspaces", Target::Kind::per_second_min, 1.8e6},
    {"changed_field/10000", "changed fields, 10,000 workspaces", Target::Kind::per_second_min, 1e6},
    {"no_op/500", "restated values, 500 workspaces", Target::Kind::per_second_min, 20e6},
    {"stale/500", "stale values, 500 workspaces", Target::Kind::per_second_min, 45e6},
    {"event_to_entry/one/500", "event of one field to the entry's text, 500",
     Target::Kind::nanos_max, 1'200},
    {"event_to_entry/one/10000", "event of one field to the entry's text, 10,000",
     Target::Kind::nanos_max, 1'500},
    {"event_to_changed/one/500", "event of one field to snapshot_changed, 500",
     Target::Kind::nanos_max, 1'200},
    {"event_to_changed/one/10000", "event of one field to snapshot_changed, 10,000",
     Target::Kind::nanos_max, 1'500},
    {"event_to_patch/one/500", "event of one field to a batch with a patch, 500",
     Target::Kind::nanos_max, 1'200},
    {"event_to_patch/one/10000", "event of one field to a batch with a patch, 10,000",
     Target::Kind::nanos_max, 1'500},
    {"event_to_entry/ten/20", "event of ten fields to the entry's text, 20",
     Target::Kind::nanos_max, 1'200},
    {"event_to_entry/ten/500", "event of ten fields to the entry's text, 500",
     Target::Kind::nanos_max, 1'200},
    {"event_to_entry/ten/10000", "event of ten fields to the entry's text, 10,000",
     Target::Kind::nanos_max, 1'500},
    {"event_to_changed/ten/20", "event of ten fields to snapshot_changed, 20",
     Target::Kind::nanos_max, 1'200},
    {"event_to_changed/ten/500", "event of ten fields to snapshot_changed, 500",
     Target::Kind::nanos_max, 1'200},
    {"event_to_changed/ten/10000", "event of ten fields to snapshot_changed, 10,000",
     Target::Kind::nanos_max, 1'500},
    {"event_to_patch/ten/20", "event of ten fields to a batch with a patch, 20",
     Target::Kind::nanos_max, 1'200},
    {"event_to_patch/ten/500", "event of ten fields to a batch with a patch, 500",
     Target::Kind::nanos_max, 1'200},
    {"event_to_patch/ten/10000", "event of ten fields to a batch with a patch, 10,000",
     Target::Kind::nanos_max, 1'500},
    {"memory_of_worktree/10000", "memory of a plain worktree", Target::Kind::bytes_max, 3'072},
    {"memory_with_pr_and_session/10000", "memory with a pull request and a session",
     Target::Kind::bytes_max, 3'072},
    {"changes_since/100", "changes since, each of 100", Target::Kind::per_second_min, 5e6},
    {"changes_since/10000", "changes since, each of 10,000", Target::Kind::per_second_min, 5e6},
};

}  // namespace

std::span<const Target> sb::bench::targets() {
  return kTargets;
}
