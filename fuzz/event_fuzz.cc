// The event codec: any JSON is refused with a path, or is an event whose identifiers keep their
// limits.
#include <cstddef>
#include <cstdint>
#include <string>

#include "sb/core/check.h"
#include "sb/core/json_value.h"
#include "sb/model/event.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  sb::JsonDocument document;
  const auto value = document.parse(text);
  if (!value) return 0;
  sb::model::ExternalEvent event;
  if (const auto read = sb::model::parse_event(*value, event); !read) {
    const sb::Error& error = read.error();
    SB_CHECK(
        error.code == sb::ErrorCode::invalid_argument || error.code == sb::ErrorCode::unsupported,
        "bad input is the sender's fault");
    SB_CHECK(error.path.starts_with("$") && !error.message.empty(), "a refusal says where and why");
    return 0;
  }
  SB_CHECK(!event.id.empty() && !event.source.empty(), "an event is identified");
  const bool names_no_workspace = event.type() == "source.synced";
  SB_CHECK(event.workspace.view().empty() == names_no_workspace,
           "only source.synced has no subject");
  return 0;
}
