#include "sb/process/ports.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sb/core/unique_fd.h"
#include "sb/testing/child_process.h"

namespace sb::process {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

/// A socket that listens on any free port of loopback.
struct Listener {
  explicit Listener(int family) : socket(::socket(family, SOCK_STREAM, 0)) {
    if (family == AF_INET) {
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    } else {
      sockaddr_in6 address{};
      address.sin6_family = AF_INET6;
      address.sin6_addr = in6addr_loopback;
      ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    }
    ::listen(socket.get(), 1);
    sockaddr_in6 bound{};
    socklen_t size = sizeof bound;
    ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&bound), &size);
    port = ntohs(bound.sin6_port);  // at the same place in both
  }
  UniqueFd socket;  // not closed at exec, so that a child holds it too
  std::uint16_t port = 0;
};

TEST(ListeningPorts, FindsThoseOfTheProcessItself) {
  const Listener v4(AF_INET);
  const Listener v6(AF_INET6);
  const auto ports = listening_ports(::getpid());
  for (const auto port : {v4.port, v6.port}) {
    EXPECT_THAT(ports, ::testing::Contains(ListeningPort{port, ::getpid(), 0}));
  }
}

TEST(ListeningPorts, FindsAPortOfAGrandchildAndNamesTheTopmostOwner) {
  pid_t shell = 0;
  std::optional<testing::ChildProcess> child;
  std::uint16_t port = 0;
  {
    const Listener inherited(AF_INET);
    port = inherited.port;
    // The shell and its child both hold the socket.
    child.emplace(std::vector<std::string>{"sh", "-c", "sleep 1000 & echo up; wait"});
    shell = child->pid();
    ASSERT_EQ(child->read_line(), "up");
  }
  EXPECT_THAT(listening_ports(shell), ::testing::ElementsAre(ListeningPort{port, shell, 0}));
  const auto outside = listening_ports(::getpid());
  EXPECT_THAT(outside, ::testing::Contains(ListeningPort{port, shell, 1}));
  testing::ChildProcess reap({"pkill", "-9", "-P", std::to_string(shell)});
  reap.wait();
}

TEST(ListeningPorts, AreNoneForAProcessThatIsGone) {
  testing::ChildProcess child({"true"});
  child.wait();
  EXPECT_THAT(listening_ports(child.pid()), IsEmpty());
}

TEST(ListeningPorts, OfProcNetTcpAreTheListeningLinesOnly) {
  std::ifstream file(std::string(SB_SOURCE_DIR) +
                     "/src/platform/process/tests/fixtures/proc-net-tcp.txt");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto ports = parse_proc_net_tcp(text);
  ASSERT_THAT(ports, SizeIs(2));
  EXPECT_EQ(ports.at(48213), 8080);
  EXPECT_EQ(ports.at(48377), 3000);
  EXPECT_THAT(parse_proc_net_tcp("garbage\n0A 0A 0A 0A\n"), IsEmpty());
}

}  // namespace
}  // namespace sb::process
