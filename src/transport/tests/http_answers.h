#pragma once

#include <string>

#include <gtest/gtest.h>

#include "sb/core/json_value.h"

#include "raw_client.h"

namespace sb::transport {

inline const std::string kSingle = "Content-Type: application/cloudevents+json\r\n";
inline const std::string kBatch =
    "Content-Type: application/cloudevents-batch+json; charset=UTF-8\r\n";
inline const std::string kLines = "Content-Type: application/x-ndjson\r\n";

/// A ratchet.toggled event as CloudEvents JSON.
inline std::string event(const std::string& id, const std::string& data = R"({"enabled":true})") {
  return R"({"specversion":"1.0","id":")" + id +
         R"(","source":"test","type":"ratchet.toggled","subject":"w1","data":)" + data + "}";
}

/// The code of a problem+json answer, whose form is checked on the way.
inline std::string code_of(const RawResponse& response) {
  EXPECT_EQ(response.headers.at("content-type"), "application/problem+json");
  JsonDocument document;
  const auto value = document.parse(response.body);
  if (!value) return "not JSON";
  EXPECT_EQ(value->find("status")->as_int(), response.status);
  EXPECT_TRUE(value->find("type") && value->find("title") && value->find("detail"));
  return std::string(value->find("code")->as_string().value_or("no code"));
}

}  // namespace sb::transport
