#include "heap_room.h"

#include <malloc.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <utility>

namespace sb::app {
namespace {

constexpr std::size_t kLargePageBytes = std::size_t{2} << 20U;
constexpr std::size_t kRoomBytesMin = std::size_t{16} << 20U;
constexpr std::size_t kRoomBytesMax = std::size_t{1} << 30U;
constexpr std::size_t kBytesPerDatabaseByte = 16;  // measured: rows of 90 bytes, entries of 7 KiB
// What malloc itself comes to once large blocks were freed; it stops learning when told anything.
constexpr int kOwnMappingBytes = 32 << 20;
constexpr int kTrimBytes = 2 * kOwnMappingBytes;
constexpr int kGrowBytes = 128 << 10;
constexpr std::size_t kGrowingBlockBytes = std::size_t{1} << 20U;

std::size_t file_bytes(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 ? static_cast<std::size_t>(status.st_size) : 0;
}

char* align(char* at) {
  const auto number = reinterpret_cast<std::uintptr_t>(at);
  return at + (kLargePageBytes - number % kLargePageBytes) % kLargePageBytes;
}

}  // namespace

HeapRoom::HeapRoom(std::size_t database_bytes) {
  const std::size_t bytes =
      std::clamp(kBytesPerDatabaseByte * database_bytes, kRoomBytesMin, kRoomBytesMax);
  mallopt(M_MMAP_THRESHOLD, kOwnMappingBytes);
  mallopt(M_TRIM_THRESHOLD, static_cast<int>(std::min(bytes + kTrimBytes, kRoomBytesMax)));
  // One block that does not fit makes the heap grow by it and the room.
  char* const before = static_cast<char*>(sbrk(0));
  mallopt(M_TOP_PAD, static_cast<int>(bytes));
  void* volatile block = std::malloc(kGrowingBlockBytes);  // volatile: it is there for its effect
  std::free(block);
  mallopt(M_TOP_PAD, kGrowBytes);
  char* const after = static_cast<char*>(sbrk(0));
  if (after < before + bytes) return;  // the system would not have it
  begin_ = align(before);
  end_ = after;
  (void)madvise(begin_, static_cast<std::size_t>(end_ - begin_), MADV_HUGEPAGE);
}

void HeapRoom::settle() {
  if (begin_ == nullptr) return;
  char* const begin = std::exchange(begin_, nullptr);
  (void)madvise(begin, static_cast<std::size_t>(end_ - begin), MADV_NOHUGEPAGE);
  mallopt(M_TRIM_THRESHOLD, kTrimBytes);
}

std::size_t database_bytes(const std::string& path) {
  return file_bytes(path) + file_bytes(path + "-wal");
}

}  // namespace sb::app
