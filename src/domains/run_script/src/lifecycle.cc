#include "sb/run_script/run_script_service.h"

namespace sb::run_script {

bool may_become(model::RunScriptStatus from, model::RunScriptStatus to) {
  using enum model::RunScriptStatus;
  switch (from) {
    case IDLE:
      return to == STARTING;
    case STARTING:
      return to == RUNNING || to == COMPLETED || to == FAILED || to == STOPPING;
    case RUNNING:
      return to == STOPPING || to == COMPLETED || to == FAILED;
    case STOPPING:
      return to == IDLE;
    case COMPLETED:
    case FAILED:
      return to == IDLE || to == STARTING;
  }
  return false;
}

}  // namespace sb::run_script
