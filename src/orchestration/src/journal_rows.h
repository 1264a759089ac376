#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sb/core/result.h"
#include "sb/model/event.h"
#include "sb/model/facts.h"
#include "sb/workspace/journal.h"

namespace sb::orchestration {

/// The journal rows of one patch: a row per accepted scalar, per element, and per whole list. `row`
/// carries everything but key and value.
void append_journal_rows(std::vector<workspace::JournalFact>& rows,
                         const workspace::JournalFact& row, const model::FactPatch& patch,
                         model::FieldSet accepted);

/// The patch a row stands for. Errors: invalid_argument when an older or newer program wrote
/// something else.
[[nodiscard]] Result<model::FactPatch> read_journal_row(const workspace::JournalFact& row);

}  // namespace sb::orchestration
