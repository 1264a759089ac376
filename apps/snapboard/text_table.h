#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sb::app {

/// Lines of aligned columns for a terminal. The last column is not cut. Thread: a value.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> heads, std::size_t width_max = 40)
      : width_max_(width_max) {
    rows_.push_back(std::move(heads));
  }
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  [[nodiscard]] bool empty() const { return rows_.size() == 1; }
  /// Every line with `indent` blanks before it and a line feed after it. Without the heads when
  /// they are all empty.
  [[nodiscard]] std::string text(std::size_t indent = 0) const;

 private:
  std::size_t width_max_;  // columns of the screen a cell may take
  std::vector<std::vector<std::string>> rows_;
};

/// How many columns of a screen a text takes: one for each code point.
[[nodiscard]] std::size_t text_width(std::string_view text);

}  // namespace sb::app
