#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <unordered_set>

#include "sb/core/result.h"
#include "sb/github/github_service.h"

namespace sb::github {

/// One delivery as it came: headers and the body's bytes.
struct Delivery {
  std::string event;      ///< X-GitHub-Event
  std::string id;         ///< X-GitHub-Delivery
  std::string signature;  ///< X-Hub-Signature-256
  std::string body;
};

/// Tells genuine deliveries from others and says what they are about. A delivery is only ever a
/// hint: what is true now is asked of GitHub. Thread: externally locked.
class Webhooks {
 public:
  /// `secret` empty: nothing is accepted.
  explicit Webhooks(std::string secret) : secret_(std::move(secret)) {}

  /// What is worth a look; nothing for a repeat, or an event that says nothing about pull requests.
  /// Errors: forbidden (no secret is configured, or the signature is not of it), invalid_argument
  /// (no JSON).
  Result<std::optional<Hint>> take(const Delivery& delivery);

  static constexpr std::size_t kRememberedMax = 1'000;  // deliveries known as repeats

 private:
  bool is_repeat(const std::string& id);

  std::string secret_;
  std::deque<std::string> order_;
  std::unordered_set<std::string> seen_;
};

}  // namespace sb::github
