#include "shell_observer.h"

#include <algorithm>
#include <fstream>
#include <utility>

#include "sb/core/utf8.h"
#include "sb/process/process_watch.h"

#include "local_api.h"

namespace sb::app {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr unsigned kTitleAndIcon = 0;
constexpr unsigned kTitle = 2;
constexpr unsigned kPrompt = 133;
constexpr unsigned kProgramStatus = 7501;
constexpr std::string_view kOurName = "snapboard";

std::string name_of(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/comm");
  std::string name;
  std::getline(file, name);
  return name;
}

WallTime in_steps(WallTime time) {
  using Step = std::chrono::duration<std::int64_t, std::ratio<10>>;
  return WallTime(std::chrono::floor<Step>(time.time_since_epoch()));
}

}  // namespace

std::string readable_title(std::string_view title) {
  std::string text = printable(to_valid_utf8(title));
  // U+2000 to U+2BFF, where spinners come from, and blanks: E2 80 80 to E2 AF BF.
  std::size_t begin = 0;
  while (begin < text.size()) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    if (text[begin] == ' ') {
      begin += 1;
    } else if (byte(begin) == 0xE2U && begin + 2 < text.size() && byte(begin + 1) < 0xB0U) {
      begin += 3;
    } else {
      break;
    }
  }
  text.erase(0, begin);
  if (text.size() > ShellObserver::kTitleBytesMax) {
    std::size_t end = ShellObserver::kTitleBytesMax;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    text.resize(end);
  }
  return text;
}

ShellObserver::ShellObserver(const pty::Pty& pty, std::function<void(const TerminalNow&)> tell)
    : pty_(&pty), tell_(std::move(tell)), scanner_(*this) {
  now_.last_activity_at = in_steps(clock_.wall_now());
  tell_(now_);
  happened();
}

void ShellObserver::output(std::string_view bytes, std::string& pass, std::string& reply) {
  scanner_.push(bytes, pass);
  reply += std::exchange(reply_, {});
  if (!scanner_.holds()) {
    release_at_.reset();
  } else if (!release_at_) {
    release_at_ = SteadyClock::now() + kHeldMax;
  }
  happened();
}

void ShellObserver::input() {
  happened();
}

void ShellObserver::happened() {
  if (look_at_ && *look_at_ - SteadyClock::now() <= kLookAfter) {
    again_ = true;
    return;
  }
  look_at_ = SteadyClock::now() + kLookAfter;
}

std::optional<ShellObserver::SteadyTime> ShellObserver::due() const {
  if (look_at_ && release_at_) return std::min(*look_at_, *release_at_);
  return look_at_ ? look_at_ : release_at_;
}

void ShellObserver::tick(std::string& pass) {
  const auto now = SteadyClock::now();
  if (release_at_ && now >= *release_at_) {
    release_at_.reset();
    scanner_.release(pass);
  }
  if (look_at_ && now >= *look_at_) look();
}

void ShellObserver::osc(unsigned number, std::string_view payload) {
  switch (number) {
    case kTitleAndIcon:
    case kTitle:
      title_ = readable_title(payload);
      titled_ = pty_->foreground_group().value_or(-1);
      return;
    case kPrompt:
      if (payload.starts_with('A')) records_.clear();
      return;
    case kProgramStatus:
      records_.take(payload);
      spoke_ = pty_->foreground_group().value_or(-1);
      return;
    default:
      return;
  }
}

void ShellObserver::status_query(std::string_view terminator) {
  reply_ += "\x1b]7501;?";
  reply_ += terminator;
}

std::string ShellObserver::title_of(pid_t group) const {
  return group == titled_ && !title_.empty() ? title_ : readable_title(name_of(group));
}

void ShellObserver::look() {
  const auto now = SteadyClock::now();
  look_at_.reset();
  // A look that was arranged before the last thing happened may have come too early for it.
  const bool recent = std::exchange(again_, false);
  if (recent) look_at_ = now + kLookAfter;
  const auto group = pty_->foreground_group();
  if (!group) return;  // it ends
  const bool busy = *group != pty_->pid();
  if (busy && !look_at_) look_at_ = now + kBusyLook;
  // A program that went without a word says nothing any more.
  if (*group != spoke_) records_.clear();
  now_.program.reset();
  if (const auto status = records_.status(); status && busy && name_of(*group) != kOurName) {
    if (auto process = process::identify(*group)) now_.program = {*std::move(process), *status};
  }
  const auto state = busy ? model::TerminalState::busy : model::TerminalState::idle;
  const bool moved = std::exchange(now_.state, state) != state;
  take_title(title_of(*group), moved, now);
  tell_(now_);
}

// Titles follow the state at once, and by themselves only now and then.
void ShellObserver::take_title(const std::string& title, bool moved, SteadyTime now) {
  const bool same = title.empty() ? !now_.title : now_.title == title;
  if (same) return;
  if (!moved && now < title_at_ + kTitleGap) {
    const auto later = title_at_ + kTitleGap;
    look_at_ = look_at_ ? std::min(*look_at_, later) : later;
    return;
  }
  title_at_ = now;
  now_.title = title.empty() ? std::nullopt : std::optional(title);
}

}  // namespace sb::app
