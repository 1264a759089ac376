#include "yardstick.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <string_view>

#include <benchmark/benchmark.h>
#include <simdjson.h>

namespace sb::bench {
namespace {

constexpr double kNanosThere = 113;
constexpr std::size_t kEventBytes = 384;
constexpr int kRounds = 7;  // of which the median counts
constexpr int kReads = 30'000;

const simdjson::padded_string kEvent(std::string_view(
    R"({"specversion":"1.0","id":"0123456789abcdef-42","source":"agents/one","type":"github.pr_snapshot_updated",)"
    R"("subject":"workspace-00000042","time":"2026-11-28T12:00:00Z","datacontenttype":"application/json",)"
    R"("data":{"projectId":"project-1","prUrl":"https://git.example/acme/app/pull/1234","prNumber":1234,)"
    R"("prState":"OPEN","prCiStatus":"PENDING","prUpdatedAt":1790000000000,"draft":false}})"));

struct Event {
  std::string_view id, source, type, subject, project, url, state, ci;
  std::int64_t number = 0, updated = 0;
};

Event read(simdjson::dom::parser& parser) {
  const simdjson::dom::object event = parser.parse(kEvent).value();
  const auto text = [](const simdjson::dom::object& from, std::string_view key) {
    return from[key].get_string().value();
  };
  const simdjson::dom::object data = event["data"].get_object().value();
  return {text(event, "id"),
          text(event, "source"),
          text(event, "type"),
          text(event, "subject"),
          text(data, "projectId"),
          text(data, "prUrl"),
          text(data, "prState"),
          text(data, "prCiStatus"),
          data["prNumber"].get_int64().value(),
          data["prUpdatedAt"].get_int64().value()};
}

/// CPU time of this thread.
std::chrono::nanoseconds spent() {
  std::timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

}  // namespace

double slower_than_the_targets_machine() {
  if (kEvent.size() != kEventBytes) std::abort();
  simdjson::dom::parser parser;
  std::array<double, kRounds> nanos{};
  for (double& each : nanos) {
    const auto begin = spent();
    for (int i = 0; i < kReads; ++i) benchmark::DoNotOptimize(read(parser));
    each = static_cast<double>((spent() - begin).count()) / kReads;
  }
  std::nth_element(nanos.begin(), nanos.begin() + kRounds / 2, nanos.end());
  return nanos[kRounds / 2] / kNanosThere;
}

}  // namespace sb::bench
