#include <string_view>
#include <utility>

#include "sb/core/json_codec.h"
#include "sb/snapshot/explain.h"

#include "router.h"

// The reads that tell why an entry looks as it does, and how it came there (protocol, section 2).

namespace sb::transport {
namespace {

using model::FieldGroup;
using model::Freshness;

// The name in /readyz of the one of our own sources that states a field.
std::string_view own_source(model::Field field) {
  if (field == model::Field::terminals) return "terminal";
  const auto group = model::field_group(field);
  if (!group) return "session";
  switch (*group) {
    case FieldGroup::workspace:
      return "workspace";
    case FieldGroup::pr:
      return "github";
    case FieldGroup::session:
      return "session";
    case FieldGroup::ratchet:
      return "ratchet";
    case FieldGroup::runScript:
      return "run_script";
    case FieldGroup::reconciliation:
      return "git";
  }
  return "workspace";
}

}  // namespace

void Router::get_explain(Call& call) {
  const auto sources = ports_.status.sources();
  const auto health = [&](model::Field field) {
    for (const SourceHealth& source : sources) {
      if (source.name != own_source(field)) continue;
      // What cannot be reached is as old as its last answer.
      return enum_from_text<Freshness>(source.state).value_or(Freshness::stale);
    }
    return Freshness::live;
  };
  auto body = snapshot::explain_json(ports_.store, model::WorkspaceId(call.id),
                                     {ports_.clock.wall_now(), health});
  call.reply(body ? json_response(200, *std::move(body))
                  : problem_response({ErrorCode::not_found, "There is no such workspace.", {}}));
}

void Router::get_history(Call& call) {
  auto body = snapshot::history_json(ports_.store, model::WorkspaceId(call.id));
  call.reply(body ? json_response(200, *std::move(body))
                  : problem_response({ErrorCode::not_found, "There is no such workspace.", {}}));
}

}  // namespace sb::transport
