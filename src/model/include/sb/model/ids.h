#pragma once

#include <cstddef>

#include "sb/core/strong_string.h"

namespace sb::model {

using ProjectId = StrongString<struct ProjectIdTag>;
using WorkspaceId = StrongString<struct WorkspaceIdTag>;
using SessionId = StrongString<struct SessionIdTag>;

inline constexpr std::size_t kIdBytesMax =
    256;  // bytes of any identifier on the wire (protocol, section 5)

}  // namespace sb::model
