#include "sb/pty/relay.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

namespace sb::pty {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::array kTaken{SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGCONT};
constexpr int kSignalExitBase = 128;

sigset_t taken_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : kTaken) ::sigaddset(&set, signal);
  return set;
}

/// Bytes on their way to a descriptor that may be full.
class Pending {
 public:
  std::string& bytes() { return bytes_; }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  /// Writes what goes now. False when nobody will ever read it.
  bool flush(int fd) {
    std::size_t done = 0;
    while (done < bytes_.size()) {
      const ssize_t wrote = ::write(fd, bytes_.data() + done, bytes_.size() - done);
      if (wrote > 0) {
        done += static_cast<std::size_t>(wrote);
      } else if (errno == EAGAIN) {
        break;
      } else if (errno != EINTR) {
        bytes_.clear();
        return false;
      }
    }
    bytes_.erase(0, done);
    return true;
  }

 private:
  std::string bytes_;
};

class Relay {
 public:
  Relay(Pty& pty, RawTerminal& terminal, const SignalIntake& signals, RelayListener& listener)
      : pty_(&pty), terminal_(&terminal), signals_(&signals), listener_(&listener) {}

  PtyExit run() {
    while (!ended_) turn();
    if (pty_->master() >= 0) last_words();
    if (!reapable_) return {kSignalExitBase + hung_up_by_};
    const PtyExit exit = pty_->wait();
    return hung_up_by_ != 0 ? PtyExit{kSignalExitBase + hung_up_by_} : exit;
  }

 private:
  void turn() {
    constexpr short kNone = 0;
    const bool master = pty_->master() >= 0;
    short of_master = to_user_.empty() ? POLLIN : kNone;
    if (!to_program_.empty()) of_master = static_cast<short>(of_master | POLLOUT);
    std::array<pollfd, 5> fds{{
        {signals_->fd(), POLLIN, 0},
        {pty_->pidfd(), POLLIN, 0},
        {master && of_master != 0 ? pty_->master() : -1, of_master, 0},
        {!input_over_ && master && to_program_.empty() ? terminal_->input() : -1, POLLIN, 0},
        {to_user_.empty() ? -1 : terminal_->output(), POLLOUT, 0},
    }};
    const auto& [signal, program, out, keys, user] = fds;
    if (::poll(fds.data(), fds.size(), patience()) < 0) return;
    if (signal.revents != 0) take_signal();
    if (user.revents != 0) write_user();
    if (pty_->master() >= 0 && (out.revents & POLLOUT) != 0) to_program_.flush(pty_->master());
    if (keys.revents != 0) read_keys();
    // After the keys: their echo goes out in the same turn.
    if (pty_->master() >= 0 && (out.revents & (POLLIN | POLLHUP)) != 0 && !read_output()) {
      pty_->hang_up();  // nobody is left on it
    }
    if (program.revents != 0) {
      reapable_ = true;
      ended_ = true;
    }
    if (give_up_at_ && SteadyClock::now() >= *give_up_at_) ended_ = true;
    if (const auto due = listener_->due(); due && SteadyClock::now() >= *due) {
      listener_->tick(to_user_.bytes());
      write_user();
    }
  }

  [[nodiscard]] int patience() const {
    auto next = listener_->due();
    if (give_up_at_ && (!next || *give_up_at_ < *next)) next = give_up_at_;
    if (!next) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - SteadyClock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, kPatienceMax));
  }

  void write_user() {
    if (!to_user_.flush(terminal_->output())) hang_up(SIGHUP);  // the user's terminal is gone
  }

  void read_keys() {
    std::array<char, kPendingBytesMax> keys;  // NOLINT: filled by read
    const ssize_t got = ::read(terminal_->input(), keys.data(), keys.size());
    if (got > 0) {
      to_program_.bytes().assign(keys.data(), static_cast<std::size_t>(got));
      if (pty_->master() >= 0) to_program_.flush(pty_->master());
      listener_->input();
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
      input_over_ = true;  // closed, or hung up: a signal tells which
      hang_up(SIGHUP);
    }
  }

  /// How much there was; nothing when no program has the other side open any more.
  std::optional<std::size_t> read_output() {
    std::array<char, kPendingBytesMax> chunk;  // NOLINT: filled by read
    const ssize_t got = ::read(pty_->master(), chunk.data(), chunk.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    if (got <= 0) return std::nullopt;
    const auto count = static_cast<std::size_t>(got);
    std::string reply;
    listener_->output({chunk.data(), count}, to_user_.bytes(), reply);
    if (!reply.empty() && to_program_.bytes().size() < kPendingBytesMax) {
      to_program_.bytes() += reply;
      to_program_.flush(pty_->master());
    }
    write_user();
    return count;
  }

  void take_signal() {
    signalfd_siginfo info{};
    if (::read(signals_->fd(), &info, sizeof info) != sizeof info) return;
    switch (static_cast<int>(info.ssi_signo)) {
      case SIGWINCH:
        return follow_size();
      case SIGTSTP:
        // Somebody outside stops us: with the user's terminal as the user had it.
        terminal_->leave();
        ::raise(SIGSTOP);
        return;
      case SIGCONT:
        terminal_->enter_again();
        return follow_size();
      case SIGINT:
      case SIGQUIT:
        // From outside, not from the keyboard: for whom the keyboard would have meant it.
        if (const auto group = pty_->foreground_group()) {
          ::kill(-*group, static_cast<int>(info.ssi_signo));
        }
        return;
      default:
        return hang_up(static_cast<int>(info.ssi_signo));
    }
  }

  void follow_size() {
    const auto size = window_size(terminal_->output());
    const auto other = size ? size : window_size(terminal_->input());
    if (other && pty_->master() >= 0) pty_->resize(*other);
  }

  void hang_up(int signal) {
    if (hung_up_by_ != 0) return;
    hung_up_by_ = signal;
    give_up_at_ = SteadyClock::now() + kHangUpGrace;
    pty_->hang_up();
  }

  /// What the program wrote before it ended is shown; what others still write is not waited for.
  void last_words() {
    const auto deadline = SteadyClock::now() + kLastWordsGrace;
    std::size_t total = 0;
    while (total < kLastWordsBytesMax) {
      if (to_user_.empty()) {
        const auto count = read_output();
        if (!count || *count == 0) break;
        total += *count;
      }
      if (!wait_for_user(deadline)) return;
    }
    listener_->tick(to_user_.bytes());
    write_user();
    wait_for_user(deadline);
  }

  /// False when the user's terminal does not take it in time.
  bool wait_for_user(SteadyClock::time_point deadline) {
    while (!to_user_.empty()) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now()).count();
      pollfd ready{terminal_->output(), POLLOUT, 0};
      if (left <= 0 || ::poll(&ready, 1, static_cast<int>(left)) == 0) return false;
      if (!to_user_.flush(terminal_->output())) return false;
    }
    return true;
  }

  static constexpr std::int64_t kPatienceMax = 60'000;  // ms; then it looks again

  Pty* pty_;
  RawTerminal* terminal_;
  const SignalIntake* signals_;
  RelayListener* listener_;
  Pending to_program_;
  Pending to_user_;
  bool input_over_ = false;
  bool ended_ = false;
  bool reapable_ = false;
  int hung_up_by_ = 0;
  std::optional<SteadyClock::time_point> give_up_at_;
};

}  // namespace

SignalIntake::SignalIntake() {
  const sigset_t taken = taken_signals();
  ::pthread_sigmask(SIG_BLOCK, &taken, nullptr);
  fd_ = UniqueFd(::signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK));
}

SignalIntake::~SignalIntake() {
  const sigset_t taken = taken_signals();
  // What came too late for the relay has nobody left to tell.
  signalfd_siginfo info{};
  while (fd_.open() && ::read(fd_.get(), &info, sizeof info) == sizeof info) {
  }
  ::pthread_sigmask(SIG_UNBLOCK, &taken, nullptr);
}

PtyExit relay(Pty& pty, RawTerminal& terminal, const SignalIntake& signals,
              RelayListener& listener) {
  return Relay(pty, terminal, signals, listener).run();
}

}  // namespace sb::pty
