#pragma once

#include <cstddef>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "sb/core/json_codec.h"

namespace sb::testing_support {

/// Calls `check(row, "file:line ")` for each line of tests/vectors/<file>; answers how many there
/// were.
template <class Fn>
std::size_t for_each_vector(const std::string& file, Fn&& check) {
  const std::string path = std::string(SB_SOURCE_DIR) + "/tests/vectors/" + file;
  std::ifstream in(path);
  EXPECT_TRUE(in.is_open()) << path;
  JsonDocument document;
  std::string line;
  std::size_t rows = 0;
  while (std::getline(in, line)) {
    if (line.empty()) continue;
    ++rows;
    const auto row = document.parse(line);
    EXPECT_TRUE(row) << file << ":" << rows;
    if (row) check(*row, file + ":" + std::to_string(rows) + " ");
  }
  return rows;
}

}  // namespace sb::testing_support
