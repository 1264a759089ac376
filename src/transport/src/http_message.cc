#include "http_message.h"

#include <array>
#include <chrono>

#include "sb/core/json_writer.h"

namespace sb::transport {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool has_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

}  // namespace

std::string ascii_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

bool ascii_iequals(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  if (a == b) return true;  // as nearly always
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<std::string_view> HttpRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::size_t HttpRequest::header_count(std::string_view name) const {
  std::size_t count = 0;
  for (const auto& [key, value] : headers) count += key == name ? 1 : 0;
  return count;
}

bool HttpRequest::has_token(std::string_view name, std::string_view token) const {
  for (const auto& [key, value] : headers) {
    if (key != name) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const auto comma = rest.find(',');
      if (ascii_iequals(trim(rest.substr(0, comma)), token)) return true;
      rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    }
  }
  return false;
}

HttpResponse json_response(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.content_type = "application/json";
  response.body = std::move(body);
  response.add("Cache-Control", "no-store");
  return response;
}

HttpResponse problem_response(const Error& error, int status) {
  return problem_response_with(error, status, {});
}

HttpResponse problem_response_with(const Error& error, int status, std::string_view extra) {
  if (status == 0) status = http_status(error.code);
  std::string body;
  JsonWriter json(body);
  json.begin_object();
  json.key("type").string("about:blank");
  json.key("title").string(http_reason(status));
  json.key("status").number(status);
  json.key("code").string(to_text(error.code));
  json.key("detail").string(error.message);
  if (!error.path.empty()) json.key("path").string(error.path);
  if (!extra.empty()) {
    body += ',';
    body += extra;
  }
  json.end_object();
  HttpResponse response = json_response(status, std::move(body));
  response.content_type = "application/problem+json";
  if (status == 429 || status == 503) response.add("Retry-After", "1");
  if (status == 401) response.add("WWW-Authenticate", "Bearer");
  return response;
}

std::string_view http_reason(int status) {
  struct Row {
    int status;
    std::string_view text;
  };
  static constexpr std::array kRows{
      Row{200, "OK"},
      Row{201, "Created"},
      Row{202, "Accepted"},
      Row{204, "No Content"},
      Row{303, "See Other"},
      Row{304, "Not Modified"},
      Row{400, "Bad Request"},
      Row{401, "Unauthorized"},
      Row{403, "Forbidden"},
      Row{404, "Not Found"},
      Row{405, "Method Not Allowed"},
      Row{408, "Request Timeout"},
      Row{409, "Conflict"},
      Row{410, "Gone"},
      Row{413, "Content Too Large"},
      Row{415, "Unsupported Media Type"},
      Row{426, "Upgrade Required"},
      Row{429, "Too Many Requests"},
      Row{431, "Request Header Fields Too Large"},
      Row{500, "Internal Server Error"},
      Row{501, "Not Implemented"},
      Row{503, "Service Unavailable"},
      Row{504, "Gateway Timeout"},
      Row{505, "HTTP Version Not Supported"},
  };
  for (const Row& row : kRows) {
    if (row.status == status) return row.text;
  }
  return "Status";
}

std::string encode_response_head(const HttpResponse& response, const ResponseFraming& framing) {
  std::string out;
  out.reserve(512);
  out.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  out.append(http_reason(response.status)).append("\r\nDate: ");
  append_http_date(out, framing.date);
  out.append("\r\n");
  if (!response.content_type.empty())
    out.append("Content-Type: ").append(response.content_type).append("\r\n");
  if (has_body(response.status)) {
    const std::string bytes = std::to_string(response.content().size());
    out.append("Content-Length: ").append(bytes).append("\r\n");
  }
  for (const auto& [name, value] : response.headers)
    out.append(name).append(": ").append(value).append("\r\n");
  out += "X-Content-Type-Options: nosniff\r\n";
  if (!framing.keep_alive || response.close) {
    out += "Connection: close\r\n";
  } else if (!framing.http11) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
  return out;
}

std::string encode_stream_head(const HttpResponse& response, const ResponseFraming& framing) {
  std::string out = "HTTP/1.1 200 OK\r\nDate: ";
  append_http_date(out, framing.date);
  out +=
      "\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
      "X-Content-Type-Options: nosniff\r\nConnection: close\r\n";
  for (const auto& [name, value] : response.headers)
    out.append(name).append(": ").append(value).append("\r\n");
  return out + "\r\n";
}

void append_http_date(std::string& out, WallTime time) {
  static constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed",
                                                         "Thu", "Fri", "Sat"};
  static constexpr std::array<std::string_view, 12> kMonths{
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::string iso = to_iso(time);  // 1994-11-06T08:49:37.999Z
  const std::string_view text = iso;
  const auto month = static_cast<std::size_t>(10 * (iso[5] - '0') + iso[6] - '0');
  const std::chrono::weekday weekday(std::chrono::floor<std::chrono::days>(time));
  out.append(kDays[weekday.c_encoding()]).append(", ").append(text.substr(8, 2)).append(" ");
  out.append(kMonths[month - 1]).append(" ").append(text.substr(0, 4)).append(" ");
  out.append(text.substr(11, 8)).append(" GMT");
}

}  // namespace sb::transport
