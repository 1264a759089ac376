#include "sb/core/clock.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace sb {
namespace {

// The digits of each number below 100.
constexpr auto kPairs = [] {
  std::array<std::array<char, 2>, 100> pairs{};
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    pairs[i] = {static_cast<char>('0' + i / 10), static_cast<char>('0' + i % 10)};
  }
  return pairs;
}();

void put_pair(char*& out, std::uint32_t value) {
  std::memcpy(out, kPairs[value].data(), 2);
  out += 2;
}

// Reads exactly `digits` decimal digits.
std::optional<int> take_digits(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

MonoTime SystemClock::mono_now() const {
  return std::chrono::steady_clock::now();
}

WallTime SystemClock::wall_now() const {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

void append_iso(std::string& out, WallTime time) {
  using std::chrono::days, std::chrono::year_month_day, std::chrono::floor;
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const auto of_day = time - day;
  std::array<char, 24> text;
  char* at = text.data();
  const auto year = static_cast<std::uint32_t>(static_cast<int>(date.year())) % 10'000;
  put_pair(at, year / 100);
  put_pair(at, year % 100);
  *at++ = '-';
  put_pair(at, static_cast<unsigned>(date.month()));
  *at++ = '-';
  put_pair(at, static_cast<unsigned>(date.day()));
  *at++ = 'T';
  const auto ms = static_cast<std::uint32_t>(of_day.count());
  put_pair(at, ms / 3'600'000);
  *at++ = ':';
  put_pair(at, ms / 60'000 % 60);
  *at++ = ':';
  put_pair(at, ms / 1'000 % 60);
  *at++ = '.';
  *at++ = static_cast<char>('0' + ms / 100 % 10);
  put_pair(at, ms % 100);
  *at++ = 'Z';
  out.append(text.data(), text.size());
}

std::string to_iso(WallTime time) {
  std::string out;
  append_iso(out, time);
  return out;
}

std::optional<WallTime> parse_iso(std::string_view text) {
  using std::chrono::day, std::chrono::hours, std::chrono::milliseconds, std::chrono::minutes;
  using std::chrono::month, std::chrono::seconds, std::chrono::sys_days, std::chrono::year;
  using std::chrono::year_month_day;
  const auto y = take_digits(text, 4);
  if (!y || !take(text, '-')) return std::nullopt;
  const auto mo = take_digits(text, 2);
  if (!mo || !take(text, '-')) return std::nullopt;
  const auto d = take_digits(text, 2);
  if (!d || text.empty() || (text.front() != 'T' && text.front() != 't' && text.front() != ' ')) {
    return std::nullopt;
  }
  text.remove_prefix(1);
  const auto h = take_digits(text, 2);
  if (!h || !take(text, ':')) return std::nullopt;
  const auto mi = take_digits(text, 2);
  if (!mi || !take(text, ':')) return std::nullopt;
  const auto s = take_digits(text, 2);
  if (!s) return std::nullopt;
  int ms = 0;
  if (take(text, '.')) {
    int scale = 100;
    std::size_t digits = 0;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
      ms += (text.front() - '0') * scale;
      scale /= 10;
      text.remove_prefix(1);
      ++digits;
    }
    if (digits == 0) return std::nullopt;
  }
  minutes offset{0};
  if (text == "Z" || text == "z") {
    text.remove_prefix(1);
  } else {
    if (text.empty() || (text.front() != '+' && text.front() != '-')) return std::nullopt;
    const bool west = text.front() == '-';
    text.remove_prefix(1);
    const auto oh = take_digits(text, 2);
    if (!oh || !take(text, ':')) return std::nullopt;
    const auto om = take_digits(text, 2);
    if (!om || *oh > 23 || *om > 59) return std::nullopt;
    offset = minutes(*oh * 60 + *om) * (west ? -1 : 1);
  }
  const year_month_day date{year{*y}, month{static_cast<unsigned>(*mo)},
                            day{static_cast<unsigned>(*d)}};
  if (!text.empty() || !date.ok() || *h > 23 || *mi > 59 || *s > 60) return std::nullopt;
  return WallTime(sys_days{date}.time_since_epoch() + hours(*h) + minutes(*mi) + seconds(*s) +
                  milliseconds(ms) - offset);
}

}  // namespace sb
