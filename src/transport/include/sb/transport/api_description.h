#pragma once

#include <string_view>

// Written by the build out of src/transport/api.

namespace sb::transport {

/// The OpenAPI 3.1 document of every route, as JSON. Thread: immutable.
[[nodiscard]] std::string_view openapi_document();
/// The JSON Schemas of what goes over the wire, as one document with `$defs`. Thread: immutable.
[[nodiscard]] std::string_view json_schemas();

}  // namespace sb::transport
