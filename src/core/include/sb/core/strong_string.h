#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace sb {

/// A string that means one thing only, so that a project id is never passed for a workspace id.
template <class Tag>
class StrongString {
 public:
  StrongString() = default;
  explicit StrongString(std::string value) : value_(std::move(value)) {}

  [[nodiscard]] const std::string& str() const { return value_; }
  [[nodiscard]] std::string_view view() const { return value_; }
  [[nodiscard]] bool empty() const { return value_.empty(); }

  friend bool operator==(const StrongString&, const StrongString&) = default;
  friend auto operator<=>(const StrongString&, const StrongString&) = default;
  friend std::ostream& operator<<(std::ostream& out, const StrongString& id) {
    return out << id.value_;
  }

 private:
  std::string value_;
};

template <class Tag>
[[nodiscard]] std::size_t hash_value(const StrongString<Tag>& id) {
  return std::hash<std::string>{}(id.str());
}

}  // namespace sb

template <class Tag>
struct std::hash<sb::StrongString<Tag>> {
  std::size_t operator()(const sb::StrongString<Tag>& id) const noexcept {
    return std::hash<std::string>{}(id.str());
  }
};
