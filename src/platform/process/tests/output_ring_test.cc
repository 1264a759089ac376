#include "output_ring.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace sb::process {
namespace {

RC_GTEST_PROP(OutputRing, HoldsTheLastBytesOfWhateverWasWritten, ()) {
  const auto limit = *rc::gen::inRange<std::size_t>(1, 40);
  const auto pieces = *rc::gen::arbitrary<std::vector<std::string>>();
  const auto from = *rc::gen::inRange<std::size_t>(0, 200);
  OutputRing ring(limit);
  std::string all;
  for (const auto& piece : pieces) {
    ring.append(piece);
    all += piece;
    RC_ASSERT(ring.end() == all.size());
    RC_ASSERT(ring.begin() == all.size() - std::min(all.size(), limit));
    const std::size_t start = std::min(std::max<std::size_t>(from, ring.begin()), all.size());
    RC_ASSERT(ring.read(from, 7) == all.substr(start, 7));
    RC_ASSERT(ring.read(0, 1'000) == all.substr(ring.begin()));
  }
}

}  // namespace
}  // namespace sb::process
