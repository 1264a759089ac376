#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "sb/core/check.h"

namespace sb::snapshot {

/// A text so short that copying all of its room costs less than a call that looks at its length.
/// Thread: a value.
class ShortText {
 public:
  static constexpr std::size_t kBytesMax = 32;

  void assign(std::string_view text) {
    SB_CHECK(text.size() <= kBytesMax, "ShortText: too long");
    size_ = text.copy(bytes_.data(), kBytesMax);
  }
  void assign_decimal(std::integral auto value) {
    const auto end = std::to_chars(bytes_.data(), bytes_.data() + kBytesMax, value).ptr;
    size_ = static_cast<std::size_t>(end - bytes_.data());
  }
  /// Answers where the text ends. REQUIRES: `kBytesMax` bytes of room.
  char* write(char* to) const {
    std::memcpy(to, bytes_.data(), kBytesMax);
    return to + size_;
  }

 private:
  std::array<char, kBytesMax> bytes_{};
  std::size_t size_ = 0;
};

/// Up to `kCount` short texts, joined without a call for each. Thread: a value.
template <std::size_t kCount>
class ShortTexts {
 public:
  /// REQUIRES of all: no more than `kCount` in all, of at most ShortText::kBytesMax bytes each.
  ShortTexts& add(std::string_view text) {
    SB_CHECK(text.size() <= ShortText::kBytesMax, "ShortTexts: too long");
    end_ += text.copy(end_, ShortText::kBytesMax);
    return *this;
  }
  ShortTexts& add(const ShortText& text) {
    end_ = text.write(end_);
    return *this;
  }
  ShortTexts& add_decimal(std::integral auto value) {
    end_ = std::to_chars(end_, end_ + ShortText::kBytesMax, value).ptr;
    return *this;
  }
  [[nodiscard]] std::string_view text() const {
    return {bytes_.data(), static_cast<std::size_t>(end_ - bytes_.data())};
  }
  ShortTexts() = default;
  ShortTexts(const ShortTexts&) = delete;
  ShortTexts& operator=(const ShortTexts&) = delete;

 private:
  std::array<char, kCount * ShortText::kBytesMax> bytes_;
  char* end_ = bytes_.data();
};

}  // namespace sb::snapshot
