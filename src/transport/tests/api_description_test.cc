// The description of the routes is that of the routes there are.
#include "sb/transport/api_description.h"

#include <cstddef>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "sb/core/json_value.h"

#include "router.h"
#include "test_server.h"

namespace sb::transport {
namespace {

/// "/api/projects/{projectId}" as the router writes it: "/api/projects/{}".
std::string pattern_of(std::string_view path) {
  std::string pattern;
  bool inside = false;
  for (const char c : path) {
    if (c == '}') inside = false;
    if (!inside) pattern += c;
    if (c == '{') inside = true;
  }
  return pattern;
}

std::set<std::string> described_routes(std::string_view text) {
  std::set<std::string> names;
  JsonDocument document;
  const auto json = document.parse(text);
  EXPECT_TRUE(json);
  if (!json) return names;
  json->find("paths")->each_member([&](std::string_view path, const JsonValue& item) {
    for (const auto& [key, method] :
         {std::pair{"get", "GET"}, std::pair{"put", "PUT"}, std::pair{"post", "POST"},
          std::pair{"delete", "DELETE"}, std::pair{"patch", "PATCH"}}) {
      if (item.find(key)) names.insert(std::string(method) + " " + pattern_of(path));
    }
  });
  return names;
}

TEST(ApiDescription, HasEveryRouteAndNoOther) {
  const std::set<std::string> described = described_routes(openapi_document());
  std::set<std::string> there;
  for (const std::string& name : Router::route_names()) there.insert(name);
  EXPECT_EQ(described, there);
  EXPECT_GT(there.size(), 30U);
}

TEST(ApiDescription, IsServedAlsoBeforeTheServerIsReady) {
  TestServer server;
  server.on_loop([&] { server.sinks.is_ready = false; });
  const RawResponse answer = server.ask("GET", "/openapi.json");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.headers.at("content-type"), "application/json");
  EXPECT_EQ(answer.body, openapi_document());
}

}  // namespace
}  // namespace sb::transport
