#include "config.h"

#include <algorithm>
#include <cctype>

#include "files.h"

namespace sb::git_cli {
namespace {

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}
bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

/// A cursor over the text of a config file.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}
  [[nodiscard]] bool done() const { return at_ >= text_.size(); }
  [[nodiscard]] char peek() const { return done() ? '\n' : text_[at_]; }
  char take() { return done() ? '\n' : text_[at_++]; }
  void skip_space() {
    while (!done() && is_space(peek())) ++at_;
  }
  void skip_line() {
    while (!done() && take() != '\n') {
    }
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

/// After '[': "core]" or "remote "origin"]" becomes "core" or "remote.origin".
std::string take_section(Reader& in) {
  std::string section;
  while (in.peek() != ']' && in.peek() != '\n' && in.peek() != '"') {
    const char c = in.take();
    if (!is_space(c)) section += lower(c);
  }
  if (in.peek() == '"') {
    in.take();
    section += '.';
    while (in.peek() != '"' && in.peek() != '\n') {
      const char c = in.take();
      section += c == '\\' ? in.take() : c;
    }
    in.take();
  }
  if (in.peek() == ']') in.take();
  return section;
}

/// After '=': quotes, escapes, comments and continued lines as git reads them.
std::string take_value(Reader& in) {
  std::string value;
  std::size_t kept = 0;  // trailing blanks outside quotes are dropped
  bool quoted = false;
  in.skip_space();
  while (!in.done()) {
    const char c = in.take();
    if (c == '\n') break;
    if (c == '"') {
      quoted = !quoted;
      kept = value.size();
    } else if (c == '\\') {
      const char escaped = in.take();
      if (escaped == '\n') continue;
      value += escaped == 'n' ? '\n' : escaped == 't' ? '\t' : escaped;
      kept = value.size();
    } else if (!quoted && (c == '#' || c == ';')) {
      in.skip_line();
      break;
    } else {
      value += c;
      if (quoted || !is_space(c)) kept = value.size();
    }
  }
  value.resize(kept);
  return value;
}

bool as_bool(std::string_view value) {
  std::string text(value);
  std::transform(text.begin(), text.end(), text.begin(), lower);
  return text == "true" || text == "yes" || text == "on" || text == "1";
}

}  // namespace

void parse_config(std::string_view text,
                  const std::function<void(std::string_view, std::string_view)>& entry) {
  Reader in(text);
  std::string section;
  while (!in.done()) {
    in.skip_space();
    const char c = in.peek();
    if (c == '\n') {
      in.take();
    } else if (c == '#' || c == ';') {
      in.skip_line();
    } else if (c == '[') {
      in.take();
      section = take_section(in);
    } else {
      std::string name = section + ".";
      while (std::isalnum(static_cast<unsigned char>(in.peek())) != 0 || in.peek() == '-') {
        name += lower(in.take());
      }
      in.skip_space();
      if (in.peek() == '=') {
        in.take();
        entry(name, take_value(in));
      } else {
        if (in.peek() == '\n') entry(name, "true");
        in.skip_line();
      }
    }
  }
}

RepositoryConfig read_repository_config(const std::string& common_dir) {
  RepositoryConfig config;
  const auto note = [&config](std::string_view name, std::string_view value) {
    if (name == "core.bare") config.bare = as_bool(value);
    if (name == "core.worktree") config.worktree = std::string(value);
    if (name == "extensions.worktreeconfig") config.worktree_config = as_bool(value);
  };
  if (const auto text = read_file(common_dir + "/config", kConfigBytesMax)) {
    parse_config(*text, note);
  }
  if (config.worktree_config) {
    if (const auto text = read_file(common_dir + "/config.worktree", kConfigBytesMax)) {
      parse_config(*text, note);
    }
  }
  return config;
}

}  // namespace sb::git_cli
