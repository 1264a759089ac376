#include "sb/workspace/workspace_service.h"

namespace sb::workspace {

bool may_become(model::WorkspaceStatus from, model::WorkspaceStatus to) {
  using enum model::WorkspaceStatus;
  switch (from) {
    case NEW:
      return to == PROVISIONING;
    case PROVISIONING:
      return to == READY || to == FAILED;
    case READY:
      return to == ARCHIVING || to == PROVISIONING;
    case FAILED:
      return to == PROVISIONING || to == NEW || to == ARCHIVING;
    case ARCHIVING:
      return to == READY || to == FAILED || to == ARCHIVED;
    case ARCHIVED:
      return false;
  }
  return false;
}

}  // namespace sb::workspace
