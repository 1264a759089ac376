#include "server_usage.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include <fmt/format.h>

namespace sb::load {

std::uint64_t cpu_nanos(int pid) {
  std::uint64_t sum = 0;
  std::error_code gone;
  if (pid == 0) return 0;
  for (const auto& task :
       std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid), gone)) {
    std::ifstream file(task.path() / "schedstat");
    std::uint64_t nanos = 0;
    file >> nanos;
    sum += nanos;
  }
  return sum;
}

std::uint64_t resident_bytes(int pid) {
  std::ifstream file(fmt::format("/proc/{}/status", pid));
  std::string word;
  while (file >> word) {
    std::uint64_t kibibytes = 0;
    if (word == "VmRSS:" && file >> kibibytes) return kibibytes * 1024;
  }
  return 0;
}

}  // namespace sb::load
