#include "sb/core/percent.h"

#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace sb {
namespace {

TEST(PercentCode, GoesBothWays) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(percent_decode(percent_encode(all)), all);
  EXPECT_EQ(percent_encode("a-b.c_d~e;="), "a-b.c_d~e%3B%3D");
}

TEST(PercentCode, RefusesWhatIsNotSound) {
  for (const char* text : {"%", "a%2", "%zz", "%2g", "a%"})
    EXPECT_FALSE(percent_decode(text)) << text;
  EXPECT_EQ(percent_decode("a+b%2B%2b"), "a+b++");
  EXPECT_EQ(percent_decode("a+b%2B", true), "a b+");
  EXPECT_EQ(percent_decode(""), "");
}

}  // namespace
}  // namespace sb
