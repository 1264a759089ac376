#pragma once

#include <cstdint>
#include <string>

#include "http_message.h"

namespace sb::transport {

/// A piece of a program's output: `{from, next, over, text}`, never cached. A character that is cut
/// at the end is left for the next piece, unless nothing follows.
[[nodiscard]] HttpResponse output_response(std::uint64_t begin, std::uint64_t end, bool over,
                                           std::string bytes);

}  // namespace sb::transport
