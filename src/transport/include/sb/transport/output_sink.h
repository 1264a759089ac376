#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "sb/core/output_piece.h"
#include "sb/core/result.h"
#include "sb/model/ids.h"

namespace sb::transport {

/// Where the kept output of the last that ran in a workspace is read. Every call and callback is on
/// the loop.
struct OutputSink {
  virtual ~OutputSink() = default;
  /// Output from position `from`; waits up to `wait` for some. Errors: not_found.
  virtual void output(const model::WorkspaceId& id, std::uint64_t from, std::size_t bytes_max,
                      std::chrono::milliseconds wait,
                      std::function<void(Result<OutputPiece>)> done) = 0;
};

}  // namespace sb::transport
