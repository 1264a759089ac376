#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "sb/core/json_value.h"
#include "sb/core/json_writer.h"
#include "sb/testing/http_server.h"

namespace sb::testing {

/// A check run as GitHub tells it.
struct FakeCheck {
  std::string name;
  std::string status = "COMPLETED";
  std::string conclusion = "SUCCESS";  ///< empty: null
};

/// A pull request as GitHub holds it. Texts are GitHub's own.
struct FakePullRequest {
  std::int64_t number = 0;
  std::string head_branch;
  std::string head_oid;
  std::string head_owner = "acme";  ///< empty: the fork was deleted
  std::string state = "OPEN";
  bool draft = false;
  std::string review;  ///< empty: null
  std::string mergeable = "MERGEABLE";
  std::string merge_state = "CLEAN";
  std::optional<std::vector<FakeCheck>> checks = std::vector<FakeCheck>{{"build"}};  ///< none: null
};

/// A server in the shape of GitHub's GraphQL endpoint and its REST list of pull requests, for one
/// repository (and, by name, others): answers the questions of this program from `repositories`,
/// with the documented payload, and can fail in the documented ways. Set members between requests,
/// under `lock`.
class FakeGithub {
 public:
  FakeGithub() : server_([this](const ServedRequest& request) { return answer(request); }) {}

  [[nodiscard]] std::string url() const { return server_.url(); }
  /// Hold it while looking at or changing what the server answers.
  [[nodiscard]] std::unique_lock<std::mutex> lock() { return std::unique_lock(mutex_); }

  std::map<std::string, std::vector<FakePullRequest>> repositories{{"acme/app", {}}};
  std::string parent;  ///< "owner/name" whose fork every repository is
  std::int64_t limit = 5000;
  std::int64_t remaining = 5000;
  std::int64_t reset_in_seconds = 1800;
  std::int64_t review_count = 0;
  std::string token = "secret";
  int status = 200;  ///< other: answered to everything
  std::vector<std::pair<std::string, std::string>> extra_headers;
  bool hang = false;
  bool cut = false;
  std::string graphql_error;  ///< type of an error that spoils everything
  std::string spoil_branch;   ///< its lookup fails, the others do not
  int list_status = 200;      ///< other: answered to every list

  // What happened so far.
  std::size_t requests = 0;
  std::size_t branches_asked = 0;
  std::size_t reviews_asked = 0;
  std::size_t lists_asked = 0;
  std::size_t lists_unchanged = 0;

 private:
  ServedAnswer answer(const ServedRequest& request) {
    const std::lock_guard lock(mutex_);
    ++requests;
    ServedAnswer out;
    out.headers = {{"Content-Type", "application/json"},
                   {"Date", "Mon, 23 Nov 2026 08:00:00 GMT"},
                   {"X-RateLimit-Limit", std::to_string(limit)},
                   {"X-RateLimit-Remaining", std::to_string(remaining)},
                   {"X-RateLimit-Reset", std::to_string(kNow + reset_in_seconds)}};
    out.headers.insert(out.headers.end(), extra_headers.begin(), extra_headers.end());
    out.hang = hang;
    out.cut = cut;
    const auto given = request.headers.find("authorization");
    if (given == request.headers.end() || given->second != "bearer " + token) {
      out.status = 401;
      out.body = R"({"message":"Bad credentials"})";
    } else if (status != 200) {
      out.status = status;
      out.body = R"({"message":"no"})";
    } else if (request.method == "GET") {
      list(request, out);
    } else {
      out.body = graphql(request.body);
    }
    return out;
  }

  // GET /repos/OWNER/NAME/pulls?…, with an ETag that does not move with checks.
  void list(const ServedRequest& request, ServedAnswer& out) {
    ++lists_asked;
    constexpr std::string_view kBefore = "/repos/";
    const auto end = request.target.find("/pulls?");
    const auto held =
        end == std::string::npos
            ? repositories.end()
            : repositories.find(request.target.substr(kBefore.size(), end - kBefore.size()));
    out.status = held == repositories.end() ? 404 : list_status;
    if (out.status != 200) return;
    std::string etag = "W/\"";
    for (const auto& pr : held->second) etag += std::to_string(pr.number) + pr.state + pr.head_oid;
    etag += '"';
    out.headers.emplace_back("ETag", etag);
    const auto known = request.headers.find("if-none-match");
    if (known != request.headers.end() && known->second == etag) {
      ++lists_unchanged;
      out.status = 304;
      return;
    }
    out.body = "[]";
  }

  std::string graphql(const std::string& body) {
    JsonDocument document;
    const auto root = document.parse(body);
    const auto variables = root->find("variables");
    const auto text = [&](const std::string& name) {
      const auto value = variables->find(name);
      return value ? std::string(*value->as_string()) : std::string();
    };
    std::string out;
    JsonWriter json(out);
    std::vector<std::string> spoiled;
    json.begin_object().key("data").begin_object();
    json.key("rateLimit").begin_object();
    json.key("limit").number(limit).key("remaining").number(remaining);
    json.key("resetAt").string("2026-11-23T08:30:00Z").end_object();
    for (std::size_t i = 0; variables->find("o" + std::to_string(i)); ++i) {
      const std::string index = std::to_string(i);
      const std::string name = text("o" + index) + "/" + text("n" + index);
      const std::string branch = text("b" + index);
      ++branches_asked;
      json.key("r" + index);
      const auto held = repositories.find(name);
      if (held == repositories.end() || branch == spoil_branch) {
        spoiled.push_back(
            R"({"type":")" +
            std::string(branch == spoil_branch ? "SERVICE_UNAVAILABLE" : "NOT_FOUND") +
            R"(","path":["r)" + index + R"("],"message":"no such thing"})");
        json.null();
        continue;
      }
      json.begin_object();
      by_branch(json, held->second, branch);
      json.key("parent");
      if (parent.empty()) {
        json.null();
      } else {
        const auto slash = parent.find('/');
        json.begin_object().key("owner").begin_object();
        json.key("login").string(parent.substr(0, slash)).end_object();
        json.key("name").string(parent.substr(slash + 1));
        by_branch(json, repositories[parent], branch);
        json.end_object();
      }
      if (const auto wanted = variables->find("p" + index)) {
        json.key("byNumber");
        const FakePullRequest* found = nullptr;
        for (const auto& pr : held->second) {
          if (pr.number == *wanted->as_int()) found = &pr;
        }
        if (found != nullptr) {
          pull_request(json, *found);
        } else {
          json.null();
          spoiled.push_back(R"({"type":"NOT_FOUND","path":["r)" + index +
                            R"(","byNumber"],"message":"no such pull request"})");
        }
      }
      json.end_object();
    }
    if (variables->find("reviews")) {
      ++reviews_asked;
      json.key("reviews").begin_object().key("issueCount").number(review_count).end_object();
    }
    json.end_object();
    if (!graphql_error.empty()) {
      return R"({"data":null,"errors":[{"type":")" + graphql_error + R"(","message":"no"}]})";
    }
    if (!spoiled.empty()) {
      json.key("errors").begin_array();
      for (const auto& error : spoiled) json.raw(error);
      json.end_array();
    }
    json.end_object();
    return out;
  }

  static void by_branch(JsonWriter& json, const std::vector<FakePullRequest>& held,
                        const std::string& branch) {
    json.key("byBranch").begin_object().key("nodes").begin_array();
    int count = 0;
    for (const auto& pr : held) {
      if (pr.head_branch == branch && ++count <= kNewestOfBranch) pull_request(json, pr);
    }
    json.end_array().end_object();
  }

  static void text_or_null(JsonWriter& json, std::string_view key, const std::string& value) {
    json.key(key);
    value.empty() ? json.null() : json.string(value);
  }

  static void pull_request(JsonWriter& json, const FakePullRequest& pr) {
    json.begin_object();
    json.key("number").number(pr.number);
    json.key("url").string("https://github.com/acme/app/pull/" + std::to_string(pr.number));
    json.key("state").string(pr.state).key("isDraft").boolean(pr.draft);
    text_or_null(json, "reviewDecision", pr.review);
    json.key("mergeable").string(pr.mergeable).key("mergeStateStatus").string(pr.merge_state);
    json.key("headRefName").string(pr.head_branch).key("headRefOid").string(pr.head_oid);
    json.key("headRepositoryOwner");
    if (pr.head_owner.empty()) {
      json.null();
    } else {
      json.begin_object().key("login").string(pr.head_owner).end_object();
    }
    json.key("statusCheckRollup");
    if (!pr.checks) {
      json.null().end_object();
      return;
    }
    json.begin_object().key("state").string("PENDING").key("contexts").begin_object();
    json.key("pageInfo").begin_object().key("hasNextPage").boolean(false).end_object();
    json.key("nodes").begin_array();
    for (const auto& check : *pr.checks) {
      json.begin_object().key("__typename").string("CheckRun").key("name").string(check.name);
      json.key("status").string(check.status);
      text_or_null(json, "conclusion", check.conclusion);
      json.key("startedAt").string("2026-11-23T08:20:00Z");
      json.key("completedAt").null();
      json.key("detailsUrl").string("https://github.com/acme/app/actions/runs/77/job/1");
      json.key("checkSuite").begin_object().key("workflowRun").begin_object();
      json.key("workflow").begin_object().key("name").string("CI");
      json.end_object().end_object().end_object().end_object();
    }
    json.end_array().end_object().end_object().end_object();
  }

  static constexpr std::int64_t kNow = 1'795'420'800;  // what its Date header says
  static constexpr int kNewestOfBranch = 5;
  std::mutex mutex_;
  HttpServer server_;  // last: its threads end before what they look at
};

}  // namespace sb::testing
