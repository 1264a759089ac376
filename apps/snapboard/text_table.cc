#include "text_table.h"

#include <algorithm>

namespace sb::app {
namespace {

constexpr std::size_t kGap = 2;  // columns between cells

bool begins_code_point(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

// Not more than `columns`, the last one an ellipsis when something is missing.
std::string cut(const std::string& text, std::size_t columns) {
  if (text_width(text) <= columns) return text;
  std::size_t taken = 0;
  std::size_t end = 0;
  while (end < text.size() && (taken < columns - 1 || !begins_code_point(text[end]))) {
    if (begins_code_point(text[end])) ++taken;
    ++end;
  }
  return text.substr(0, end) + "\u2026";
}

}  // namespace

std::size_t text_width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_code_point));
}

std::string TextTable::text(std::size_t indent) const {
  std::vector<std::size_t> widths(rows_.front().size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], std::min(text_width(row[i]), width_max_));
    }
  }
  std::string out;
  for (const auto& row : rows_) {
    const bool no_heads =
        &row == &rows_.front() &&
        std::all_of(row.begin(), row.end(), [](const auto& h) { return h.empty(); });
    if (no_heads) continue;
    std::string line(indent, ' ');
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool last = i + 1 == row.size();
      const std::string cell = last ? row[i] : cut(row[i], width_max_);
      line += cell;
      if (!last) line.append(widths[i] - std::min(widths[i], text_width(cell)) + kGap, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  return out;
}

}  // namespace sb::app
