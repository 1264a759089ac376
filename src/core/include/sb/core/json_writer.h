#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace sb {

/// Appends `text` as a JSON string with quotes. Invalid UTF-8 is replaced by U+FFFD, so the output
/// is always valid JSON.
void append_json_string(std::string& out, std::string_view text);
void append_json_int(std::string& out, std::int64_t value);
void append_json_uint(std::string& out, std::uint64_t value);
void append_json_double(std::string& out, double value);  ///< NaN and infinities become null
inline void append_json_bool(std::string& out, bool value) {
  out += value ? "true" : "false";
}

/// Writes JSON text without a tree in between; commas are its business. Thread: externally locked.
///   JsonWriter w(out);  w.begin_object();  w.key("id").string(id);  w.end_object();
class JsonWriter {
 public:
  /// Appends to `out`, which must outlive the writer.
  explicit JsonWriter(std::string& out) : out_(&out) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name) {
    comma();
    append_json_string(*out_, name);
    *out_ += ':';
    need_comma_ = false;
    return *this;
  }
  JsonWriter& string(std::string_view value) {
    comma();
    append_json_string(*out_, value);
    return done();
  }
  JsonWriter& number(std::integral auto value) {
    comma();
    if constexpr (std::signed_integral<decltype(value)>) {
      append_json_int(*out_, value);
    } else {
      append_json_uint(*out_, value);
    }
    return done();
  }
  JsonWriter& number(double value) {
    comma();
    append_json_double(*out_, value);
    return done();
  }
  JsonWriter& boolean(bool value) {
    comma();
    append_json_bool(*out_, value);
    return done();
  }
  JsonWriter& null() { return raw("null"); }
  /// Puts finished JSON text of one value.
  JsonWriter& raw(std::string_view json) {
    comma();
    *out_ += json;
    return done();
  }

 private:
  JsonWriter& open(char bracket) {
    comma();
    *out_ += bracket;
    need_comma_ = false;
    return *this;
  }
  JsonWriter& close(char bracket) {
    *out_ += bracket;
    return done();
  }
  void comma() {
    if (need_comma_) *out_ += ',';
  }
  JsonWriter& done() {
    need_comma_ = true;
    return *this;
  }
  std::string* out_;
  bool need_comma_ = false;
};

}  // namespace sb
