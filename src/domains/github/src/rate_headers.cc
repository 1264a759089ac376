#include "rate_headers.h"

#include <charconv>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

namespace sb::github {
namespace {

constexpr int kForbidden = 403;
constexpr int kTooManyRequests = 429;

std::optional<std::int64_t> number(std::optional<std::string_view> text) {
  if (!text) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<WallTime> server_time(const http_client::Response& response) {
  const auto text = response.header("date");
  if (!text) return std::nullopt;
  std::tm parts{};
  if (::strptime(std::string(*text).c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts) == nullptr) {
    return std::nullopt;
  }
  return WallTime(std::chrono::seconds(::timegm(&parts)));
}

std::optional<RateLimit> rate_of(const http_client::Response& response) {
  const auto limit = number(response.header("x-ratelimit-limit"));
  const auto remaining = number(response.header("x-ratelimit-remaining"));
  if (!limit || !remaining) return std::nullopt;
  RateLimit rate{*limit, *remaining, std::nullopt};
  if (const auto reset = number(response.header("x-ratelimit-reset"))) {
    rate.reset_at = WallTime(std::chrono::seconds(*reset));
  }
  return rate;
}

std::optional<std::chrono::seconds> retry_after(const http_client::Response& response) {
  const auto seconds = number(response.header("retry-after"));
  return seconds ? std::optional(std::chrono::seconds(*seconds)) : std::nullopt;
}

bool says_rate_limit(const http_client::Response& response) {
  if (response.status != kForbidden && response.status != kTooManyRequests) return false;
  const auto rate = rate_of(response);
  return response.status == kTooManyRequests || response.header("retry-after") ||
         (rate && rate->remaining < 1) || response.body.find("rate limit") != std::string::npos;
}

}  // namespace sb::github
