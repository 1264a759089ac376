// Cursors come back from clients: any text is refused, or decodes to a cursor that encodes to
// itself. The same bytes taken as a cursor's parts must survive the round trip.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "sb/core/check.h"
#include "sb/snapshot/cursor.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  if (const auto cursor = sb::snapshot::decode_cursor(text)) {
    const auto again = sb::snapshot::decode_cursor(sb::snapshot::encode_cursor(*cursor));
    SB_CHECK(again && *again == *cursor, "a decoded cursor encodes to itself");
  }

  if (size < sizeof(std::uint64_t)) return 0;
  sb::snapshot::Cursor made;
  std::memcpy(&made.view_hash, data, sizeof made.view_hash);
  made.revision = made.view_hash >> 11U;  // revisions stay below 2^53
  made.complete = (data[0] & 1U) != 0;
  if (!made.complete && made.revision != 0 && (data[0] & 2U) != 0) made.within = made.view_hash;
  static constexpr char kHex[] = "0123456789abcdef";  // an epoch is hex digits
  for (std::size_t i = 0; i < size && made.epoch.size() < 32; ++i)
    made.epoch += kHex[data[i] & 15U];
  const auto read = sb::snapshot::decode_cursor(sb::snapshot::encode_cursor(made));
  SB_CHECK(read && *read == made, "an encoded cursor decodes to itself");
  return 0;
}
