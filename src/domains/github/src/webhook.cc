#include "sb/github/webhook.h"

#include <string_view>

#include "sb/core/json_value.h"

#include "hmac.h"

namespace sb::github {
namespace {

constexpr std::string_view kHeads = "refs/heads/";

// Takes time by the length of `presented` only.
bool same_text(std::string_view presented, std::string_view expected) {
  unsigned difference = presented.size() == expected.size() ? 0 : 1;
  for (std::size_t i = 0; i < presented.size(); ++i) {
    difference |= static_cast<unsigned char>(presented[i]) ^
                  static_cast<unsigned char>(expected[i % expected.size()]);
  }
  return difference == 0;
}

std::string text(const std::optional<JsonValue>& object, std::string_view key) {
  const auto member = object ? object->find(key) : std::nullopt;
  const auto value = member ? member->as_string() : std::nullopt;
  return std::string(value.value_or(""));
}

void add_number(Hint& hint, const std::optional<JsonValue>& pull_request) {
  const auto number = pull_request ? pull_request->find("number") : std::nullopt;
  const auto value = number ? number->as_int() : std::nullopt;
  if (value) hint.numbers.push_back(*value);
}

/// The members that check_run, check_suite and workflow_run share.
void add_run(Hint& hint, const std::optional<JsonValue>& run) {
  if (!run) return;
  hint.commit = text(run, "head_sha");
  hint.branch = text(run, "head_branch");  // null for a fork: then the commit has to do
  if (const auto list = run->find("pull_requests")) {
    list->each_element([&](std::size_t, const JsonValue& one) { add_number(hint, one); });
  }
}

std::optional<Hint> read_hint(const std::string& event, const JsonValue& root) {
  Hint hint;
  const std::string full_name = text(root.find("repository"), "full_name");
  const auto slash = full_name.find('/');
  if (slash == std::string::npos) return std::nullopt;
  hint.repository = {"", full_name.substr(0, slash), full_name.substr(slash + 1)};
  if (event.starts_with("pull_request")) {
    const auto pull_request = root.find("pull_request");
    add_number(hint, pull_request);
    const auto head = pull_request ? pull_request->find("head") : std::nullopt;
    hint.commit = text(head, "sha");
    hint.branch = text(head, "ref");
  } else if (event == "check_run" || event == "check_suite" || event == "workflow_run") {
    add_run(hint, root.find(event));
  } else if (event == "status") {
    hint.commit = text(root, "sha");
  } else if (event == "push") {
    const std::string ref = text(root, "ref");
    if (ref.starts_with(kHeads)) hint.branch = ref.substr(kHeads.size());
    hint.commit = text(root, "before");
  } else {
    return std::nullopt;
  }
  return hint;
}

}  // namespace

bool Webhooks::is_repeat(const std::string& id) {
  if (id.empty()) return false;
  if (!seen_.insert(id).second) return true;
  order_.push_back(id);
  if (order_.size() > kRememberedMax) {
    seen_.erase(order_.front());
    order_.pop_front();
  }
  return false;
}

Result<std::optional<Hint>> Webhooks::take(const Delivery& delivery) {
  if (secret_.empty()) {
    return fail(ErrorCode::forbidden,
                "no secret for webhooks is configured (SNAPBOARD_GITHUB_WEBHOOK_SECRET)");
  }
  const std::string expected = "sha256=" + to_hex(hmac_sha256(secret_, delivery.body));
  if (!same_text(delivery.signature, expected)) {
    return fail(ErrorCode::forbidden, "the signature is not of our secret");
  }
  JsonDocument document;
  SB_TRY(const JsonValue root, document.parse(delivery.body));
  if (is_repeat(delivery.id)) return std::optional<Hint>();
  return read_hint(delivery.event, root);
}

}  // namespace sb::github
