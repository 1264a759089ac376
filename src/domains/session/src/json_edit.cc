#include "json_edit.h"

#include <algorithm>
#include <utility>

#include "sb/core/json_value.h"

namespace sb::session {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

const JsonEdit::Node& child(const JsonEdit::Node& container, std::size_t index) {
  return container.first == '{' ? container.members[index].value : container.items[index];
}

}  // namespace

std::size_t JsonEdit::Node::size() const {
  return members.size() + items.size();
}

const JsonEdit::Node* JsonEdit::Node::find(std::string_view name) const {
  for (const auto& [key, value] : members) {
    if (key == name) return &value;
  }
  return nullptr;
}

Result<JsonEdit> JsonEdit::parse(std::string text) {
  if (text.find_first_not_of(kSpace) == std::string::npos) text = "{}\n";
  JsonDocument document;
  SB_TRY(const JsonValue json, document.parse(text));
  if (json.kind() != JsonValue::Kind::object) {
    return fail(ErrorCode::invalid_argument, "not a JSON object", "$");
  }
  JsonEdit edit(std::move(text));
  edit.scan();
  return edit;
}

// The text is known to be JSON: only where things begin and end is looked for.
void JsonEdit::scan() {
  std::size_t at = 0;
  skip_space(at);
  root_ = scan_value(at);
  if (root_.size() == 0) return;
  const std::string indent = indent_of_line(child(root_, 0).begin);
  if (!indent.empty()) unit_ = indent;
}

void JsonEdit::skip_space(std::size_t& at) const {
  at = std::min(text_.find_first_not_of(kSpace, at), text_.size());
}

void JsonEdit::skip_string(std::size_t& at) const {
  for (++at; text_[at] != '"'; ++at) {
    if (text_[at] == '\\') ++at;
  }
  ++at;
}

JsonEdit::Node JsonEdit::scan_value(std::size_t& at) {
  Node node;
  node.begin = at;
  node.first = text_[at];
  if (node.first == '"') {
    skip_string(at);
  } else if (node.first == '{' || node.first == '[') {
    const bool object = node.first == '{';
    const char close = object ? '}' : ']';
    ++at;
    skip_space(at);
    while (text_[at] != close) {
      std::string name;
      const std::size_t begin = at;
      if (object) {
        skip_string(at);
        name = text_.substr(begin + 1, at - begin - 2);
        at = text_.find(':', at) + 1;
        skip_space(at);
      }
      Node value = scan_value(at);
      if (object) {
        value.name_begin = begin;
        node.members.push_back({std::move(name), std::move(value)});
      } else {
        node.items.push_back(std::move(value));
      }
      skip_space(at);
      if (text_[at] == ',') {
        ++at;
        skip_space(at);
      }
    }
    ++at;
  } else {
    at = std::min(text_.find_first_of(",]} \t\r\n", at), text_.size());
  }
  node.end = at;
  return node;
}

std::string JsonEdit::indent_of_line(std::size_t at) const {
  const std::size_t newline = text_.rfind('\n', at);
  if (newline == std::string::npos) return {};
  const std::size_t first = text_.find_first_not_of(" \t", newline + 1);
  return text_.substr(newline + 1, std::min(first, text_.size()) - newline - 1);
}

// Lines of `value` below the first, in our two spaces, as lines at `indent` in theirs.
std::string JsonEdit::fitted(std::string_view value, std::string_view indent) const {
  std::string out;
  while (true) {
    const auto newline = value.find('\n');
    out += value.substr(0, newline);
    if (newline == std::string_view::npos) return out;
    value.remove_prefix(newline + 1);
    out.append("\n").append(indent);
    while (value.starts_with("  ")) {
      out += unit_;
      value.remove_prefix(2);
    }
  }
}

void JsonEdit::append_member(const Node& object, std::string_view name, std::string_view value) {
  append(object, "\"" + std::string(name) + "\": " + std::string(value));
}

void JsonEdit::append_item(const Node& array, std::string_view value) {
  append(array, value);
}

void JsonEdit::append(const Node& container, std::string_view value) {
  const std::string outer = indent_of_line(container.begin);
  const std::string inner = outer + unit_;
  if (container.size() == 0) {
    // Nothing but space between the brackets.
    text_.replace(container.begin + 1, container.end - container.begin - 2,
                  "\n" + inner + fitted(value, inner) + "\n" + outer);
  } else {
    const bool on_one_line = text_.find('\n', container.begin) > child(container, 0).begin;
    text_.insert(child(container, container.size() - 1).end,
                 on_one_line ? ", " + fitted(value, outer) : ",\n" + inner + fitted(value, inner));
  }
  scan();
}

void JsonEdit::remove_child(const Node& container, std::size_t index) {
  const std::size_t count = container.size();
  const auto begin_of = [&](std::size_t i) {
    const Node& node = child(container, i);
    return container.first == '{' ? node.name_begin : node.begin;
  };
  if (count == 1) {
    text_.erase(container.begin + 1, container.end - container.begin - 2);
  } else if (index + 1 == count) {
    const std::size_t from = child(container, index - 1).end;
    text_.erase(from, child(container, index).end - from);
  } else {
    const std::size_t from = begin_of(index);
    text_.erase(from, begin_of(index + 1) - from);
  }
  scan();
}

}  // namespace sb::session
