// What one short process costs whoever waits for it: starts a program again and again, with a file
// as its input, and prints the median and the least of the wall time from start to end and the
// largest resident size of all. Small itself: the kernel counts the size of the parent at the start
// as the child's.
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace {

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

struct Cost {
  double micros = 0;
  long peak_kib = 0;
};

Cost run_once(const char* input, char** argv) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, input, O_RDONLY, 0);
  const auto begun = std::chrono::steady_clock::now();
  pid_t pid = 0;
  if (::posix_spawn(&pid, argv[0], &actions, nullptr, argv, environ) != 0) die(argv[0]);
  int status = 0;
  rusage usage{};
  if (::wait4(pid, &status, 0, &usage) != pid) die("wait4");
  const auto took = std::chrono::steady_clock::now() - begun;
  ::posix_spawn_file_actions_destroy(&actions);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    std::fprintf(stderr, "%s ended with status %d\n", argv[0], status);
    std::exit(1);
  }
  return {std::chrono::duration<double, std::micro>(took).count(), usage.ru_maxrss};
}

}  // namespace

int main(int argc, char** argv) {
  constexpr int kProgram = 3;
  if (argc <= kProgram) {
    std::fprintf(stderr, "usage: child_cost TIMES INPUT PROGRAM [ARGUMENT...]\n");
    return 2;
  }
  std::vector<double> micros;
  long peak_kib = 0;
  for (int left = std::max(1, std::atoi(argv[1])); left > 0; --left) {
    const Cost cost = run_once(argv[2], argv + kProgram);
    micros.push_back(cost.micros);
    peak_kib = std::max(peak_kib, cost.peak_kib);
  }
  std::sort(micros.begin(), micros.end());
  std::printf("{\"medianMicros\":%.1f,\"leastMicros\":%.1f,\"peakKib\":%ld}\n",
              micros[micros.size() / 2], micros.front(), peak_kib);
  return 0;
}
