#include "memory.h"

#include <charconv>
#include <cstdint>
#include <optional>

#include "merge.h"

namespace sb::snapshot {
namespace {

// Items are separated by spaces: what it is, epoch.sequence.arrival, and for an identity its mark.
constexpr char kRemoved = 'r';
constexpr char kStarted = 's';
constexpr char kNumber = 'n';
constexpr char kUrl = 'u';

void append_item(std::string& out, char kind, const model::Stamp& stamp) {
  if (!out.empty()) out += ' ';
  out += kind;
  out += std::to_string(stamp.epoch) + '.' + std::to_string(stamp.sequence) + '.' +
         std::to_string(stamp.arrival);
}

struct Item {
  char kind = ' ';
  model::Stamp stamp;
  std::uint64_t known = 0;
};

template <class T>
bool take_number(std::string_view& text, T& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take_char(std::string_view& text, char expected) {
  if (text.empty() || text.front() != expected) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<Item> read_item(std::string_view text) {
  if (text.empty()) return std::nullopt;
  Item item;
  item.kind = text.front();
  text.remove_prefix(1);
  const bool stamped = take_number(text, item.stamp.epoch) && take_char(text, '.') &&
                       take_number(text, item.stamp.sequence) && take_char(text, '.') &&
                       take_number(text, item.stamp.arrival);
  if (!stamped) return std::nullopt;
  if (item.kind == kNumber || item.kind == kUrl) {
    if (!take_char(text, ':') || !take_number(text, item.known)) return std::nullopt;
  }
  return text.empty() ? std::optional(item) : std::nullopt;
}

// Calls `fn(item)` for each item that can be read.
template <class Fn>
void each_item(std::string_view text, Fn&& fn) {
  while (!text.empty()) {
    const auto space = std::min(text.find(' '), text.size());
    if (const auto item = read_item(text.substr(0, space))) fn(*item);
    text.remove_prefix(std::min(space + 1, text.size()));
  }
}

}  // namespace

std::string write_memory(const Entity& entity, SourceId source) {
  std::string text;
  if (const auto floor = entity.floors.find(source)) append_item(text, kRemoved, *floor);
  for (const Origin& mark : entity.started_marks) {
    if (mark.source == source) append_item(text, kStarted, mark.stamp);
  }
  const auto append_log = [&](const PrIdentityLog& log, char kind) {
    log.each([&](const Origin& origin, std::uint64_t known) {
      if (origin.source != source) return;
      append_item(text, kind, origin.stamp);
      text += ':' + std::to_string(known);
    });
  };
  append_log(entity.pr_numbers, kNumber);
  append_log(entity.pr_urls, kUrl);
  return text;
}

std::string write_removal(const model::Stamp& stamp) {
  std::string text;
  append_item(text, kRemoved, stamp);
  return text;
}

std::optional<model::Stamp> read_removal(std::string_view text) {
  std::optional<model::Stamp> removed;
  each_item(text, [&](const Item& item) {
    if (item.kind == kRemoved) removed = item.stamp;
  });
  return removed;
}

model::FieldSet read_memory(Entity& entity, const Origin& origin, std::string_view text) {
  model::FieldSet moved;
  each_item(text, [&](const Item& item) {
    const Origin then{origin.source, item.stamp, origin.ingest};
    switch (item.kind) {
      case kRemoved:
        moved |= void_older(entity, origin.source, item.stamp);
        break;
      case kStarted:
        raise_mark(entity.started_marks, then);
        break;
      case kNumber:
        entity.pr_numbers.note(then, item.known);
        break;
      case kUrl:
        entity.pr_urls.note(then, item.known);
        break;
      default:
        break;
    }
  });
  return moved;
}

}  // namespace sb::snapshot
