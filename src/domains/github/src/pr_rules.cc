#include "sb/github/pr_rules.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

namespace sb::github {
namespace {

using model::CiStatus;
using model::PrState;

constexpr std::array<std::string_view, 6> kFailing{"FAILURE",   "ERROR",     "ACTION_REQUIRED",
                                                   "TIMED_OUT", "CANCELLED", "STARTUP_FAILURE"};
constexpr std::array<std::string_view, 4> kPending{"PENDING", "EXPECTED", "QUEUED", "IN_PROGRESS"};
constexpr std::array<std::string_view, 3> kPassing{"SUCCESS", "SKIPPED", "NEUTRAL"};

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& set) {
  return std::find(set.begin(), set.end(), text) != set.end();
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

std::string folded(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  std::string out(text.substr(first, text.find_last_not_of(kBlank) - first + 1));
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

bool has_text(const std::optional<std::string>& text) {
  return text && !text->empty();
}

// The Actions run id in ".../actions/runs/<digits>".
std::optional<std::uint64_t> run_id(const Check& check) {
  if (!check.detailsUrl) return std::nullopt;
  constexpr std::string_view kMarker = "/actions/runs/";
  const auto at = check.detailsUrl->find(kMarker);
  if (at == std::string::npos) return std::nullopt;
  const std::string_view digits = std::string_view(*check.detailsUrl).substr(at + kMarker.size());
  std::uint64_t id = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
  if (error != std::errc() || end == digits.data()) return std::nullopt;
  return id;
}

std::string effective_state(const Check& check) {
  if (has_text(check.status) && upper(*check.status) == "COMPLETED" && has_text(check.conclusion)) {
    return upper(*check.conclusion);
  }
  if (has_text(check.state)) return upper(*check.state);
  if (has_text(check.status)) return upper(*check.status);
  return "PENDING";
}

// Leaves the newest run of each named Actions check; other checks pass through.
std::vector<const Check*> newest_runs(const std::vector<Check>& checks) {
  std::vector<const Check*> kept;
  using Rank = std::tuple<std::uint64_t, std::optional<WallTime>>;  // an absent time sorts first
  std::map<std::pair<std::string, std::string>, std::pair<Rank, const Check*>> newest;
  for (const Check& check : checks) {
    const auto id = run_id(check);
    const std::string name = check.name ? folded(*check.name) : "";
    if (!id || name.empty()) {
      kept.push_back(&check);
      continue;
    }
    const Rank rank{*id, std::max(check.startedAt, check.completedAt)};
    const std::pair key(check.workflowName ? folded(*check.workflowName) : "", name);
    const auto [at, inserted] = newest.try_emplace(key, rank, &check);
    if (!inserted && rank >= at->second.first) at->second = {rank, &check};
  }
  for (const auto& [key, best] : newest) kept.push_back(best.second);
  return kept;
}

}  // namespace

PrState pr_state(const PrStateInput& input) {
  const std::string state = upper(input.state);
  if (state == "MERGED") return PrState::MERGED;
  if (state == "CLOSED") return PrState::CLOSED;
  if (input.isDraft) return PrState::DRAFT;
  if (input.reviewDecision == "APPROVED") return PrState::APPROVED;
  if (input.reviewDecision == "CHANGES_REQUESTED") return PrState::CHANGES_REQUESTED;
  return PrState::OPEN;
}

CiStatus ci_status(const std::optional<std::vector<Check>>& checks) {
  if (!checks) return CiStatus::UNKNOWN;
  bool pending = false;
  bool unclear = false;
  for (const Check* check : newest_runs(*checks)) {
    const std::string state = effective_state(*check);
    if (is_one_of(state, kFailing)) return CiStatus::FAILURE;
    if (is_one_of(state, kPending)) {
      pending = true;
    } else if (!is_one_of(state, kPassing)) {
      unclear = true;
    }
  }
  if (pending) return CiStatus::PENDING;
  return unclear ? CiStatus::UNKNOWN : CiStatus::SUCCESS;
}

}  // namespace sb::github
