#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "sb/core/json_value.h"
#include "sb/core/result.h"
#include "sb/model/facts.h"
#include "sb/workspace/journal.h"

namespace sb::orchestration {

inline constexpr std::string_view kMemoryKey = "memory";  // of the journal: no field has this name

/// Reads rows of the journal back. Thread: externally locked.
class JournalReader {
 public:
  using Rows = std::span<const workspace::JournalRow>;

  /// How many rows at the beginning of `rows`, which are not none, one statement wrote: fields of
  /// one workspace, by one source, with one stamp. Anything but a field stands alone.
  [[nodiscard]] static std::size_t statement(Rows rows);
  /// The patch that the rows of one statement stand for, none of them a removal or a memory.
  /// Errors: invalid_argument when an older or newer program wrote something else.
  [[nodiscard]] Result<model::FactPatch> read(Rows rows);

 private:
  template <class T>
  Result<void> read_elements(model::ElementsPatch<T>& patch, const workspace::JournalRow& row);

  JsonDocument document_;
  std::string text_;
};

}  // namespace sb::orchestration
