#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sb::process {

/// The last bytes of a stream, addressed by how many came before them. Memory grows with what is
/// written, up to the limit. Thread: externally locked.
class OutputRing {
 public:
  explicit OutputRing(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  void append(std::string_view bytes) {
    total_ += bytes.size();
    if (bytes.size() >= bytes_max_) {
      bytes_.assign(bytes.substr(bytes.size() - bytes_max_));
      head_ = 0;
      return;
    }
    const std::size_t growth = std::min(bytes.size(), bytes_max_ - bytes_.size());
    // Only a ring that is not full yet grows, and its head is still at the front.
    bytes_.append(bytes.substr(0, growth));
    bytes.remove_prefix(growth);
    while (!bytes.empty()) {
      const std::size_t run = std::min(bytes.size(), bytes_.size() - head_);
      bytes.copy(bytes_.data() + head_, run);
      head_ = (head_ + run) % bytes_.size();
      bytes.remove_prefix(run);
    }
  }

  /// Position after the last byte.
  [[nodiscard]] std::uint64_t end() const { return total_; }
  /// Position of the oldest byte held.
  [[nodiscard]] std::uint64_t begin() const { return total_ - bytes_.size(); }

  /// Up to `bytes_max` bytes from `from`, or from the oldest held.
  [[nodiscard]] std::string read(std::uint64_t from, std::size_t bytes_max) const {
    from = std::clamp(from, begin(), end());
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(end() - from, bytes_max));
    std::string out;
    out.reserve(count);
    std::size_t at = bytes_.empty() ? 0 : (head_ + (from - begin())) % bytes_.size();
    while (out.size() < count) {
      const std::size_t run = std::min(count - out.size(), bytes_.size() - at);
      out.append(bytes_, at, run);
      at = 0;
    }
    return out;
  }

 private:
  std::size_t bytes_max_;
  std::string bytes_;
  std::size_t head_ = 0;  // index of the oldest byte
  std::uint64_t total_ = 0;
};

}  // namespace sb::process
