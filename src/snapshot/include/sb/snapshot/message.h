#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sb::snapshot {

/// One message to a reader: a JSON text, of which a long one shares parts with others. Thread:
/// immutable once handed out.
struct Message {
  std::string head;                                      ///< the text, or how it begins
  std::vector<std::shared_ptr<const std::string>> rest;  ///< how it goes on, in order

  Message() = default;
  explicit Message(std::string text) : head(std::move(text)) {}

  /// Of the whole text, in bytes.
  [[nodiscard]] std::size_t size() const {
    std::size_t bytes = head.size();
    for (const auto& part : rest) bytes += part->size();
    return bytes;
  }
  /// The whole text, a copy.
  [[nodiscard]] std::string text() const {
    std::string text;
    text.reserve(size());
    text += head;
    for (const auto& part : rest) text += *part;
    return text;
  }
};

/// Messages of one turn, in order; one WebSocket message each. Encoded once, shared by every
/// subscriber of the view that goes from the same revision to the same revision. Thread: immutable.
using MessageBatch = std::vector<Message>;

}  // namespace sb::snapshot
