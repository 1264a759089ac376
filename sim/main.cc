#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <map>
#include <mutex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "sb/core/json_codec.h"
#include "sb/core/log.h"
#include "sb/core/mutant.h"

#include "simulation.h"

namespace {

struct Arguments {
  std::uint64_t from = 1;
  std::uint64_t seeds = 1'000;
  unsigned jobs = 1;
  std::uint64_t seconds = 0;  // stop after so long; 0: no limit
  bool one = false;
  bool trace = false;
  bool wall_steps = true;
  bool all = false;            // go on after a failure; one line for each guarantee broken
  bool until_failure = false;  // success is a failure found: for mutants
};

thread_local std::uint64_t current_seed = 0;

// An invariant of the product failed: say which seed, then die as it wants to.
void on_abort(int) {
  std::array<char, 64> text{};
  constexpr std::string_view kHead = "\nsb_sim: aborted in seed ";
  std::size_t at = 0;
  for (const char c : kHead) text[at++] = c;
  std::array<char, 24> digits{};
  std::size_t count = 0;
  for (std::uint64_t rest = current_seed; count == 0 || rest != 0; rest /= 10) {
    digits[count++] = static_cast<char>('0' + rest % 10);
  }
  while (count != 0) text[at++] = digits[--count];
  text[at++] = '\n';
  [[maybe_unused]] const auto written = write(STDERR_FILENO, text.data(), at);
  _exit(134);
}

#ifdef SB_MUTANTS
// Names of the file: a fault, the seed that shows it, the guarantee it breaks.
int run_mutants(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::set<std::string> left;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<sb::Mutant>>([&](auto mutant) {
    if (mutant.value != sb::Mutant::none) left.insert(mutant.name);
  });
  int wrong = 0;
  while (std::getline(file, line)) {
    std::istringstream words(line);
    std::string name, guarantee;
    std::uint64_t seed = 0;
    if (line.starts_with('#') || !(words >> name >> seed >> guarantee)) continue;
    current_seed = seed;
    sb::active_mutant = sb::Mutant::none;
    const auto clean = sb::sim::run_seed(seed);
    sb::active_mutant = sb::enum_from_text<sb::Mutant>(name).value_or(sb::Mutant::none);
    const auto faulty = sb::sim::run_seed(seed);
    const bool killed = clean.ok() && faulty.failure.guarantee == guarantee;
    std::clog << (killed ? "killed   " : "SURVIVED ") << name << ", seed " << seed << ": "
              << (faulty.ok() ? "nothing broken"
                              : faulty.failure.guarantee + ": " + faulty.failure.message)
              << '\n';
    if (killed) {
      left.erase(name);
    } else {
      ++wrong;
    }
  }
  for (const auto& name : left) std::clog << "no seed kills " << name << '\n';
  return wrong == 0 && left.empty() ? 0 : 1;
}

// Looks for the first seed at which each fault is noticed: lines for the file.
int find_mutants(std::uint64_t seeds, std::string_view only) {
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<sb::Mutant>>([&](auto mutant) {
    if (mutant.value == sb::Mutant::none || (!only.empty() && only != mutant.name)) return;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      current_seed = seed;
      sb::active_mutant = mutant.value;
      const auto faulty = sb::sim::run_seed(seed);
      if (faulty.ok()) continue;
      sb::active_mutant = sb::Mutant::none;
      if (!sb::sim::run_seed(seed).ok()) continue;
      std::clog << mutant.name << ' ' << seed << ' ' << faulty.failure.guarantee << "\n"
                << std::flush;
      return;
    }
    std::clog << "# " << mutant.name << " survives " << seeds << " seeds" << "\n" << std::flush;
  });
  return 0;
}
#endif

int usage() {
  std::cerr
      << "sb_sim --seed N [--trace]                  one run, replayed exactly\n"
         "       [--no-wall-steps]                   the same with a wall clock that never jumps\n"
         "sb_sim [--seeds N] [--from S] [--jobs J]   many runs; prints runs per second\n"
         "       [--all]                             goes on after failures, counts them by "
         "guarantee\n"
         "       [--seconds T]                       ends early after T seconds\n"
         "       [--until-failure]                   exits 0 once a run fails, 1 if none does\n";
  return 2;
}

bool parse(int argc, char** argv, Arguments& out) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--trace") {
      out.trace = true;
      continue;
    }
    if (flag == "--no-wall-steps") {
      out.wall_steps = false;
      continue;
    }
    if (flag == "--all") {
      out.all = true;
      continue;
    }
    if (flag == "--until-failure") {
      out.until_failure = true;
      continue;
    }
    if (i + 1 == argc) return false;
    const std::uint64_t value = std::strtoull(argv[++i], nullptr, 10);
    if (flag == "--seed") {
      out.from = value;
      out.one = true;
    } else if (flag == "--seeds") {
      out.seeds = value;
    } else if (flag == "--from") {
      out.from = value;
    } else if (flag == "--jobs") {
      out.jobs = static_cast<unsigned>(std::max<std::uint64_t>(value, 1));
    } else if (flag == "--seconds") {
      out.seconds = value;
    } else {
      return false;
    }
  }
  return true;
}

std::string report(std::uint64_t seed, const sb::sim::RunResult& result) {
  return "seed " + std::to_string(seed) + " step " + std::to_string(result.failure.step) +
         " broke " + result.failure.guarantee + ": " + result.failure.message +
         "\n  swarm: " + result.swarm + "\n  replay: sb_sim --seed " + std::to_string(seed) +
         " --trace\n";
}

int run_one(const Arguments& arguments) {
  current_seed = arguments.from;
  sb::sim::RunResult result;
  if (arguments.trace) {
    sb::sim::RunOptions options;
    options.seed = arguments.from;
    options.wall_steps = arguments.wall_steps;
    options.trace = [](const std::string& line) { std::cerr << line << '\n'; };
    result = sb::sim::run_once(options);
  } else {
    result = sb::sim::run_seed(arguments.from);
  }
  if (result.ok()) {
    std::clog << "seed " << arguments.from << " holds, " << result.steps << " steps\n";
    return 0;
  }
  std::clog << report(arguments.from, result);
  return 1;
}

int run_many(const Arguments& arguments) {
  const auto began = std::chrono::steady_clock::now();
  std::atomic<std::uint64_t> next{arguments.from};
  std::atomic<std::uint64_t> runs{0};
  std::atomic<std::uint64_t> steps{0};
  std::atomic<bool> stop{false};
  std::mutex mutex;
  std::string first_report;
  std::uint64_t first_seed = 0;
  std::map<std::string, std::pair<std::uint64_t, std::string>> by_guarantee;
  const std::uint64_t end = arguments.from + arguments.seeds;
  const auto work = [&] {
    while (!stop) {
      const std::uint64_t seed = next++;
      if (seed >= end) return;
      if (arguments.seconds != 0 &&
          std::chrono::steady_clock::now() - began > std::chrono::seconds(arguments.seconds)) {
        return;
      }
      current_seed = seed;
      const auto result = sb::sim::run_seed(seed);
      ++runs;
      steps += result.steps;
      if (result.ok()) continue;
      const std::lock_guard lock(mutex);
      auto& broken = by_guarantee[result.failure.guarantee];
      if (broken.first++ == 0) broken.second = report(seed, result);
      if (arguments.all) continue;
      stop = true;
      // The smallest seed wins, so that the report does not depend on the threads.
      if (first_report.empty() || seed < first_seed) {
        first_seed = seed;
        first_report = report(seed, result);
      }
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < arguments.jobs; ++i) threads.emplace_back(work);
  for (auto& thread : threads) thread.join();
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  if (arguments.all) {
    for (const auto& [name, broken] : by_guarantee) {
      std::clog << name << ": " << broken.first << " runs, for instance " << broken.second;
    }
  }
  std::clog << first_report;
  // Of this process alone: what others do on the machine does not count.
  const double core_seconds = static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
  const auto rate = [&](double time) {
    return static_cast<std::uint64_t>(static_cast<double>(runs.load()) / time);
  };
  std::clog << runs.load() << " runs, " << steps.load() << " steps in " << seconds
            << " s: " << rate(seconds) << " runs per second with " << arguments.jobs << " jobs, "
            << rate(core_seconds) << " per second of one core\n";
  return by_guarantee.empty() == arguments.until_failure ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
#ifdef SB_MUTANTS
  sb::configure_logging(sb::LogLevel::error, sb::LogFormat::text);
  if (argc == 3 && std::string_view(argv[1]) == "--mutants") return run_mutants(argv[2]);
  if (argc >= 3 && std::string_view(argv[1]) == "--find-mutants") {
    return find_mutants(std::strtoull(argv[2], nullptr, 10), argc > 3 ? argv[3] : "");
  }
#endif
  Arguments arguments;
  if (!parse(argc, argv, arguments)) return usage();
  std::signal(SIGABRT, on_abort);
  sb::configure_logging(sb::LogLevel::error, sb::LogFormat::text);  // drift is made on purpose
  return arguments.one ? run_one(arguments) : run_many(arguments);
}
