#pragma once

#include <chrono>
#include <optional>

#include "sb/core/clock.h"
#include "sb/http_client/client.h"

#include "question.h"

// What the headers of any answer of GitHub say about its limits. Pure.

namespace sb::github {

/// The primary limit of the resource that was asked; nothing where the headers do not say.
[[nodiscard]] std::optional<RateLimit> rate_of(const http_client::Response& response);

/// GitHub's own clock.
[[nodiscard]] std::optional<WallTime> server_time(const http_client::Response& response);

[[nodiscard]] std::optional<std::chrono::seconds> retry_after(
    const http_client::Response& response);

/// True when the answer is a refusal because of a limit, the primary or a secondary one.
[[nodiscard]] bool says_rate_limit(const http_client::Response& response);

}  // namespace sb::github
