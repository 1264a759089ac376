#pragma once

#include <cstdint>
#include <string>

namespace sb {

/// A piece of the output of something that ran or runs.
struct OutputPiece {
  std::uint64_t begin = 0;  ///< position of the first byte; above what was asked for: some are gone
  std::uint64_t end = 0;    ///< where to go on
  std::string bytes;
  bool over = false;  ///< nothing will follow `end`
};

}  // namespace sb
