#pragma once

#include <string>

namespace sb::gen {

/// The JSON Schemas of the wire model, as one object of `name: schema`: entries and what they hold,
/// and the events of producers. References are those of an OpenAPI document.
[[nodiscard]] std::string print_schemas();

}  // namespace sb::gen
