#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "sb/core/json_value.h"

#include "poller.h"

namespace sb::load {

/// Gives texts small numbers: field names and workspace ids.
class Names {
 public:
  std::uint32_t number_of(std::string_view text);
  [[nodiscard]] const std::string& text(std::uint32_t number) const { return texts_[number]; }
  [[nodiscard]] std::size_t size() const { return texts_.size(); }

 private:
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<std::string> texts_;
};

/// An entry as its clients compare it: a hash of the value of each field, 0 where there is none.
struct Image {
  std::vector<std::uint64_t> fields;  ///< by the number of the field's name
  std::uint32_t mark = 0;             ///< number of the event whose name it carries; 0: none
};

struct Op {
  enum class What : std::uint8_t { put, patch, del };
  What what = What::put;
  std::uint32_t workspace = 0;
  std::uint64_t revision = 0;
  std::shared_ptr<const Image> image;  ///< the whole entry, or the fields of a patch; null: del
};

/// One message of either dialect, read once for all clients that get the same bytes. Immutable.
struct Message {
  enum class Type : std::uint8_t { welcome, batch, mark, bye, full, changed, removed, unknown };
  Type type = Type::unknown;
  std::string epoch;
  std::string cursor;
  std::string reason;
  std::uint64_t from = 0;
  std::uint64_t revision = 0;  ///< of a batch: `to`
  std::uint64_t view_seq = 1;
  std::uint64_t retry_after_ms = 0;
  bool complete = true;
  bool reset = false;  ///< of a batch; of a welcome: its mode is not resume
  std::vector<Op> ops;
};

/// Reads messages and remembers those that come again.
class MessageReader {
 public:
  /// Null when the text is not JSON.
  std::shared_ptr<const Message> read(std::string_view text);
  /// A snapshot read or any other object with `entries`.
  std::shared_ptr<const Message> read_uncached(std::string_view text);

  Names fields;
  Names workspaces;
  /// What every name of this run ends with: one left by another run is no mark, and none is the
  /// same.
  const std::string run = fmt::format(".{:x}", mono_nanos());

 private:
  [[nodiscard]] std::uint32_t mark_of(std::string_view name) const;
  std::shared_ptr<Image> image_of(const JsonValue& entry);
  void read_ops(const JsonValue& ops, Message& into);

  JsonDocument document_;
  std::unordered_map<std::uint64_t, std::shared_ptr<const Message>> read_;
  std::uint32_t name_ = fields.number_of("name");
};

}  // namespace sb::load
