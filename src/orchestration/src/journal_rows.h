#pragma once

#include <string_view>

#include "sb/core/result.h"
#include "sb/model/facts.h"
#include "sb/workspace/journal.h"

namespace sb::orchestration {

inline constexpr std::string_view kMemoryKey = "memory";  // of the journal: no field has this name

/// The patch a row stands for. Errors: invalid_argument when an older or newer program wrote
/// something else.
[[nodiscard]] Result<model::FactPatch> read_journal_row(const workspace::JournalFact& row);

}  // namespace sb::orchestration
