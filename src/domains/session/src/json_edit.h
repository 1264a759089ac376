#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sb/core/result.h"

namespace sb::session {

/// JSON text of somebody else, edited in place: what an edit does not touch keeps its bytes. The
/// text is UTF-8 of one object. Nodes are valid until the next edit. Thread: externally locked.
class JsonEdit {
 public:
  struct Member;
  struct Node {
    std::size_t begin = 0;  ///< offsets into the text
    std::size_t end = 0;
    char first = ' ';            ///< '{', '[', '"', or of a number or word
    std::size_t name_begin = 0;  ///< of a member: where its name stands
    std::vector<Member> members;
    std::vector<Node> items;

    [[nodiscard]] const Node* find(std::string_view name) const;
    [[nodiscard]] std::size_t size() const;
  };
  struct Member {
    std::string name;  ///< as written, without quotes
    Node value;
  };

  /// Text without anything is an empty object. Errors: invalid_argument with the reason.
  static Result<JsonEdit> parse(std::string text);

  [[nodiscard]] const Node& root() const { return root_; }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::string_view text(const Node& node) const {
    return std::string_view(text_).substr(node.begin, node.end - node.begin);
  }

  /// Adds a member or an element after the others. `value` is JSON text whose lines are indented
  /// by two spaces a level; it is fitted in.
  void append_member(const Node& object, std::string_view name, std::string_view value);
  void append_item(const Node& array, std::string_view value);
  /// Takes out a member or an element by its place.
  void remove_child(const Node& container, std::size_t index);

 private:
  explicit JsonEdit(std::string text) : text_(std::move(text)) {}
  void scan();
  Node scan_value(std::size_t& at);
  void skip_space(std::size_t& at) const;
  void skip_string(std::size_t& at) const;
  void append(const Node& container, std::string_view value);
  [[nodiscard]] std::string indent_of_line(std::size_t at) const;
  [[nodiscard]] std::string fitted(std::string_view value, std::string_view indent) const;

  std::string text_;
  Node root_;
  std::string unit_ = "  ";  // one level
};

}  // namespace sb::session
