#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "sb/core/json_value.h"
#include "sb/github/pr_rules.h"

#include "question.h"

namespace sb::github {
namespace {

using model::CiStatus;

std::optional<std::string> text(const std::optional<JsonValue>& object, std::string_view key) {
  if (!object) return std::nullopt;
  const auto member = object->find(key);
  if (!member) return std::nullopt;
  const auto value = member->as_string();
  return value ? std::optional<std::string>(*value) : std::nullopt;
}

std::optional<JsonValue> child(const std::optional<JsonValue>& object, std::string_view key) {
  return object ? object->find(key) : std::nullopt;
}

std::optional<WallTime> time(const std::optional<JsonValue>& object, std::string_view key) {
  const auto value = text(object, key);
  return value ? parse_iso(*value) : std::nullopt;
}

Check to_check(const JsonValue& node) {
  Check check;
  if (text(node, "__typename") == "StatusContext") {
    check.state = text(node, "state");
    check.detailsUrl = text(node, "targetUrl");
    check.startedAt = time(node, "createdAt");
    return check;
  }
  check.name = text(node, "name");
  check.status = text(node, "status");
  check.conclusion = text(node, "conclusion");
  check.detailsUrl = text(node, "detailsUrl");
  check.startedAt = time(node, "startedAt");
  check.completedAt = time(node, "completedAt");
  check.workflowName =
      text(child(child(child(node, "checkSuite"), "workflowRun"), "workflow"), "name");
  return check;
}

// More checks than one answer holds: GitHub's own verdict, which does not know our rule for
// re-runs.
CiStatus verdict(const JsonValue& rollup) {
  Check check;
  check.state = text(rollup, "state");
  return ci_status(std::vector<Check>{check});
}

CiStatus read_checks(const JsonValue& rollup) {
  const auto contexts = rollup.find("contexts");
  const auto nodes = child(contexts, "nodes");
  if (!nodes || nodes->kind() != JsonValue::Kind::array) return verdict(rollup);
  const auto more = child(child(contexts, "pageInfo"), "hasNextPage");
  if (more && more->as_bool() == true) return verdict(rollup);
  std::vector<Check> checks;
  nodes->each_element([&](std::size_t, const JsonValue& node) {
    if (!node.is_null()) checks.push_back(to_check(node));
  });
  return ci_status(checks);
}

std::optional<bool> read_conflict(const JsonValue& node) {
  const auto merge_state = text(node, "mergeStateStatus");
  const auto mergeable = text(node, "mergeable");
  if (merge_state == "DIRTY" || mergeable == "CONFLICTING") return true;
  if (mergeable == "MERGEABLE") return false;
  return std::nullopt;  // worked out lazily: asked again soon
}

/// Nothing when the node is not a pull request at all.
std::optional<PullRequest> read_pull_request(const JsonValue& node, const Repository& repository) {
  const auto number_value = node.find("number");
  const auto number = number_value ? number_value->as_int() : std::nullopt;
  const auto state = text(node, "state");
  if (!number || !state) return std::nullopt;
  PullRequest found;
  found.repository = repository;
  found.number = *number;
  found.url = text(node, "url").value_or("");
  found.review = text(node, "reviewDecision");
  if (found.review && found.review->empty()) found.review.reset();
  const auto draft = node.find("isDraft");
  found.state = pr_state({*state, draft && draft->as_bool() == true, found.review});
  found.conflict = read_conflict(node);
  found.head_branch = text(node, "headRefName").value_or("");
  found.head_commit = text(node, "headRefOid").value_or("");
  found.head_owner = text(child(node, "headRepositoryOwner"), "login");
  const auto rollup = node.find("statusCheckRollup");
  if (rollup && rollup->kind() == JsonValue::Kind::object) {
    found.ci = read_checks(*rollup);
  } else {
    found.without_checks = rollup.has_value();
  }
  return found;
}

/// The index in an alias "r12".
std::optional<std::size_t> alias_index(std::string_view alias) {
  if (!alias.starts_with('r')) return std::nullopt;
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(alias.data() + 1, alias.data() + alias.size(), index);
  if (error != std::errc() || end != alias.data() + alias.size()) return std::nullopt;
  return index;
}

struct GraphError {
  std::string type;
  std::optional<std::size_t> lookup;  ///< which one it spoils
  std::size_t depth = 0;              ///< 1: the repository itself; more: something in it
  bool by_number = false;
};

GraphError read_error(const JsonValue& value) {
  GraphError error;
  error.type = text(value, "type").value_or("");
  if (const auto path = value.find("path")) {
    path->each_element([&](std::size_t index, const JsonValue& part) {
      error.depth = index + 1;
      const auto name = part.as_string();
      if (!name) return;
      if (index == 0) error.lookup = alias_index(*name);
      if (index == 1) error.by_number = *name == "byNumber";
    });
  }
  return error;
}

Found read_found(const std::optional<JsonValue>& repository, const Lookup& lookup) {
  Found found;
  if (!repository || repository->kind() != JsonValue::Kind::object) return found;
  const auto nodes = child(repository->find("byBranch"), "nodes");
  if (!nodes || nodes->kind() != JsonValue::Kind::array) return found;
  found.kind = Found::Kind::answered;
  const auto take = [&](const JsonValue& node, const Repository& where) {
    auto read = read_pull_request(node, where);
    if (!read) return;
    const auto known = [&](const PullRequest& other) {
      return other.number == read->number && same_repository(other.repository, where);
    };
    if (std::none_of(found.pull_requests.begin(), found.pull_requests.end(), known)) {
      found.pull_requests.push_back(*std::move(read));
    }
  };
  nodes->each_element([&](std::size_t, const JsonValue& node) { take(node, lookup.repository); });
  if (const auto one = repository->find("byNumber")) take(*one, lookup.repository);
  const auto parent = repository->find("parent");
  const auto owner = text(child(parent, "owner"), "login");
  const auto name = text(parent, "name");
  const auto parents_nodes = child(child(parent, "byBranch"), "nodes");
  if (owner && name && parents_nodes) {
    found.parent = Repository{lookup.repository.host, std::string(*owner), std::string(*name)};
    parents_nodes->each_element(
        [&](std::size_t, const JsonValue& node) { take(node, *found.parent); });
  }
  return found;
}

std::optional<RateLimit> read_rate(const std::optional<JsonValue>& value) {
  const auto limit = child(value, "limit");
  const auto remaining = child(value, "remaining");
  if (!limit || !remaining || !limit->as_int() || !remaining->as_int()) return std::nullopt;
  return RateLimit{*limit->as_int(), *remaining->as_int(), time(value, "resetAt")};
}

}  // namespace

Result<Answer> read_answer(const std::string& body, std::span<const Lookup> lookups) {
  JsonDocument document;
  SB_TRY(const JsonValue root, document.parse(body));
  const auto data = root.find("data");
  const auto errors = root.find("errors");
  if (root.kind() != JsonValue::Kind::object || (!data && !errors)) {
    return fail(ErrorCode::invalid_argument, "this is no GraphQL answer");
  }
  Answer answer;
  answer.found.resize(lookups.size());
  for (std::size_t i = 0; i < lookups.size(); ++i) {
    answer.found[i] = read_found(child(data, fmt::format("r{}", i)), lookups[i]);
  }
  answer.rate = read_rate(child(data, "rateLimit"));
  if (const auto count = child(child(data, "reviews"), "issueCount")) {
    answer.review_count = count->as_int();
  }
  if (!errors) return answer;
  errors->each_element([&](std::size_t, const JsonValue& value) {
    const GraphError error = read_error(value);
    if (answer.problem.empty()) {
      answer.problem = text(value, "message").value_or("GitHub told an error without a message");
    }
    if (error.type == "RATE_LIMITED") answer.rate_limited = true;
    if (!error.lookup || *error.lookup >= answer.found.size()) return;
    Found& spoiled = answer.found[*error.lookup];
    if (error.by_number && error.type == "NOT_FOUND") return;  // it is simply not there
    const bool hidden = error.type == "NOT_FOUND" || error.type == "FORBIDDEN";
    spoiled = {};
    if (error.depth == 1 && hidden) spoiled.kind = Found::Kind::no_repository;
  });
  return answer;
}

}  // namespace sb::github
