#include "latency.h"

#include <algorithm>
#include <bit>

namespace sb::load {
namespace {

constexpr unsigned kSubBits = 6;  // steps within a power of two

std::size_t bucket_of(std::uint64_t value) {
  if (value < (1U << kSubBits)) return value;
  const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - kSubBits - 1;
  return (static_cast<std::size_t>(shift) << kSubBits) + (value >> shift);
}

std::uint64_t value_of(std::size_t bucket) {
  if (bucket < (2U << kSubBits)) return bucket;
  const std::size_t shift = (bucket >> kSubBits) - 1;
  return ((bucket & ((1U << kSubBits) - 1)) + (1U << kSubBits)) << shift;
}

}  // namespace

void Histogram::add(std::uint64_t nanos) {
  const std::size_t bucket = bucket_of(nanos);
  if (buckets_.size() <= bucket) buckets_.resize(bucket + 1);
  ++buckets_[bucket];
  ++count_;
  max_ = std::max(max_, nanos);
}

std::uint64_t Histogram::quantile(double share) const {
  auto rest = static_cast<std::uint64_t>(share * static_cast<double>(count_));
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    if (buckets_[i] > rest) return value_of(i);
    rest -= buckets_[i];
  }
  return max_;
}

void Deliveries::sent(std::uint32_t mark, std::uint32_t workspace, std::uint64_t at,
                      std::uint32_t readers) {
  events_.resize(mark + 1);
  events_[mark] = {at, readers};
  if (lists_.size() <= workspace) lists_.resize(workspace + 1);
  lists_[workspace].push_back(mark);
  if (readers > 0) ++outstanding_;
}

void Deliveries::seen(Seen& client, std::uint32_t workspace, std::uint32_t mark,
                      std::uint64_t now) {
  if (workspace >= lists_.size()) return;
  if (client.size() <= workspace) client.resize(workspace + 1);
  const auto& list = lists_[workspace];
  for (auto& place = client[workspace]; place < list.size() && list[place] <= mark; ++place) {
    Event& event = events_[list[place]];
    if (event.left == 0) continue;  // was sent while this client did not count
    const std::uint64_t took = now - std::min(now, event.at);
    const bool counted = event.at >= measured_from_;
    if (counted) each.add(took);
    if (--event.left > 0) continue;
    --outstanding_;
    if (counted) last.add(took);
  }
}

void Deliveries::start_measuring(std::uint64_t now) {
  measured_from_ = now;
  each.clear();
  last.clear();
}

}  // namespace sb::load
