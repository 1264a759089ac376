#include "fact_log.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace sb::workspace {
namespace {

using Kind = LogEntry::Kind;
using ::testing::HasSubstr;

std::string written(const LogEntry& entry) {
  const JournalRow& row = entry.row;
  return fmt::format("{}{}/{}/{}={}@{}.{}.{}", static_cast<char>(entry.kind), row.workspace,
                     row.source, row.key, row.value, row.stamp.epoch, row.stamp.sequence,
                     row.stamp.arrival);
}

std::vector<std::string> written(const std::vector<LogEntry>& entries) {
  std::vector<std::string> texts;
  for (const LogEntry& entry : entries) texts.push_back(written(entry));
  return texts;
}

/// Few workspaces, sources and keys, so that entries meet.
std::vector<LogEntry> some_entries() {
  constexpr std::string_view kTexts[] = {"a", "b", "c"};
  const auto text = [&] { return kTexts[*rc::gen::inRange(0, 3)]; };
  const auto number = *rc::gen::inRange(0, 40);
  std::vector<LogEntry> entries;
  for (int i = 0; i < number; ++i) {
    LogEntry entry;
    entry.row.workspace = text();
    entry.kind =
        *rc::gen::weightedElement<Kind>({{8, Kind::fact}, {8, Kind::late_fact}, {1, Kind::forget}});
    if (entry.kind != Kind::forget) {
      entry.row.source = text();
      // Without a key: the workspace was removed, which is never late.
      const bool removal = entry.kind == Kind::fact && *rc::gen::inRange(0, 8) == 0;
      if (!removal) entry.row.key = text();
      entry.row.stamp = {1, *rc::gen::inRange<std::uint64_t>(0, 4), 0};
    }
    entries.push_back(entry);
  }
  return entries;
}

/// The rows after all of it was said one after the other, in order of being written.
std::vector<std::string> one_by_one(const std::vector<LogEntry>& entries) {
  std::vector<LogEntry> rows;
  for (LogEntry entry : entries) {
    const auto held = std::find_if(rows.begin(), rows.end(), [&](const LogEntry& row) {
      return row.row.workspace == entry.row.workspace && row.row.source == entry.row.source &&
             row.row.key == entry.row.key;
    });
    if (entry.kind != Kind::forget && held != rows.end()) {
      if (entry.kind == Kind::late_fact && entry.row.stamp < held->row.stamp) continue;
      rows.erase(held);
    }
    if (entry.wipes()) {
      std::erase_if(rows,
                    [&](const LogEntry& row) { return row.row.workspace == entry.row.workspace; });
    }
    if (entry.kind == Kind::forget) continue;
    entry.kind = Kind::fact;
    rows.push_back(entry);
  }
  return written(rows);
}

RC_GTEST_PROP(FactLog, WhatStillCountsComesToTheSame, ()) {
  const auto before = some_entries();  // in the table
  const auto said = some_entries();
  auto all = before;
  all.insert(all.end(), said.begin(), said.end());
  auto folded = before;
  drop_outdated(folded);
  auto last = said;
  drop_outdated(last);
  folded.insert(folded.end(), last.begin(), last.end());
  RC_ASSERT(one_by_one(folded) == one_by_one(all));

  drop_outdated(all);
  std::erase_if(all, [](const LogEntry& entry) { return entry.kind == Kind::forget; });
  for (LogEntry& entry : all) entry.kind = Kind::fact;
  RC_ASSERT(written(all) == one_by_one(folded));
}

RC_GTEST_PROP(FactLog, ReadsWhatItWrote, ()) {
  const auto texts =
      *rc::gen::container<std::vector<std::string>>(4, rc::gen::string<std::string>());
  LogEntry entry;
  entry.row = {texts[0],
               texts[1],
               {*rc::gen::arbitrary<std::uint32_t>(), *rc::gen::arbitrary<std::uint64_t>(),
                *rc::gen::arbitrary<std::uint64_t>()},
               texts[2],
               texts[3]};
  auto entries = some_entries();
  entries.push_back(entry);
  std::string text;
  for (const LogEntry& one : entries) append_entry(text, one);
  std::vector<LogEntry> read;
  RC_ASSERT(read_entries(text, read).has_value());
  RC_ASSERT(written(read) == written(entries));
}

TEST(FactLog, KeepsTheLargestNumbers) {
  LogEntry entry;
  entry.row.stamp = {std::numeric_limits<std::uint32_t>::max(),
                     std::numeric_limits<std::uint64_t>::max(), 0};
  std::string text;
  append_entry(text, entry);
  std::vector<LogEntry> read;
  ASSERT_TRUE(read_entries(text, read));
  EXPECT_EQ(read.at(0).row.stamp, entry.row.stamp);
}

TEST(FactLog, NamesTheByteThatIsNoGood) {
  std::string text;
  append_entry(text, {Kind::fact, {"work", "agent", {1, 2, 3}, "name", "\"x\""}});
  ASSERT_EQ(text, "=1 2 3 4 5 4 3 workagentname\"x\"");
  for (std::size_t cut = 1; cut < text.size(); ++cut) {
    std::vector<LogEntry> read;
    EXPECT_FALSE(read_entries(text.substr(0, cut), read)) << cut;
  }
  struct Case {
    std::string_view text;
    std::string_view reason;
  };
  for (const Case& bad : std::initializer_list<Case>{
           {"?1 2 3 4 5 4 3 work", "kind at byte 0 of 19"},
           {"=4294967296 2 3 0 0 0 0 ", "epoch at byte 24 of 24"},
           {"=1 -2 3 4 5 4 3 ", "number at byte 3 of 16"},
           {"=1 2 3 4 5 4 36893488147419103232 ", "number at byte 13 of 34"},
           {"=1 2 3 4 5 4 18446744073709551615 workagentname", "size at byte 47 of 47"},
       }) {
    std::vector<LogEntry> read;
    const auto result = read_entries(bad.text, read);
    ASSERT_FALSE(result) << bad.text;
    EXPECT_THAT(result.error().message, HasSubstr(bad.reason));
  }
}

}  // namespace
}  // namespace sb::workspace
