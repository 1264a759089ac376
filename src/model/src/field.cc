#include "sb/model/field.h"

#include <array>

#include <boost/mp11.hpp>

#include "sb/core/json_codec.h"

namespace sb::model {
namespace {

constexpr std::array<std::string_view, kFieldCount> make_names() {
  std::array<std::string_view, kFieldCount> names{};
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<Field>>(
      [&](auto described) { names[static_cast<std::size_t>(described.value)] = described.name; });
  return names;
}
constexpr auto kNames = make_names();

}  // namespace

std::string_view field_name(Field field) {
  return kNames.at(static_cast<std::size_t>(field));
}

std::optional<Field> field_from_name(std::string_view name) {
  const std::size_t index = index_of_name<kNames>(name);
  return index < kNames.size() ? std::optional(static_cast<Field>(index)) : std::nullopt;
}

}  // namespace sb::model
