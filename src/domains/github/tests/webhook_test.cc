#include "sb/github/webhook.h"

#include <gtest/gtest.h>

#include "sb/testing/temp_dir.h"

#include "hmac.h"

namespace sb::github {
namespace {

constexpr auto kSecret = "It's a Secret to Everybody";

Delivery signed_delivery(const std::string& event, std::string body, const std::string& id = "1") {
  const std::string signature = "sha256=" + to_hex(hmac_sha256(kSecret, body));
  return {event, id, signature, std::move(body)};
}

std::string fixture(const std::string& name) {
  return sb::testing::read_file(std::string(SB_SOURCE_DIR) +
                                "/src/domains/github/tests/fixtures/webhook-" + name + ".json");
}

Hint hint_of(const std::string& event, const std::string& name) {
  Webhooks webhooks(kSecret);
  const auto hint = webhooks.take(signed_delivery(event, fixture(name)));
  EXPECT_TRUE(hint && *hint) << name;
  return hint && *hint ? **hint : Hint{};
}

TEST(Webhooks, TheDigestsAgreeWithTheirStandards) {
  EXPECT_EQ(to_hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(to_hex(hmac_sha256(std::string(131, '\xaa'),
                               "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(to_hex(hmac_sha256(kSecret, "Hello, World!")),
            "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
}

TEST(Webhooks, OnlyWhatOurSecretSignedIsTaken) {
  const auto genuine = signed_delivery("push", fixture("push"));
  EXPECT_TRUE(Webhooks(kSecret).take(genuine));
  for (const std::string& signature :
       {std::string(), std::string("sha256="), genuine.signature + "0",
        std::string("sha1=") + genuine.signature.substr(7), std::string(71, '0')}) {
    auto forged = genuine;
    forged.signature = signature;
    const auto refused = Webhooks(kSecret).take(forged);
    ASSERT_FALSE(refused) << signature;
    EXPECT_EQ(refused.error().code, ErrorCode::forbidden);
  }
  auto changed = genuine;
  changed.body += " ";
  EXPECT_FALSE(Webhooks(kSecret).take(changed));
  EXPECT_FALSE(Webhooks("").take(genuine)) << "without a secret nothing is genuine";
}

TEST(Webhooks, ARepeatIsNoNews) {
  Webhooks webhooks(kSecret);
  const auto delivery = signed_delivery("push", fixture("push"), "guid");
  EXPECT_TRUE(webhooks.take(delivery)->has_value());
  EXPECT_FALSE(webhooks.take(delivery)->has_value());
}

TEST(Webhooks, EveryEventSaysWhatItIsAbout) {
  const std::string two(40, '2');
  const std::string three(40, '3');
  const auto check = hint_of("check_run", "check-run-completed");
  EXPECT_EQ(check.repository.owner, "acme");
  EXPECT_EQ(check.repository.name, "app");
  EXPECT_EQ(check.commit, two);
  EXPECT_EQ(check.numbers, (std::vector<std::int64_t>{42}));
  const auto fork = hint_of("check_suite", "check-suite-completed-fork");
  EXPECT_EQ(fork.commit, std::string(40, '4'));
  EXPECT_TRUE(fork.numbers.empty());
  for (const auto& [event, name] :
       {std::pair("pull_request", "pull-request-synchronize"),
        std::pair("pull_request_review", "pull-request-review-submitted")}) {
    const auto hint = hint_of(event, name);
    EXPECT_EQ(hint.numbers, (std::vector<std::int64_t>{42})) << name;
    EXPECT_EQ(hint.branch, "feature/auth") << name;
    EXPECT_EQ(hint.commit, three) << name;
  }
  EXPECT_EQ(hint_of("status", "status").commit, three);
  EXPECT_EQ(hint_of("push", "push").branch, "feature/auth");
  EXPECT_EQ(hint_of("workflow_run", "workflow-run-in-progress").numbers,
            (std::vector<std::int64_t>{42}));
  const auto other = Webhooks(kSecret).take(signed_delivery("issues", fixture("push")));
  ASSERT_TRUE(other);
  EXPECT_FALSE(other->has_value());
}

}  // namespace
}  // namespace sb::github
