#pragma once

#include <string>
#include <string_view>

#include "sb/core/result.h"
#include "sb/snapshot/store.h"

#include "trpc.h"

namespace sb::transport {

/// Answers one query of an existing front end out of the store (protocol, section 2; contract,
/// section 19). What this server does not know of a row (linked issues, the configuration of
/// auto-iteration) is null. Thread: the loop. Errors: not_found (procedure, project),
/// invalid_argument (input, with its path).
[[nodiscard]] Result<TrpcData> legacy_read(const snapshot::Store& store, const TrpcCall& call);

}  // namespace sb::transport
