#include "history.h"

#include <algorithm>
#include <cstring>

namespace sb::snapshot {
namespace {

using model::Field;

// What stands before the texts of one record.
struct Head {
  std::uint32_t bytes = 0;  // of the whole record
  std::uint32_t label_bytes = 0;
  Revision revision = 0;
  WallTime at{};
  model::FieldSet fields;
};

constexpr std::size_t kLabelBytesMax = 128;
constexpr std::uint16_t kCut = 0x8000;  // flag of a length: the text was longer
using Length = std::uint16_t;
static_assert(kHistoryTextBytesMax < kCut);

template <class T>
T read(const char*& at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  at += sizeof value;
  return value;
}

void put(char*& at, const void* from, std::size_t bytes) {
  std::memcpy(at, from, bytes);
  at += bytes;
}

std::size_t record_bytes(const char* record) {
  return read<Head>(record).bytes;
}

}  // namespace

std::string_view value_of_member(const EntryText& text, Field field) {
  return text.member(field).substr(model::field_name(field).size() + 3);  // "name":value
}

void HistoryRing::append(const Moment& moment, model::FieldSet fields, const EntryText& text,
                         std::size_t share) {
  const std::string_view label = moment.label.substr(0, kLabelBytesMax);
  const std::size_t fixed = sizeof(Head) + label.size() + fields.size() * sizeof(Length);
  if (fixed > share) {  // absurdly many workspaces
    drop_oldest(0, 0);
    complete_ = false;
    return;
  }
  // One change of everything at once still fits.
  const std::size_t text_max = std::min(kHistoryTextBytesMax, (share - fixed) / fields.size());
  std::size_t bytes = fixed;
  fields.each(
      [&](Field field) { bytes += std::min(value_of_member(text, field).size(), text_max); });
  if (bytes_.size() + bytes > share || count_ >= kHistoryTransitionsMax) {
    // A quarter at a time, so that moving what stays costs little per change.
    drop_oldest(share - std::max(bytes, share / 4), kHistoryTransitionsMax * 3 / 4);
  }
  const std::size_t begin = bytes_.size();
  if (begin + bytes > bytes_.capacity()) {
    bytes_.reserve(std::min(share, std::max(begin + bytes, 2 * bytes_.capacity())));
  }
  bytes_.resize(begin + bytes);
  char* at = bytes_.data() + begin;
  const Head head{static_cast<std::uint32_t>(bytes), static_cast<std::uint32_t>(label.size()),
                  moment.revision, moment.at, fields};
  put(at, &head, sizeof head);
  put(at, label.data(), label.size());
  fields.each([&](Field field) {
    const std::string_view value = value_of_member(text, field);
    const std::size_t kept = std::min(value.size(), text_max);
    const auto length = static_cast<Length>(kept | (kept < value.size() ? kCut : 0U));
    put(at, &length, sizeof length);
    put(at, value.data(), kept);
  });
  ++count_;
}

void HistoryRing::shrink(std::size_t share) {
  if (bytes_.capacity() <= share) return;
  drop_oldest(share, kHistoryTransitionsMax);
  bytes_.shrink_to_fit();
}

void HistoryRing::drop_oldest(std::size_t bytes_max, std::size_t transitions_max) {
  std::size_t dropped = 0;
  while (count_ != 0 && (bytes_.size() - dropped > bytes_max || count_ > transitions_max)) {
    dropped += record_bytes(bytes_.data() + dropped);
    --count_;
    complete_ = false;
  }
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(dropped));
}

std::vector<HistoryRing::Transition> HistoryRing::transitions() const {
  std::vector<Transition> list;
  list.reserve(count_);
  const char* at = bytes_.data();
  for (std::uint32_t i = 0; i < count_; ++i) {
    const Head head = read<Head>(at);
    Transition transition{{head.revision, head.at, {at, head.label_bytes}}, head.fields, {}};
    at += head.label_bytes;
    transition.before.reserve(head.fields.size());
    head.fields.each([&](Field) {
      const auto length = read<Length>(at);
      const std::size_t kept = length & (kCut - 1U);
      transition.before.push_back({{at, kept}, (length & kCut) != 0});
      at += kept;
    });
    list.push_back(std::move(transition));
  }
  return list;
}

}  // namespace sb::snapshot
