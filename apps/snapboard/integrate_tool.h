#pragma once

#include <string>

namespace sb::app {

struct IntegrateOptions {
  std::string agent;
  bool project = false;  ///< the project we stand in, for you alone; else all of yours
  bool remove = false;
  bool yes = false;  ///< write without asking
};

/// `snapboard integrate`: shows what would change in the agent's own configuration, asks, and
/// writes it. Without a terminal to ask on and without `yes` it only shows.
int integrate(const IntegrateOptions& options);

}  // namespace sb::app
