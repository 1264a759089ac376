#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sb/core/json_value.h"
#include "sb/core/result.h"

// The HTTP form of tRPC 11 with superjson, as far as queries need it. Pure.

namespace sb::transport {

/// One procedure call of a request.
struct TrpcCall {
  std::string procedure;
  std::optional<JsonValue>
      input;              ///< superjson's wrapping taken off; in the document it was read from
  bool superjson = true;  ///< answer in superjson: unless the input came without it
};

/// What a procedure answers: its JSON, and the places in it that hold a date
/// ("workspaces.0.createdAt").
struct TrpcData {
  std::string json;
  std::vector<std::string> dates;
};

inline constexpr std::size_t kTrpcCallsMax = 50;  // in one batch

/// Takes a request apart: `path` is what follows `/trpc/`, names separated by commas when `batch`.
/// `input` is the query parameter of that name. Errors: invalid_argument, limit_exceeded.
[[nodiscard]] Result<std::vector<TrpcCall>> read_trpc_calls(JsonDocument& document,
                                                            std::string_view path, bool batch,
                                                            std::optional<std::string_view> input);

struct TrpcAnswer {
  TrpcCall call;
  Result<TrpcData> result;
};

/// The body for one call.
[[nodiscard]] std::string trpc_single(const TrpcAnswer& answer);
/// The body for a batch.
[[nodiscard]] std::string trpc_batch(std::span<const TrpcAnswer> answers);
/// The same for httpBatchStreamLink, which reads lines and takes superjson's wrapping off whole
/// lines: everything is known at once, so one line says it all.
[[nodiscard]] std::string trpc_line(std::span<const TrpcAnswer> answers);
/// The HTTP status: of all answers, or 207 where they differ.
[[nodiscard]] int trpc_status(std::span<const TrpcAnswer> answers);

}  // namespace sb::transport
