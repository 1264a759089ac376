#include "line_diff.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace sb::app {
namespace {

constexpr std::size_t kContext = 3;  // lines around a change

struct Line {
  char mark;  // ' ', '-' or '+'
  std::string_view text;
};

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

using Lines = std::vector<std::string_view>;

// Lengths of the longest common subsequences of what follows each pair of lines.
void append_changes(std::vector<Line>& out, const Lines& before, const Lines& after) {
  const std::size_t rows = before.size();
  const std::size_t columns = after.size();
  if (rows > kDiffLinesMax || columns > kDiffLinesMax) {
    for (const auto line : before) out.push_back({'-', line});
    for (const auto line : after) out.push_back({'+', line});
    return;
  }
  std::vector<std::uint32_t> common((rows + 1) * (columns + 1));
  const auto cell = [&](std::size_t i, std::size_t j) -> std::uint32_t& {
    return common[i * (columns + 1) + j];
  };
  for (std::size_t i = rows; i-- > 0;) {
    for (std::size_t j = columns; j-- > 0;) {
      cell(i, j) =
          before[i] == after[j] ? cell(i + 1, j + 1) + 1 : std::max(cell(i + 1, j), cell(i, j + 1));
    }
  }
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < rows || j < columns) {
    if (i < rows && j < columns && before[i] == after[j]) {
      out.push_back({' ', before[i++]});
      ++j;
    } else if (i < rows && (j == columns || cell(i + 1, j) >= cell(i, j + 1))) {
      out.push_back({'-', before[i++]});
    } else {
      out.push_back({'+', after[j++]});
    }
  }
}

void append_hunk(std::string& out, const std::vector<Line>& lines, std::size_t from,
                 std::size_t to) {
  const auto count = [&](std::size_t begin, std::size_t end, char without) {
    return std::count_if(lines.begin() + static_cast<std::ptrdiff_t>(begin),
                         lines.begin() + static_cast<std::ptrdiff_t>(end),
                         [&](const Line& line) { return line.mark != without; });
  };
  const auto range = [&](char without) {
    const auto size = count(from, to, without);
    return std::to_string(count(0, from, without) + (size == 0 ? 0 : 1)) + "," +
           std::to_string(size);
  };
  out += "@@ -" + range('+') + " +" + range('-') + " @@\n";
  for (std::size_t i = from; i < to; ++i) {
    out += lines[i].mark;
    out.append(lines[i].text).append("\n");
  }
}

}  // namespace

std::string unified_diff(std::string_view before, std::string_view after, std::string_view name) {
  if (before == after) return {};
  const Lines old_lines = lines_of(before);
  const Lines new_lines = lines_of(after);
  const auto [old_begin, new_begin] =
      std::mismatch(old_lines.begin(), old_lines.end(), new_lines.begin(), new_lines.end());
  auto old_end = old_lines.end();
  auto new_end = new_lines.end();
  while (old_end != old_begin && new_end != new_begin &&
         *std::prev(old_end) == *std::prev(new_end)) {
    --old_end;
    --new_end;
  }
  std::vector<Line> lines;
  for (auto line = old_lines.begin(); line != old_begin; ++line) lines.push_back({' ', *line});
  append_changes(lines, {old_begin, old_end}, {new_begin, new_end});
  for (auto line = old_end; line != old_lines.end(); ++line) lines.push_back({' ', *line});

  std::string out = "--- " + std::string(name) + "\n+++ " + std::string(name) + "\n";
  const auto is_change = [](const Line& line) { return line.mark != ' '; };
  for (auto at = std::find_if(lines.begin(), lines.end(), is_change); at != lines.end();) {
    const auto from = static_cast<std::size_t>(at - lines.begin());
    // A hunk goes on while the next change is near enough for their contexts to meet.
    auto last = at;
    auto next = at;
    while (next != lines.end() && static_cast<std::size_t>(next - last) <= 2 * kContext) {
      last = next;
      next = std::find_if(std::next(next), lines.end(), is_change);
    }
    const auto end = static_cast<std::size_t>(last - lines.begin()) + 1;
    append_hunk(out, lines, from - std::min(from, kContext),
                std::min(end + kContext, lines.size()));
    at = next;
  }
  return out;
}

}  // namespace sb::app
