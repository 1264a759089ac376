#pragma once

#include "sb/core/output_piece.h"

#include "http_message.h"

namespace sb::transport {

/// A piece of a program's output: `{from, next, over, text}`, never cached. A character that is cut
/// at the end is left for the next piece, unless nothing follows.
[[nodiscard]] HttpResponse output_response(OutputPiece piece);

}  // namespace sb::transport
