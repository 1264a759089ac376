#include "report.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "yardstick.h"

namespace sb::bench {
namespace {

constexpr int kRepetitions = 5;  // of each benchmark, unless the command line says otherwise

double figure_of(const Target& target, const benchmark::BenchmarkReporter::Run& run) {
  const auto counter = [&](const char* name) {
    const auto found = run.counters.find(name);
    return found == run.counters.end() ? 0.0 : static_cast<double>(found->second);
  };
  switch (target.kind) {
    case Target::Kind::per_second_min:
      return counter("items_per_second");
    case Target::Kind::nanos_max:
      return run.GetAdjustedCPUTime();
    case Target::Kind::bytes_max:
      return counter("bytes_per_entry");
  }
  return 0;
}

std::string text_of(Target::Kind kind, double figure) {
  char text[64];
  switch (kind) {
    case Target::Kind::per_second_min:
      std::snprintf(text, sizeof text, "%.2f M/s", figure / 1e6);
      break;
    case Target::Kind::nanos_max:
      std::snprintf(text, sizeof text, "%.0f ns", figure);
      break;
    case Target::Kind::bytes_max:
      std::snprintf(text, sizeof text, "%.0f bytes", figure);
      break;
  }
  return text;
}

double figure_there(Target::Kind kind, double here, double slower) {
  switch (kind) {
    case Target::Kind::per_second_min:
      return here * slower;
    case Target::Kind::nanos_max:
      return here / slower;
    case Target::Kind::bytes_max:
      return here;
  }
  return 0;
}

bool meets(const Target& target, double figure) {
  return target.kind == Target::Kind::per_second_min ? figure >= target.limit
                                                     : figure <= target.limit;
}

/// Prints every run as usual, and the medians beside their targets at the end, as measured and for
/// the machine the targets were set on, by the yardstick at its best: what is slow for a moment
/// excuses nothing.
class TargetReporter final : public benchmark::ConsoleReporter {
 public:
  TargetReporter() : ConsoleReporter(OO_Tabular) {}

  void ReportRuns(const std::vector<Run>& runs) override {
    ConsoleReporter::ReportRuns(runs);
    const double slower = slower_than_the_targets_machine();
    slower_ = slower_ == 0 ? slower : std::min(slower_, slower);
    for (const Run& run : runs) {
      const bool median = run.run_type == Run::RT_Aggregate && run.aggregate_name == "median";
      if (!median && run.run_type == Run::RT_Aggregate) continue;
      for (const Target& target : targets()) {
        const std::string name =
            run.run_name.function_name + (run.run_name.args.empty() ? "" : "/") + run.run_name.args;
        if (name == target.run) measured_[target.run] = figure_of(target, run);
      }
    }
  }
  void Finalize() override {
    ConsoleReporter::Finalize();
    std::printf("\n%-58s | %14s | %14s | %3s | %14s | met there\n", "what", "measured", "target",
                "met", "there");
    for (const Target& target : targets()) {
      const auto found = measured_.find(target.run);
      if (found == measured_.end()) continue;
      const bool at_least = target.kind == Target::Kind::per_second_min;
      const std::string wanted = (at_least ? ">= " : "<= ") + text_of(target.kind, target.limit);
      const double here = found->second;
      const double there = figure_there(target.kind, here, slower_);
      std::printf("%-58s | %14s | %14s | %3s | %14s | %s\n", std::string(target.what).c_str(),
                  text_of(target.kind, here).c_str(), wanted.c_str(),
                  meets(target, here) ? "yes" : "no", text_of(target.kind, there).c_str(),
                  meets(target, there) ? "yes" : "no");
    }
    std::printf(
        "there, by estimate: on the machine the targets were set on, which reads JSON %.1f times "
        "as fast\n",
        slower_);
  }

 private:
  std::map<std::string_view, double> measured_;  // by target; a median replaces single runs
  double slower_ = 0;                            // of the yardstick, the best; 0 before the first
};

}  // namespace
}  // namespace sb::bench

int main(int argc, char** argv) {
  std::vector<char*> arguments(argv, argv + argc);
  std::string repetitions = "--benchmark_repetitions=" + std::to_string(sb::bench::kRepetitions);
  arguments.insert(arguments.begin() + 1,
                   repetitions.data());  // what is given comes later and wins
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 1;
  sb::bench::TargetReporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  benchmark::Shutdown();
  return 0;
}
