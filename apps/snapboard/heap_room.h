#pragma once

#include <cstddef>
#include <string>

namespace sb::app {

/// Room on the heap for what a start reads from the database, in large pages where the system has
/// them: touching fresh memory page by page takes longer than reading the database. What is not
/// needed stays unused and costs nothing. Once per process, before anything else runs. Thread: the
/// first one.
class HeapRoom {
 public:
  /// For a database of so many bytes.
  explicit HeapRoom(std::size_t database_bytes);
  /// The start is over: from here on the heap grows by small pages, so that little is kept for
  /// little. Idempotent.
  void settle();

 private:
  char* begin_ = nullptr;  // null: there is none, or it is settled
  char* end_ = nullptr;
};

/// Of a database and its write-ahead log; 0 where there is none yet.
[[nodiscard]] std::size_t database_bytes(const std::string& path);

}  // namespace sb::app
