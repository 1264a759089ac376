#include "sb/session/hook_report.h"

#include <array>
#include <charconv>

namespace sb::session {
namespace {

constexpr std::string_view kHex = "0123456789ABCDEF";

bool is_plain(char byte) {
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
         (byte >= 'A' && byte <= 'Z') || byte == '/' || byte == '.' || byte == '-' || byte == '_';
}

void put(std::string& out, std::string_view key, std::string_view value) {
  if (value.empty()) return;
  std::string part;
  for (const char byte : value) {
    if (is_plain(byte)) {
      part += byte;
      continue;
    }
    const auto code = static_cast<unsigned char>(byte);
    part += '%';
    part += kHex[code >> 4U];
    part += kHex[code & 0xFU];
  }
  if (out.size() + key.size() + part.size() + 2 > kLocatorsBytesMax) return;
  if (!out.empty()) out += ';';
  out.append(key).append(1, '=').append(part);
}

std::string decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned code = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, code, 16).ptr ==
            text.data() + i + 3) {
      out += static_cast<char>(code);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

template <class T>
void number(std::string_view text, T& out) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size()) out = value;
}

std::string absolute(std::string_view text) {
  std::string path = decode(text);
  if (path.empty() || path.front() != '/' || path.find('\0') != std::string::npos) path.clear();
  return path;
}

}  // namespace

std::string format_locators(const HookLocators& locators) {
  std::string out;
  if (locators.order != 0) put(out, "at", std::to_string(locators.order));
  if (locators.process.known()) {
    put(out, "boot", locators.process.boot);
    put(out, "pid", std::to_string(locators.process.pid));
    put(out, "start", std::to_string(locators.process.start_ticks));
  }
  put(out, "cwd", locators.directory);
  put(out, "dir", locators.project_directory);
  put(out, "config", locators.config_directory);
  put(out, "term", locators.terminal);
  return out;
}

HookLocators parse_locators(std::string_view text) {
  HookLocators out;
  while (!text.empty()) {
    const auto part = text.substr(0, text.find(';'));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    const auto equals = part.find('=');
    if (equals == std::string_view::npos) continue;
    const auto key = part.substr(0, equals);
    const auto value = part.substr(equals + 1);
    if (key == "at") number(value, out.order);
    if (key == "boot") out.process.boot = decode(value);
    if (key == "pid") number(value, out.process.pid);
    if (key == "start") number(value, out.process.start_ticks);
    if (key == "cwd") out.directory = absolute(value);
    if (key == "dir") out.project_directory = absolute(value);
    if (key == "config") out.config_directory = absolute(value);
    if (key == "term") out.terminal = decode(value);
  }
  // A pid alone may be somebody else's by now.
  if (out.process.pid <= 0 || out.process.start_ticks == 0 || out.process.boot.empty()) {
    out.process = {};
  }
  return out;
}

}  // namespace sb::session
