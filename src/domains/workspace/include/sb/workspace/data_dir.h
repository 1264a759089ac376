#pragma once

#include <optional>
#include <string>

#include "sb/core/result.h"

namespace sb::workspace {

/// Where data lives by the XDG rules: `$XDG_DATA_HOME/snapboard`, else
/// `$HOME/.local/share/snapboard`. Values that are not absolute paths are ignored. Errors:
/// invalid_argument when neither says anything.
Result<std::string> default_data_dir(const std::optional<std::string>& xdg_data_home,
                                     const std::optional<std::string>& home);
/// The same from the environment of the process.
Result<std::string> default_data_dir();

/// Makes the directory, and the folders above it that are missing, readable by its owner only
/// (0700). A directory that is there keeps its mode. Returns its canonical path. Errors:
/// invalid_argument with a sentence for the user.
Result<std::string> create_data_dir(const std::string& path);

/// Holds a data directory for this process, so that it has one writer. The kernel releases the lock
/// when the process dies, however it dies; the file stays and means nothing by itself. Thread:
/// immutable. Errors of `acquire`: conflict (another process holds it, named in the message),
/// internal.
class DataDirLock {
 public:
  static Result<DataDirLock> acquire(const std::string& data_dir);
  ~DataDirLock();
  DataDirLock(DataDirLock&& other) noexcept;
  DataDirLock& operator=(DataDirLock&& other) noexcept;
  DataDirLock(const DataDirLock&) = delete;
  DataDirLock& operator=(const DataDirLock&) = delete;

 private:
  explicit DataDirLock(int file) : file_(file) {}
  int file_ = -1;
};

}  // namespace sb::workspace
