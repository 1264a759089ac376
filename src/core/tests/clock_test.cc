#include "sb/core/clock.h"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace sb {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kYearOne = -62'135'596'800'000;  // 0001-01-01T00:00:00.000Z, in ms
constexpr std::int64_t kYearTenThousand = 253'402'300'800'000;

WallTime at(std::int64_t ms) {
  return WallTime(milliseconds(ms));
}

// What the C library makes of the same moment.
std::string by_strftime(std::int64_t ms) {
  const std::int64_t of_second = (ms % 1'000 + 1'000) % 1'000;
  const std::time_t seconds = (ms - of_second) / 1'000;
  std::tm date{};
  gmtime_r(&seconds, &date);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", date.tm_year + 1'900,
                date.tm_mon + 1, date.tm_mday, date.tm_hour, date.tm_min, date.tm_sec,
                static_cast<int>(of_second));
  return text;
}

TEST(ClockTest, ATimeIsWrittenInUtcWithMilliseconds) {
  EXPECT_EQ(to_iso(at(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(to_iso(at(-1)), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(to_iso(at(951'782'400'007)), "2000-02-29T00:00:00.007Z");
  EXPECT_EQ(to_iso(at(1'795'651'199'999)), "2026-11-25T23:59:59.999Z");
  EXPECT_EQ(to_iso(at(kYearOne)), "0001-01-01T00:00:00.000Z");
  EXPECT_EQ(to_iso(at(kYearTenThousand - 1)), "9999-12-31T23:59:59.999Z");
}

TEST(ClockTest, ATimeIsAppended) {
  std::string text = "at ";
  append_iso(text, at(0));
  EXPECT_EQ(text, "at 1970-01-01T00:00:00.000Z");
}

RC_GTEST_PROP(ClockTest, EveryTimeIsWrittenAsTheCLibraryDoesAndReadBack, ()) {
  const auto ms = *rc::gen::inRange(kYearOne, kYearTenThousand);
  RC_ASSERT(to_iso(at(ms)) == by_strftime(ms));
  RC_ASSERT(parse_iso(to_iso(at(ms))) == at(ms));
}

TEST(ClockTest, OffsetsAndFractionsAreRead) {
  EXPECT_EQ(parse_iso("2026-11-25T10:00:00Z"), parse_iso("2026-11-25T12:30:00+02:30"));
  EXPECT_EQ(parse_iso("2026-11-25T10:00:00Z"), parse_iso("2026-11-24T22:00:00-12:00"));
  EXPECT_EQ(parse_iso("1970-01-01T00:00:00.5Z"), at(500));
  EXPECT_EQ(parse_iso("1970-01-01T00:00:00.0079999Z"), at(7));
  EXPECT_EQ(parse_iso("1970-01-01t00:00:00z"), at(0));
}

TEST(ClockTest, WhatIsNoTimeIsRefused) {
  for (const char* text :
       {"", "2026", "2026-11-25", "2026-11-25T10:00:00", "2026-11-25T10:00:00.Z",
        "2026-11-25T10:00:00+2:00", "2026-11-25T10:00:00+24:00", "2026-11-25T10:00:00Zz",
        "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-11-25T24:00:00Z",
        "2026-11-25T10:60:00Z", "+026-11-25T10:00:00Z", "2026/11/25T10:00:00Z"}) {
    EXPECT_EQ(parse_iso(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace sb
