#pragma once

#include <memory>
#include <optional>

#include "sb/core/clock.h"

namespace sb::transport {

/// What the server does with any connection, HTTP or WebSocket. Thread: confined to the loop.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection() = default;

  /// Its socket may be read or written, as it wanted to know (ReadySet).
  virtual void on_readable() = 0;
  virtual void on_writable() = 0;
  /// The deadline it set has come.
  virtual void on_deadline(MonoTime now) = 0;
  /// The server stops: finish what is under way and say goodbye.
  virtual void begin_shutdown() = 0;
  /// Close now; nothing of the server may be touched afterwards.
  virtual void abort() = 0;

 private:
  friend class DeadlineQueue;
  std::optional<MonoTime> deadline_;
};

}  // namespace sb::transport
