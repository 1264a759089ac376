#pragma once

#include <string>

#include "sb/core/json_codec.h"
#include "sb/core/json_value.h"
#include "sb/core/result.h"
#include "sb/model/facts.h"

namespace sb::model {

/// Reads an object of raw fields by wire name: `{"name":"x","sessionSummaries":[…]}`. A collection
/// is a whole list. `elementPatch` is our own journal's form for single elements (see
/// append_patch_json). Unknown and derived members are ignored. Errors: invalid_argument with the
/// path.
[[nodiscard]] Result<FactPatch> parse_fact_patch(const JsonValue& object, const JsonPath& path);

/// Appends the JSON text of one raw scalar as it stands in `facts` (the wire form).
void append_fact_json(std::string& out, const Facts& facts, Field field);

/// Copies one scalar between Facts; true when the value moved.
bool assign_fact(Facts& into, const Facts& from, Field field);
[[nodiscard]] bool same_fact(const Facts& a, const Facts& b, Field field);

}  // namespace sb::model
