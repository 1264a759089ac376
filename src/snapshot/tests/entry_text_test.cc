#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "sb/core/json_writer.h"

#include "store_fixture.h"

namespace sb::snapshot {
namespace {

class EntryTextTest : public StoreTest {
 protected:
  [[nodiscard]] std::shared_ptr<const EntryText> text(const std::string& id = "w") const {
    return store.entry(workspace(id))->text;
  }
};

TEST_F(EntryTextTest, ATextReadsBackAsItWasStatedWhereverASpecialByteStands) {
  create(1);
  const std::string plain = "abcdefghijklmnopqrstuvw";  // several steps of eight bytes, and a rest
  std::uint64_t sequence = 1;
  for (const std::string_view special :
       {"\"", "\\", "\n", "\x01", "\x1f", "\x7f", "é", "€", "\t"}) {
    for (std::size_t at = 0; at <= plain.size(); ++at) {
      std::string name = plain;
      name.insert(at, special);
      std::string json = R"({"name":)";
      append_json_string(json, name);
      say(++sequence, json + "}");
      JsonDocument document;
      const auto value = document.parse(text()->complete());
      ASSERT_TRUE(value) << text()->complete();
      ASSERT_EQ(value->find("name")->as_string(), name) << at;
    }
  }
}

TEST_F(EntryTextTest, EntriesThatKnowTheSameFieldsShareTheTextThatTellsWhichTheyDoNot) {
  create(1);
  create(1, "v");
  const auto of = [&](const char* id) { return text(id)->member(Field::unknownFields); };
  EXPECT_EQ(of("w").data(), of("v").data());
  say(2, R"({"ahead":1})");
  EXPECT_NE(of("w"), of("v"));
  say(2, R"({"ahead":7})", kA, "v");
  EXPECT_EQ(of("w").data(), of("v").data());
}

TEST_F(EntryTextTest, ATextSomebodyHoldsKeepsItsVersionAndTimesWhenTheEntryChanges) {
  create(1);
  const auto held = text();
  const std::string before = held->complete();
  wall += 5s;
  say(2, R"({"name":"a longer name than the one before","ahead":3})");
  EXPECT_EQ(held->complete(), before);
  EXPECT_NE(text()->complete(), before);
  EXPECT_NE(text()->complete().find("\"version\":" + std::to_string(version())), std::string::npos);
}

TEST_F(EntryTextTest, TheCompleteTextIsThePlainOneAndWhatItsChangeBrought) {
  create(1);
  wall += 5s;
  say(2, R"({"prNumber":4,"runScriptStatus":"RUNNING"})");
  const std::string complete = text()->complete();
  EXPECT_TRUE(complete.starts_with(text()->plain()));
  EXPECT_EQ(text()->plain().size(), text()->plain_bytes());
  EXPECT_LE(complete.size(), text()->complete_bytes_max());
  EXPECT_EQ(complete.substr(text()->plain_bytes()),
            ",\"version\":" + std::to_string(version()) +
                R"(,"computedAt":"2023-11-14T22:13:25.000Z","source":"event","fieldTimestamps":{)"
                R"("workspace":1700000000000,"pr":1700000005000,"session":0,"ratchet":0,)"
                R"("runScript":1700000005000,"reconciliation":0}})");
}

TEST_F(EntryTextTest, FieldsThatShrinkAndGrowInOneChangeLeaveTheOthersInPlace) {
  create(1);
  say(2, R"({"name":"long long long","branchName":"b","prUrl":"https://x/1","ahead":100000})");
  const std::string path = shown(Field::createdAt);
  say(3,
      R"({"name":"s","branchName":"much/longer/than/before","prUrl":null,"ahead":1,"behind":2})");
  EXPECT_EQ(shown(Field::name), R"("s")");
  EXPECT_EQ(shown(Field::branchName), R"("much/longer/than/before")");
  EXPECT_EQ(shown(Field::prUrl), "null");
  EXPECT_EQ(shown(Field::ahead), "1");
  EXPECT_EQ(shown(Field::behind), "2");
  EXPECT_EQ(shown(Field::createdAt), path);
  JsonDocument document;
  const auto value = document.parse(text()->complete());
  ASSERT_TRUE(value);
  EXPECT_EQ(value->find("behind")->as_int(), 2);
}

}  // namespace
}  // namespace sb::snapshot
