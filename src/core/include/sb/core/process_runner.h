#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "sb/core/result.h"

namespace sb {

/// A child process to run to its end. No shell is involved.
struct ProcessSpec {
  std::vector<std::string> argv;                             ///< argv[0] is looked up in PATH
  std::string cwd;                                           ///< empty: ours
  std::vector<std::pair<std::string, std::string>> set_env;  ///< added to our environment
  std::vector<std::string> unset_env;                        ///< removed from it
  std::string stdin_bytes;                                   ///< written, then closed
  std::chrono::milliseconds timeout{10'000};  ///< then TERM, and KILL of the group after a grace
  std::size_t output_bytes_max = 10U << 20U;  ///< each of stdout and stderr; more is limit_exceeded
};

struct ProcessOutput {
  int exit_code = 0;  ///< 128 + signal when a signal ended it
  std::string out;
  std::string err;
};

/// The seam to short-lived child processes. Blocks the calling thread: workers only, never the
/// loop. Errors: not_found (no such program), timeout, limit_exceeded, internal. A non-zero exit is
/// not an error.
struct ProcessRunner {
  virtual ~ProcessRunner() = default;
  virtual Result<ProcessOutput> run(const ProcessSpec& spec) = 0;
};

}  // namespace sb
