#include "sb/ratchet/rules.h"

#include <string_view>

#include <fmt/format.h>

namespace sb::ratchet {
namespace {

using model::CiStatus;
using model::PrState;
using model::RatchetState;
using Outcome = model::RatchetDispatchOutcome;

bool is_open(PrState state) {
  return state == PrState::OPEN || state == PrState::DRAFT || state == PrState::APPROVED ||
         state == PrState::CHANGES_REQUESTED;
}

bool is_settled(const Record& record) {
  return record.outcome == Outcome::COMPLETED || record.outcome == Outcome::DIED;
}

std::string_view task_of(RatchetState state) {
  switch (state) {
    case RatchetState::CI_FAILED:
      return "Its checks fail. Find out why, fix the cause, not the check, and run the tests.";
    case RatchetState::MERGE_CONFLICT:
      return "It conflicts with its base branch. Bring the base branch in and resolve the "
             "conflicts so that both sides keep their meaning.";
    case RatchetState::REVIEW_PENDING:
      return "A review asks for changes. Read every open comment, make the changes, and answer "
             "those you do not follow.";
    default:
      return "";
  }
}

}  // namespace

RatchetState ratchet_state(const PullRequest& pull) {
  if (pull.state == PrState::MERGED) return RatchetState::MERGED;
  if (!is_open(pull.state)) return RatchetState::IDLE;
  if (pull.ci == CiStatus::FAILURE) return RatchetState::CI_FAILED;
  if (pull.conflict == true) return RatchetState::MERGE_CONFLICT;
  if (pull.ci == CiStatus::PENDING || pull.ci == CiStatus::UNKNOWN) return RatchetState::CI_RUNNING;
  if (pull.changes_requested) return RatchetState::REVIEW_PENDING;
  return RatchetState::READY;
}

bool is_trouble(RatchetState state) {
  return state == RatchetState::CI_FAILED || state == RatchetState::MERGE_CONFLICT ||
         state == RatchetState::REVIEW_PENDING;
}

DispatchKey key_of(const PullRequest& pull) {
  return {pull.number.value_or(0), pull.head_commit, ratchet_state(pull)};
}

Action decide(const Situation& situation) {
  const Record& record = situation.record;
  if (!situation.enabled || !situation.pull || record.outcome == Outcome::RUNNING) {
    return Action::nothing;
  }
  const DispatchKey key = key_of(*situation.pull);
  if (is_settled(record) && record.key != key) return Action::reset;
  if (!situation.pull->number || !is_trouble(key.state) || record.stalled) return Action::nothing;
  if (record.outcome == Outcome::COMPLETED) {
    return situation.looked_again ? Action::stall : Action::nothing;
  }
  if (record.outcome == Outcome::DIED) {
    if (record.retries >= kDeathsMax) return Action::stall;
    if (!situation.rested) return Action::nothing;
  }
  return situation.able && !situation.taken ? Action::dispatch : Action::nothing;
}

std::string prompt_for(const PullRequest& pull) {
  return fmt::format(
      "Pull request #{} ({}) of the branch {} needs work. {} Work in this directory, commit, and "
      "push to the branch of the pull request. Do not open another one.",
      pull.number.value_or(0), pull.url, pull.branch, task_of(ratchet_state(pull)));
}

}  // namespace sb::ratchet
