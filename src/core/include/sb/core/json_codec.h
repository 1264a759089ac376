#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/describe.hpp>
#include <boost/mp11.hpp>
#include <boost/pfr/tuple_size.hpp>

#include "sb/core/clock.h"
#include "sb/core/json_value.h"
#include "sb/core/json_writer.h"
#include "sb/core/result.h"
#include "sb/core/strong_string.h"

// The codec between described structs and JSON. A struct is described once (BOOST_DESCRIBE_STRUCT)
// and its members' names are the wire names.
//   Reading: an unknown member is ignored; std::optional is nullable and may be absent; Opinion may
//   be absent (no opinion) and is null only if it holds an optional; a member named in
//   `kJsonDefaulted` keeps its default when absent; anything else absent is an error with its JSON
//   path. `kJsonStrict = true`: a std::optional must be present. Writing: every member, an empty
//   optional as null; an empty Opinion and an empty member named in `kJsonOmitEmpty` are left out.

namespace sb {

/// A member that need not be stated: empty means "no opinion", which is not the same as null.
template <class T>
struct Opinion : std::optional<T> {
  using std::optional<T>::optional;
  using std::optional<T>::operator=;
};

template <class T>
concept DescribedEnum = std::is_enum_v<T> && boost::describe::has_describe_enumerators<T>::value;

template <class T>
concept DescribedStruct = std::is_class_v<T> && boost::describe::has_describe_members<T>::value;

/// True when every member of the aggregate is described. Put
/// `static_assert(all_members_described<T>());` below each BOOST_DESCRIBE_STRUCT: a forgotten
/// member would be silently left off the wire.
template <class T>
consteval bool all_members_described() {
  using Members = boost::describe::describe_members<T, boost::describe::mod_public>;
  return boost::pfr::tuple_size_v<T> == boost::mp11::mp_size<Members>::value;
}

namespace detail {
// The names of an enumeration by value; it counts from 0, or the compiler says so.
template <DescribedEnum E>
constexpr auto make_enum_names() {
  using Described = boost::describe::describe_enumerators<E>;
  std::array<std::string_view, boost::mp11::mp_size<Described>::value> names{};
  boost::mp11::mp_for_each<Described>([&](auto described) {
    names.at(static_cast<std::size_t>(described.value)) = described.name;
  });
  return names;
}
template <DescribedEnum E>
inline constexpr auto kEnumNames = make_enum_names<E>();

// The name of a description between two texts, joined while compiling: `"RUNNING"`, `,"name":`.
template <class Described, char... Before>
struct JoinedName {
  template <std::size_t After>
  static constexpr auto join(const char (&after)[After]) {
    constexpr std::string_view kName = Described::name;
    std::array<char, sizeof...(Before) + kName.size() + After - 1> text{Before...};
    std::size_t at = sizeof...(Before);
    for (const char c : kName) text[at++] = c;
    for (std::size_t i = 0; i + 1 < After; ++i) text[at++] = after[i];
    return text;
  }
};
template <class Described>
inline constexpr auto kEnumeratorJson = JoinedName<Described, '"'>::join("\"");
template <class Described>
inline constexpr auto kMemberHead = JoinedName<Described, ',', '"'>::join("\":");

template <class... Described>
constexpr auto make_enum_json(boost::mp11::mp_list<Described...>) {
  return std::array<std::string_view, sizeof...(Described)>{
      std::string_view(kEnumeratorJson<Described>.data(), kEnumeratorJson<Described>.size())...};
}
template <DescribedEnum E>
inline constexpr auto kEnumJson = make_enum_json(
    boost::mp11::mp_rename<boost::describe::describe_enumerators<E>, boost::mp11::mp_list>{});
}  // namespace detail

/// The wire text of an enumerator: its own name.
template <DescribedEnum E>
[[nodiscard]] constexpr std::string_view enum_text(E value) {
  const auto index = static_cast<std::size_t>(value);
  return index < detail::kEnumNames<E>.size() ? detail::kEnumNames<E>[index] : "?";
}

template <DescribedEnum E>
[[nodiscard]] constexpr std::optional<E> enum_from_text(std::string_view text) {
  for (std::size_t i = 0; i < detail::kEnumNames<E>.size(); ++i) {
    if (detail::kEnumNames<E>[i] == text) return static_cast<E>(i);
  }
  return std::nullopt;
}

/// A place in a document, for error messages: "$.data.sessions[2].name". A chain of borrowed steps
/// that becomes text only when something is wrong. Made on the stack, passed down, never kept.
class JsonPath {
 public:
  JsonPath(std::string_view root) : step_(root) {}    // NOLINT: a text is a path
  JsonPath(const std::string& root) : step_(root) {}  // NOLINT: a text is a path
  JsonPath(const char* root) : step_(root) {}         // NOLINT: a text is a path
  [[nodiscard]] JsonPath member(std::string_view name) const { return {this, name, 0}; }
  [[nodiscard]] JsonPath element(std::size_t index) const { return {this, {}, index}; }
  [[nodiscard]] std::string text() const;

 private:
  JsonPath(const JsonPath* parent, std::string_view step, std::size_t index)
      : parent_(parent), step_(step), index_(index) {}
  const JsonPath* parent_ = nullptr;  // null: `step_` is the whole text so far
  std::string_view step_;             // name of a member; empty: an element
  std::size_t index_ = 0;
};

/// A failed read at `path`: "expected a string, found a number".
[[nodiscard, gnu::cold]] tl::unexpected<Error> json_type_error(std::string_view expected,
                                                               const JsonValue& found,
                                                               const JsonPath& path);
[[nodiscard, gnu::cold]] tl::unexpected<Error> json_missing_error(const JsonPath& path);
[[nodiscard, gnu::cold]] tl::unexpected<Error> json_enum_error(std::string_view text,
                                                               const JsonPath& path);

namespace detail {
template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct IsOpinion : std::false_type {};
template <class T>
struct IsOpinion<Opinion<T>> : std::true_type {};
template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};
template <class T>
struct IsStrongString : std::false_type {};
template <class Tag>
struct IsStrongString<StrongString<Tag>> : std::true_type {};

template <class T>
consteval bool is_strict() {
  if constexpr (requires { T::kJsonStrict; }) return T::kJsonStrict;
  return false;
}
template <class T>
constexpr bool is_defaulted(std::string_view member) {
  if constexpr (requires { T::kJsonDefaulted; }) {
    for (const std::string_view name : T::kJsonDefaulted) {
      if (name == member) return true;
    }
  }
  return false;
}
template <class T>
constexpr bool omits_empty(std::string_view member) {
  if constexpr (requires { T::kJsonOmitEmpty; }) {
    for (const std::string_view name : T::kJsonOmitEmpty) {
      if (name == member) return true;
    }
  }
  return false;
}

inline constexpr std::int64_t kJsonIntMax =
    9007199254740991;  // 2^53 - 1, what JavaScript holds exactly
}  // namespace detail

/// Reads a T into `into`, which holds its defaults; `path` names the place for error messages. What
/// was read in part is left behind when something is wrong.
template <class T>
Result<void> read_json(T& into, const JsonValue& value, const JsonPath& path);

namespace detail {
// The names of the members of T, in order.
template <class T>
inline constexpr auto kMemberNames = [] {
  using Members = boost::describe::describe_members<T, boost::describe::mod_public>;
  std::array<std::string_view, boost::mp11::mp_size<Members>::value> names{};
  std::size_t index = 0;
  boost::mp11::mp_for_each<Members>([&](auto described) { names[index++] = described.name; });
  return names;
}();

template <class T>
Result<void> read_list(std::vector<T>& into, const JsonValue& value, const JsonPath& path) {
  Result<void> read;
  into.clear();
  value.each_element([&](std::size_t index, const JsonValue& element) {
    if (!read) return;
    T item{};
    read = read_json(item, element, path.element(index));
    if (read) into.push_back(std::move(item));
  });
  return read;
}

template <class T>
Result<void> read_struct(T& into, const JsonValue& value, const JsonPath& path) {
  const auto members = find_members<kMemberNames<T>>(value);
  Result<void> read;
  std::size_t index = 0;
  boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>(
      [&](auto described) {
        const auto& found = members[index++];
        if (!read) return;
        auto& member = into.*described.pointer;
        using Member = std::remove_reference_t<decltype(member)>;
        if (found) {
          read = read_json(member, *found, path.member(described.name));
          return;
        }
        constexpr bool kMayBeAbsent =
            IsOpinion<Member>::value || (IsOptional<Member>::value && !is_strict<T>());
        if (!kMayBeAbsent && !is_defaulted<T>(described.name)) {
          read = json_missing_error(path.member(described.name));
        }
      });
  return read;
}
}  // namespace detail

template <class T>
Result<void> read_json(T& into, const JsonValue& value, const JsonPath& path) {
  if constexpr (std::is_same_v<T, bool>) {
    const auto read = value.as_bool();
    if (!read) return json_type_error("a boolean", value, path);
    into = *read;
    return {};
  } else if constexpr (std::integral<T>) {
    const auto read = value.as_int();
    if (!read || *read < -detail::kJsonIntMax || *read > detail::kJsonIntMax ||
        !std::in_range<T>(*read)) {
      return json_type_error("a whole number in range", value, path);
    }
    into = static_cast<T>(*read);
    return {};
  } else if constexpr (std::is_same_v<T, std::string>) {
    const auto read = value.as_string();
    if (!read) return json_type_error("a string", value, path);
    into = *read;
    return {};
  } else if constexpr (std::is_same_v<T, WallTime>) {
    const auto text = value.as_string();
    if (!text) return json_type_error("an ISO-8601 time", value, path);
    const auto time = parse_iso(*text);
    if (!time) return fail(ErrorCode::invalid_argument, "expected an ISO-8601 time", path.text());
    into = *time;
    return {};
  } else if constexpr (detail::IsStrongString<T>::value) {
    const auto read = value.as_string();
    if (!read) return json_type_error("a string", value, path);
    into = T(std::string(*read));
    return {};
  } else if constexpr (DescribedEnum<T>) {
    const auto text = value.as_string();
    if (!text) return json_type_error("a string", value, path);
    const auto read = enum_from_text<T>(*text);
    if (!read) return json_enum_error(*text, path);
    into = *read;
    return {};
  } else if constexpr (detail::IsOpinion<T>::value) {
    return read_json(into.emplace(), value, path);
  } else if constexpr (detail::IsOptional<T>::value) {
    if (value.is_null()) {
      into.reset();
      return {};
    }
    return read_json(into.emplace(), value, path);
  } else if constexpr (detail::IsVector<T>::value) {
    if (value.kind() != JsonValue::Kind::array) return json_type_error("an array", value, path);
    return detail::read_list(into, value, path);
  } else {
    static_assert(DescribedStruct<T>, "describe the type with BOOST_DESCRIBE_STRUCT");
    if (value.kind() != JsonValue::Kind::object) return json_type_error("an object", value, path);
    return detail::read_struct(into, value, path);
  }
}

/// Reads a T; `path` names the place for error messages.
template <class T>
Result<T> from_json(const JsonValue& value, const JsonPath& path) {
  T read{};
  SB_TRY_VOID(read_json(read, value, path));
  return read;
}

/// Appends the JSON text of a T.
template <class T>
void append_json(std::string& out, const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    append_json_bool(out, value);
  } else if constexpr (std::signed_integral<T>) {
    append_json_int(out, value);
  } else if constexpr (std::unsigned_integral<T>) {
    append_json_uint(out, value);
  } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>) {
    append_json_string(out, value);
  } else if constexpr (std::is_same_v<T, WallTime>) {
    out += '"';
    append_iso(out, value);
    out += '"';
  } else if constexpr (detail::IsStrongString<T>::value) {
    append_json_string(out, value.view());
  } else if constexpr (DescribedEnum<T>) {
    const auto index = static_cast<std::size_t>(value);
    out += index < detail::kEnumJson<T>.size() ? detail::kEnumJson<T>[index] : "\"?\"";
  } else if constexpr (detail::IsOptional<T>::value || detail::IsOpinion<T>::value) {
    if (value) {
      append_json(out, *value);
    } else {
      out += "null";
    }
  } else if constexpr (detail::IsVector<T>::value) {
    out += '[';
    bool first = true;
    for (const auto& element : value) {
      if (!first) out += ',';
      first = false;
      append_json(out, element);
    }
    out += ']';
  } else {
    static_assert(DescribedStruct<T>, "describe the type with BOOST_DESCRIBE_STRUCT");
    out += '{';
    std::size_t comma = 1;  // not before the first member
    boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>(
        [&](auto described) {
          const auto& member = value.*described.pointer;
          using Member = std::remove_cvref_t<decltype(member)>;
          if constexpr (detail::IsOpinion<Member>::value) {
            if (!member) return;
          } else if constexpr (detail::IsOptional<Member>::value) {
            if (!member && detail::omits_empty<T>(described.name)) return;
          }
          constexpr const auto& kHead = detail::kMemberHead<decltype(described)>;
          out.append(kHead.data() + comma, kHead.size() - comma);
          comma = 0;
          append_json(out, member);
        });
    out += '}';
  }
}

template <class T>
[[nodiscard]] std::string to_json(const T& value) {
  std::string out;
  append_json(out, value);
  return out;
}

}  // namespace sb
