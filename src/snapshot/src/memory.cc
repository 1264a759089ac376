#include "memory.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include "merge.h"

namespace sb::snapshot {
namespace {

// Items are separated by spaces: what it is, epoch.sequence.arrival, and for an identity its mark.
using Item = SourceMemory::Item;
using Kind = SourceMemory::Kind;

bool names_a_pull_request(Kind kind) {
  return kind == Kind::number || kind == Kind::url;
}

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
  item.kind = static_cast<Kind>(text.front());
  text.remove_prefix(1);
  const bool stamped = take_number(text, item.stamp.epoch) && take_char(text, '.') &&
                       take_number(text, item.stamp.sequence) && take_char(text, '.') &&
                       take_number(text, item.stamp.arrival);
  if (!stamped) return std::nullopt;
  if (names_a_pull_request(item.kind)) {
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

std::string SourceMemory::text() const {
  std::string out;
  for (const Item& item : items) {
    if (!out.empty()) out += ' ';
    out += static_cast<char>(item.kind);
    out += std::to_string(item.stamp.epoch) + '.' + std::to_string(item.stamp.sequence) + '.' +
           std::to_string(item.stamp.arrival);
    if (names_a_pull_request(item.kind)) out += ':' + std::to_string(item.known);
  }
  return out;
}

SourceMemory memory_of(const Entity& entity, SourceId source) {
  SourceMemory memory;
  const auto& started = entity.agents->started_marks;
  memory.items.resize(1 + started.size() + entity.pr->numbers.size() + entity.pr->urls.size());
  Item* item = memory.items.data();
  if (const auto floor = entity.floors.find(source)) *item++ = {Kind::removed, *floor, 0};
  for (const Origin& mark : started) {
    if (mark.source == source) *item++ = {Kind::started, mark.stamp, 0};
  }
  const auto add_log = [&](const PrIdentityLog& log, Kind kind) {
    log.each([&](const Origin& origin, std::uint64_t known) {
      if (origin.source == source) *item++ = {kind, origin.stamp, known};
    });
  };
  add_log(entity.pr->numbers, Kind::number);
  add_log(entity.pr->urls, Kind::url);
  memory.items.resize(static_cast<std::size_t>(item - memory.items.data()));
  for (const SourceStamps* stamps : {&entity.touched, &entity.floors}) {
    memory.newest = std::max(memory.newest, stamps->find(source).value_or(model::Stamp{}));
  }
  return memory;
}

SourceMemory memory_of_removal(const model::Stamp& stamp) {
  return {{{Kind::removed, stamp, 0}}, stamp};
}

std::optional<model::Stamp> read_removal(std::string_view text) {
  std::optional<model::Stamp> removed;
  each_item(text, [&](const Item& item) {
    if (item.kind == Kind::removed) removed = item.stamp;
  });
  return removed;
}

model::FieldSet read_memory(Entity& entity, const Origin& origin, std::string_view text) {
  model::FieldSet moved;
  each_item(text, [&](const Item& item) {
    const Origin then{origin.source, item.stamp, origin.ingest};
    switch (item.kind) {
      case Kind::removed:
        moved |= void_older(entity, origin.source, item.stamp);
        break;
      case Kind::started:
        raise_mark(entity.agents.edit().started_marks, then);
        break;
      case Kind::number:
        entity.pr.edit().numbers.note(then, item.known);
        break;
      case Kind::url:
        entity.pr.edit().urls.note(then, item.known);
        break;
    }
  });
  return moved;
}

}  // namespace sb::snapshot
