#include "message.h"

#include <bit>
#include <charconv>
#include <functional>
#include <utility>

namespace sb::load {
namespace {

constexpr std::size_t kRememberedMax = 4'096;  // messages

std::uint64_t mix(std::uint64_t seed, std::uint64_t value) {
  return (std::rotl(seed, 23) ^ value) * 0x9E3779B97F4A7C15ULL;
}

std::uint64_t hash_of(const JsonValue& value) {
  std::uint64_t hash = mix(1, static_cast<std::uint64_t>(value.kind()));
  switch (value.kind()) {
    case JsonValue::Kind::null:
      break;
    case JsonValue::Kind::boolean:
      hash = mix(hash, value.as_bool().value_or(false) ? 1 : 2);
      break;
    case JsonValue::Kind::number:
      hash = mix(hash, std::bit_cast<std::uint64_t>(value.as_double().value_or(0)));
      break;
    case JsonValue::Kind::string:
      hash = mix(hash, std::hash<std::string_view>{}(value.as_string().value_or("")));
      break;
    case JsonValue::Kind::array:
      value.each_element(
          [&](std::size_t, const JsonValue& element) { hash = mix(hash, hash_of(element)); });
      break;
    case JsonValue::Kind::object:
      value.each_member([&](std::string_view name, const JsonValue& member) {
        hash = mix(mix(hash, std::hash<std::string_view>{}(name)), hash_of(member));
      });
      break;
  }
  return hash == 0 ? 1 : hash;  // 0 is a field that is not there
}

Message::Type type_of(std::string_view text) {
  if (text == "snapshot_changed") return Message::Type::changed;
  if (text == "batch") return Message::Type::batch;
  if (text == "snapshot_full") return Message::Type::full;
  if (text == "snapshot_removed") return Message::Type::removed;
  if (text == "mark") return Message::Type::mark;
  if (text == "welcome") return Message::Type::welcome;
  if (text == "bye") return Message::Type::bye;
  return Message::Type::unknown;
}

std::uint64_t number(const JsonValue& value) {
  return static_cast<std::uint64_t>(value.as_int().value_or(0));
}

std::string text(const JsonValue& value) {
  return std::string(value.as_string().value_or(""));
}

}  // namespace

std::uint32_t Names::number_of(std::string_view text) {
  const auto [found, added] =
      numbers_.try_emplace(std::string(text), static_cast<std::uint32_t>(texts_.size()));
  if (added) texts_.emplace_back(text);
  return found->second;
}

// The number of an event stands in the name it sets: "e17.RUN".
std::uint32_t MessageReader::mark_of(std::string_view name) const {
  std::uint32_t mark = 0;
  if (!name.starts_with('e') || !name.ends_with(run)) return mark;
  std::from_chars(name.data() + 1, name.data() + name.size(), mark);
  return mark;
}

std::shared_ptr<Image> MessageReader::image_of(const JsonValue& entry) {
  auto image = std::make_shared<Image>();
  entry.each_member([&](std::string_view name, const JsonValue& value) {
    const std::uint32_t field = fields.number_of(name);
    if (image->fields.size() <= field) image->fields.resize(field + 1);
    image->fields[field] = hash_of(value);
    if (field == name_) image->mark = mark_of(value.as_string().value_or(""));
  });
  return image;
}

void MessageReader::read_ops(const JsonValue& ops, Message& into) {
  ops.each_element([&](std::size_t, const JsonValue& element) {
    Op op;
    element.each_member([&](std::string_view name, const JsonValue& value) {
      if (name == "op") {
        const auto what = value.as_string().value_or("");
        op.what = what == "put" ? Op::What::put : what == "del" ? Op::What::del : Op::What::patch;
      } else if (name == "id") {
        op.workspace = workspaces.number_of(value.as_string().value_or(""));
      } else if (name == "revision") {
        op.revision = number(value);
      } else if (name == "entry" || name == "set") {
        op.image = image_of(value);
      }
    });
    into.ops.push_back(std::move(op));
  });
}

std::shared_ptr<const Message> MessageReader::read_uncached(std::string_view bytes) {
  const auto json = document_.parse(bytes);
  if (!json) return nullptr;
  auto message = std::make_shared<Message>();
  Op single;
  bool has_single = false;
  json->each_member([&](std::string_view name, const JsonValue& value) {
    if (name == "type") {
      message->type = type_of(value.as_string().value_or(""));
    } else if (name == "epoch") {
      message->epoch = text(value);
    } else if (name == "cursor") {
      message->cursor = text(value);
    } else if (name == "reason") {
      message->reason = text(value);
    } else if (name == "from") {
      message->from = number(value);
    } else if (name == "to" || name == "revision") {
      message->revision = number(value);
    } else if (name == "viewSeq") {
      message->view_seq = number(value);
    } else if (name == "retryAfterMs") {
      message->retry_after_ms = number(value);
    } else if (name == "complete") {
      message->complete = value.as_bool().value_or(true);
    } else if (name == "reset") {
      message->reset = value.as_bool().value_or(false);
    } else if (name == "mode") {
      message->reset = value.as_string() != "resume";
    } else if (name == "ops") {
      read_ops(value, *message);
    } else if (name == "workspaceId") {
      single.workspace = workspaces.number_of(value.as_string().value_or(""));
      has_single = true;
    } else if (name == "entry") {
      single.image = image_of(value);
    } else if (name == "entries") {
      value.each_element([&](std::size_t, const JsonValue& entry) {
        Op op;
        if (const auto id = entry.find("workspaceId")) {
          op.workspace = workspaces.number_of(id->as_string().value_or(""));
        }
        op.image = image_of(entry);
        if (const auto version = entry.find("version")) op.revision = number(*version);
        message->ops.push_back(std::move(op));
      });
    }
  });
  if (has_single) {
    single.what = single.image ? Op::What::put : Op::What::del;
    single.revision = message->revision;
    message->ops.push_back(std::move(single));
  }
  return message;
}

std::shared_ptr<const Message> MessageReader::read(std::string_view bytes) {
  const std::uint64_t key = std::hash<std::string_view>{}(bytes);
  if (const auto found = read_.find(key); found != read_.end()) return found->second;
  auto message = read_uncached(bytes);
  if (!message) return nullptr;
  if (read_.size() >= kRememberedMax) read_.clear();
  read_.emplace(key, message);
  return message;
}

}  // namespace sb::load
