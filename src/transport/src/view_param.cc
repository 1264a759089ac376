#include "view_param.h"

#include <utility>

#include "sb/core/json_value.h"

namespace sb::transport {

Result<snapshot::View> view_param(const Target& target, const std::string& project) {
  snapshot::View all = snapshot::View::full(model::ProjectId(project));
  const auto text = target.param("view");
  if (!text) return all;
  JsonDocument document;
  SB_TRY(const JsonValue json, document.parse(*text));
  SB_TRY(snapshot::View view, snapshot::View::parse(json, "$"));
  const auto* asked = view.project();
  const auto* named = all.project();
  if (asked == nullptr ? named != nullptr : named == nullptr || *asked != *named) {
    return fail(ErrorCode::invalid_argument, "the view is of another project", "$.projectId");
  }
  return view;
}

}  // namespace sb::transport
