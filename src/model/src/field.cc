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
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Field>(i);
  }
  return std::nullopt;
}

std::optional<FieldGroup> field_group(Field field) {
  if (field <= Field::worktreePath) return FieldGroup::workspace;
  if (field <= Field::prHeadBranch) return FieldGroup::pr;
  if (field <= Field::pendingRequestType) return FieldGroup::session;
  if (field <= Field::ratchetDispatchStalled) return FieldGroup::ratchet;
  if (field <= Field::runScriptPort) return FieldGroup::runScript;
  if (field <= Field::problem) return FieldGroup::reconciliation;
  if (field <= Field::pendingRequests) return FieldGroup::session;
  if (field == Field::terminals) return FieldGroup::reconciliation;
  return std::nullopt;
}

}  // namespace sb::model
