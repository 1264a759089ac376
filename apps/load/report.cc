#include "report.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include <fmt/format.h>

#include "sb/core/json_writer.h"

namespace sb::load {
namespace {

constexpr double kMicro = 1e3;  // nanoseconds

double per(std::uint64_t sum, std::uint64_t count) {
  return static_cast<double>(sum) / static_cast<double>(std::max<std::uint64_t>(count, 1));
}

double micros(std::uint64_t nanos) {
  return static_cast<double>(nanos) / kMicro;
}

std::string times_text(const Histogram& times) {
  return fmt::format("p50 {:.2f}  p99 {:.2f}  p99.9 {:.2f}  max {:.2f} ms",
                     micros(times.quantile(0.5)) / 1e3, micros(times.quantile(0.99)) / 1e3,
                     micros(times.quantile(0.999)) / 1e3, micros(times.max()) / 1e3);
}

void times_json(JsonWriter& json, std::string_view name, const Histogram& times) {
  json.key(name).begin_object();
  json.key("count").number(times.count());
  json.key("p50").number(micros(times.quantile(0.5)));
  json.key("p99").number(micros(times.quantile(0.99)));
  json.key("p999").number(micros(times.quantile(0.999)));
  json.key("max").number(micros(times.max()));
  json.end_object();
}

void phase_json(JsonWriter& json, const Phase& phase) {
  json.begin_object().key("name").string(phase.name).key("seconds").number(phase.seconds);
  json.key("events").number(phase.events).key("deliveries").number(phase.deliveries);
  json.key("deliveriesPerSecond").number(static_cast<double>(phase.deliveries) / phase.seconds);
  json.key("operations").number(phase.operations).key("messages").number(phase.messages);
  json.key("bytes").number(phase.bytes);
  json.key("bytesPerMessage").number(per(phase.bytes, phase.messages));
  json.key("cpuSeconds").number(static_cast<double>(phase.cpu_nanos) / 1e9);
  json.key("cpuMicrosPerDelivery").number(per(phase.cpu_nanos, phase.deliveries) / kMicro);
  json.key("ownCpuSeconds").number(static_cast<double>(phase.own_cpu_nanos) / 1e9);
  json.key("residentBytes").number(phase.resident);
  times_json(json, "toEachMicros", phase.each);
  times_json(json, "toLastMicros", phase.last);
  json.end_object();
}

void findings_json(JsonWriter& json, const Findings& findings) {
  json.key("cuts").number(findings.cuts).key("connects").number(findings.connects);
  json.key("resumes").number(findings.resumes).key("resets").number(findings.resets);
  json.key("resetsCompacted").number(findings.resets_compacted);
  json.key("resetsOfNewEpoch").number(findings.epochs).key("slow").number(findings.slow);
  json.key("violations").number(findings.violations).key("examples").begin_array();
  for (const std::string& example : findings.examples) json.string(example);
  json.end_array();
}

double connection_bytes(const Outcome& outcome) {
  if (outcome.connected == 0 || outcome.resident_connected <= outcome.resident_before) return 0;
  return per(outcome.resident_connected - outcome.resident_before, outcome.connected);
}

}  // namespace

std::string report_text(const Outcome& outcome) {
  std::string out;
  const auto say = [&out](std::string_view line) { out.append(line).append("\n"); };
  say(fmt::format("{} clients connected in {:.2f} s, {:.0f} bytes of the server each",
                  outcome.connected, outcome.connect_seconds, connection_bytes(outcome)));
  for (const Phase& phase : outcome.phases) {
    say(fmt::format("\n{}: {} events in {:.1f} s", phase.name, phase.events, phase.seconds));
    say("  event to each client  " + times_text(phase.each));
    say("  event to the last     " + times_text(phase.last));
    say(fmt::format("  deliveries            {:.0f} /s, {:.3f} us of the server's CPU each",
                    static_cast<double>(phase.deliveries) / phase.seconds,
                    per(phase.cpu_nanos, phase.deliveries) / kMicro));
    say(fmt::format("  read                  {} messages, {} operations, {:.1f} MiB",
                    phase.messages, phase.operations,
                    static_cast<double>(phase.bytes) / (1024.0 * 1024.0)));
    say(fmt::format(
        "  CPU of one core       server {:.0f} %, this {:.0f} %; server resident {:.1f} MiB",
        static_cast<double>(phase.cpu_nanos) / 1e7 / phase.seconds,
        static_cast<double>(phase.own_cpu_nanos) / 1e7 / phase.seconds,
        static_cast<double>(phase.resident) / (1024.0 * 1024.0)));
  }
  if (outcome.handshakes > 0) {
    say(fmt::format("\nhandshakes              {:.0f} /s",
                    static_cast<double>(outcome.handshakes) / outcome.handshake_seconds));
  }
  if (outcome.baselines.count() > 0) {
    say(fmt::format("\nbaselines of {} bytes: {} read, {}", outcome.baseline_bytes,
                    outcome.baselines.count(), times_text(outcome.baselines)));
  }
  const Findings& found = outcome.findings;
  say(fmt::format(
      "\ncuts {}, connects {}, resumed {}, reset that could be resumed {}, new epoch {}, slow {}",
      found.cuts, found.connects, found.resumes, found.resets, found.epochs, found.slow));
  if (outcome.longest_outage > 0) {
    say(fmt::format("longest outage          {:.2f} s until all were back",
                    outcome.longest_outage));
  }
  if (outcome.checked) {
    say(fmt::format("equal to the server     {} of {} clients, {:.2f} s after the last event",
                    outcome.equal, outcome.clients, outcome.settle_seconds));
    say(fmt::format("confirmed and lost      {}", outcome.lost));
  }
  for (const std::string& example : found.examples) say("wrong: " + example);
  say(fmt::format("violations              {}\n{}", found.violations,
                  outcome.right() ? "all right" : "NOT RIGHT"));
  return out;
}

std::string report_json(const Outcome& outcome) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("right").boolean(outcome.right());
  json.key("clients").number(outcome.clients).key("equal").number(outcome.equal);
  json.key("lost").number(outcome.lost).key("accepted").number(outcome.accepted);
  json.key("repeated").number(outcome.repeated);
  json.key("connectSeconds").number(outcome.connect_seconds);
  json.key("settleSeconds").number(outcome.settle_seconds);
  json.key("longestOutageSeconds").number(outcome.longest_outage);
  json.key("bytesPerConnection").number(connection_bytes(outcome));
  json.key("handshakesPerSecond")
      .number(outcome.handshakes == 0
                  ? 0.0
                  : static_cast<double>(outcome.handshakes) / outcome.handshake_seconds);
  json.key("baselineBytes").number(outcome.baseline_bytes);
  json.key("firstBaselineAtNanos").number(outcome.first_baseline_at);
  times_json(json, "baselineMicros", outcome.baselines);
  json.key("phases").begin_array();
  for (const Phase& phase : outcome.phases) phase_json(json, phase);
  json.end_array();
  findings_json(json, outcome.findings);
  json.end_object();
  return out;
}

}  // namespace sb::load
