#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "sb/core/result.h"

namespace sb {

/// A value inside a parsed JsonDocument. Small, copied freely, valid while its document lives.
/// Thread: immutable. Hides simdjson, whose headers are too slow to include widely.
class JsonValue {
 public:
  enum class Kind { null, boolean, number, string, array, object };

  [[nodiscard]] Kind kind() const;
  [[nodiscard]] bool is_null() const { return kind() == Kind::null; }
  [[nodiscard]] std::optional<bool> as_bool() const;
  [[nodiscard]] std::optional<std::int64_t> as_int() const;  ///< whole numbers, "1.0" too; no loss
  [[nodiscard]] std::optional<double> as_double() const;
  [[nodiscard]] std::optional<std::string_view> as_string()
      const;  ///< lives as long as the document

  /// The member `key` of an object (the first one of that name); nothing when absent or not an
  /// object.
  [[nodiscard]] std::optional<JsonValue> find(std::string_view key) const;

  /// Calls `fn(key, value)` for each member, in order of the text. Not an object: no call.
  template <class Fn>
  void each_member(Fn&& fn) const {
    walk_object(
        [](void* context, std::string_view key, JsonValue value) {
          (*static_cast<std::remove_reference_t<Fn>*>(context))(key, value);
        },
        &fn);
  }
  /// Calls `fn(index, value)` for each element, in order. Not an array: no call.
  template <class Fn>
  void each_element(Fn&& fn) const {
    walk_array(
        [](void* context, std::size_t index, JsonValue value) {
          (*static_cast<std::remove_reference_t<Fn>*>(context))(index, value);
        },
        &fn);
  }

  /// "a string", "a number", … for error messages.
  [[nodiscard]] std::string_view kind_text() const;

 private:
  friend class JsonDocument;
  void walk_object(void (*fn)(void*, std::string_view, JsonValue), void* context) const;
  void walk_array(void (*fn)(void*, std::size_t, JsonValue), void* context) const;

  alignas(
      void*) std::byte element_[2 * sizeof(void*)];  // simdjson::dom::element, checked in the .cc
};

/// Which of `kNames`, an array of texts known to the compiler, `name` is; their number when none.
template <const auto& kNames>
[[nodiscard]] std::size_t index_of_name(std::string_view name) {
  // A comparison with a text of known length takes a few instructions and no call.
  const auto is = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
    constexpr std::string_view kName = kNames[I];
    return name.size() == kName.size() && std::memcmp(name.data(), kName.data(), kName.size()) == 0;
  };
  std::size_t index = 0;
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (void)((is(std::integral_constant<std::size_t, I>{}) || (++index, false)) || ...);
  }(std::make_index_sequence<kNames.size()>{});
  return index;
}

/// The members `kNames` of an object, found in one walk: the first one of each name, nothing where
/// there is none.
template <const auto& kNames>
[[nodiscard]] std::array<std::optional<JsonValue>, kNames.size()> find_members(
    const JsonValue& object) {
  std::array<std::optional<JsonValue>, kNames.size()> found;
  object.each_member([&](std::string_view name, const JsonValue& member) {
    const std::size_t index = index_of_name<kNames>(name);
    if (index < found.size() && !found[index]) found[index] = member;
  });
  return found;
}

/// Parsed JSON text, with a reusable parser behind it. Thread: externally locked.
class JsonDocument {
 public:
  JsonDocument();
  ~JsonDocument();
  JsonDocument(JsonDocument&&) noexcept;
  JsonDocument& operator=(JsonDocument&&) noexcept;

  /// Parses `text` (UTF-8, checked; nesting at most kJsonDepthMax). Values of an earlier parse
  /// become invalid. Errors: invalid_argument with the reason and path "$".
  Result<JsonValue> parse(std::string_view text);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

inline constexpr std::size_t kJsonDepthMax = 64;  // levels

}  // namespace sb
