#include "question.h"

#include <fmt/format.h>

#include "sb/core/json_writer.h"

namespace sb::github {
namespace {

// Open, asked to review, not approved yet (contract, section 14).
constexpr std::string_view kReviewSearch =
    "is:open is:pr archived:false review-requested:@me -review:approved";

constexpr std::string_view kFragment = R"(
fragment Pr on PullRequest {
  number url state isDraft reviewDecision mergeable mergeStateStatus
  headRefName headRefOid headRepositoryOwner { login }
  statusCheckRollup {
    state
    contexts(first: CHECKS) {
      pageInfo { hasNextPage }
      nodes {
        __typename
        ... on CheckRun {
          name status conclusion startedAt completedAt detailsUrl
          checkSuite { workflowRun { workflow { name } } }
        }
        ... on StatusContext { context state targetUrl createdAt }
      }
    }
  }
})";

std::string fragment() {
  std::string text(kFragment);
  constexpr std::string_view kChecks = "CHECKS";
  text.replace(text.find(kChecks), kChecks.size(), std::to_string(kChecksPerPullRequest));
  return text;
}

}  // namespace

std::string make_question(std::span<const Lookup> lookups, bool review_count) {
  std::string declared;
  std::string fields;
  std::string variables;
  JsonWriter values(variables);
  values.begin_object();
  const auto declare = [&](const std::string& name, std::string_view type) {
    declared += fmt::format("${}:{} ", name, type);
  };
  for (std::size_t i = 0; i < lookups.size(); ++i) {
    const Lookup& lookup = lookups[i];
    declare(fmt::format("o{}", i), "String!");
    declare(fmt::format("n{}", i), "String!");
    declare(fmt::format("b{}", i), "String!");
    values.key(fmt::format("o{}", i)).string(lookup.repository.owner);
    values.key(fmt::format("n{}", i)).string(lookup.repository.name);
    values.key(fmt::format("b{}", i)).string(lookup.branch);
    const std::string by_branch = fmt::format(
        "byBranch: pullRequests(headRefName: $b{}, states: [OPEN, MERGED, CLOSED], first: {},"
        " orderBy: {{field: UPDATED_AT, direction: DESC}}) {{ nodes {{ ...Pr }} }}",
        i, kPullRequestsPerBranch);
    // The pull requests of a fork are in its parent, which need not be a remote.
    fields += fmt::format(
        "  r{0}: repository(owner: $o{0}, name: $n{0}) {{\n    {1}\n"
        "    parent {{ owner {{ login }} name {1} }}\n",
        i, by_branch);
    if (lookup.number) {
      declare(fmt::format("p{}", i), "Int!");
      values.key(fmt::format("p{}", i)).number(*lookup.number);
      fields += fmt::format("    byNumber: pullRequest(number: $p{}) {{ ...Pr }}\n", i);
    }
    fields += "  }\n";
  }
  if (review_count) {
    declare("reviews", "String!");
    values.key("reviews").string(kReviewSearch);
    fields += "  reviews: search(query: $reviews, type: ISSUE, first: 1) { issueCount }\n";
  }
  values.end_object();
  std::string query = "query PullRequests";
  if (!declared.empty()) {
    declared.pop_back();
    query += "(" + declared + ")";
  }
  query += " {\n  rateLimit { limit remaining resetAt }\n" + fields + "}";
  if (!lookups.empty()) query += fragment();
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("query").string(query).key("variables").raw(variables).end_object();
  return body;
}

}  // namespace sb::github
