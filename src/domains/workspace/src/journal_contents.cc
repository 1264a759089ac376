#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "sb/workspace/journal.h"

namespace sb::workspace {

void JournalContents::add(const JournalRow& row) {
  JournalRow kept = row;
  // Mostly what one source said of one workspace, one after the other.
  const JournalRow* const last = rows_.empty() ? nullptr : &rows_.back();
  const auto again = [&](std::string_view JournalRow::* text) {
    return last != nullptr && last->*text == row.*text ? last->*text : keep(row.*text);
  };
  kept.workspace = again(&JournalRow::workspace);
  kept.source = again(&JournalRow::source);
  kept.key = keep(row.key);
  kept.value = keep(row.value);
  rows_.push_back(kept);
}

void JournalContents::sort() {
  if (std::is_sorted(rows_.begin(), rows_.end(), [](const JournalRow& a, const JournalRow& b) {
        return a.written < b.written;
      })) {
    return;
  }
  // Keys are cheaper to move about than rows.
  std::vector<std::pair<std::int64_t, std::uint32_t>> order;
  order.reserve(rows_.size());
  for (std::uint32_t i = 0; i < rows_.size(); ++i) order.emplace_back(rows_[i].written, i);
  std::sort(order.begin(), order.end());
  std::vector<JournalRow> sorted;
  sorted.reserve(rows_.size());
  for (const auto& [written, index] : order) sorted.push_back(rows_[index]);
  rows_ = std::move(sorted);
}

std::string_view JournalContents::keep(std::string_view text) {
  if (text.empty()) return {};
  auto* const kept = static_cast<char*>(texts_->allocate(text.size(), alignof(char)));
  return {kept, text.copy(kept, text.size())};
}

}  // namespace sb::workspace
