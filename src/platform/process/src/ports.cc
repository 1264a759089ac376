#include "sb/process/ports.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "sb/core/unique_fd.h"
#include "sb/process/process_table.h"

#include "proc_files.h"

namespace sb::process {
namespace {

using PortsByInode = std::unordered_map<std::uint64_t, std::uint16_t>;

struct DiagRequest {
  nlmsghdr header;
  inet_diag_req_v2 body;
};

/// Adds the answers of one dump; nothing when the kernel refuses.
std::optional<bool> read_answers(int socket, PortsByInode& found) {
  constexpr std::size_t kAnswerBytes = 32U << 10U;
  alignas(nlmsghdr) std::array<char, kAnswerBytes> buffer;  // NOLINT: filled by recv
  const ssize_t got = ::recv(socket, buffer.data(), buffer.size(), 0);
  if (got <= 0) return std::nullopt;
  auto left = static_cast<unsigned int>(got);
  for (auto* message = reinterpret_cast<nlmsghdr*>(buffer.data()); NLMSG_OK(message, left);
       message = NLMSG_NEXT(message, left)) {
    if (message->nlmsg_type == NLMSG_DONE) return true;
    if (message->nlmsg_type == NLMSG_ERROR) return std::nullopt;
    const auto* answer = reinterpret_cast<const inet_diag_msg*>(message + 1);
    found.emplace(answer->idiag_inode, ntohs(answer->id.idiag_sport));
  }
  return false;
}

bool dump_listeners(int socket, std::uint8_t family, PortsByInode& found) {
  DiagRequest request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.body.sdiag_family = family;
  request.body.sdiag_protocol = IPPROTO_TCP;
  request.body.idiag_states = 1U << TCP_LISTEN;
  if (::send(socket, &request, sizeof request, 0) != sizeof request) return false;
  while (true) {
    const auto done = read_answers(socket, found);
    if (!done) return false;
    if (*done) return true;
  }
}

std::optional<PortsByInode> ask_kernel() {
  const UniqueFd socket(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  if (!socket.open()) return std::nullopt;
  PortsByInode found;
  if (!dump_listeners(socket.get(), AF_INET, found)) return std::nullopt;
  dump_listeners(socket.get(), AF_INET6, found);  // a kernel without IPv6 refuses
  return found;
}

PortsByInode read_proc(pid_t pid) {
  PortsByInode found;
  for (const char* name : {"tcp", "tcp6"}) {
    const auto text = read_small_file(fmt::format("/proc/{}/net/{}", pid, name));
    if (text) found.merge(parse_proc_net_tcp(*text));
  }
  return found;
}

/// The inodes of the sockets a process holds.
std::vector<std::uint64_t> sockets_of(pid_t pid) {
  constexpr std::string_view kPrefix = "socket:[";
  std::vector<std::uint64_t> inodes;
  const std::string folder = fmt::format("/proc/{}/fd", pid);
  each_number_in(folder, [&](int fd) {
    std::array<char, 64> target{};
    const std::string path = fmt::format("{}/{}", folder, fd);
    const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
    const std::string_view text(target.data(),
                                static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    if (!text.starts_with(kPrefix)) return;
    std::uint64_t inode = 0;
    const char* const first = text.data() + kPrefix.size();
    if (std::from_chars(first, text.data() + text.size(), inode).ec == std::errc{}) {
      inodes.push_back(inode);
    }
  });
  return inodes;
}

std::string_view next_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  const auto word = line.substr(0, line.find(' '));
  line.remove_prefix(word.size());
  return word;
}

}  // namespace

std::unordered_map<std::uint64_t, std::uint16_t> parse_proc_net_tcp(std::string_view text) {
  constexpr std::size_t kAddress = 1;
  constexpr std::size_t kState = 3;
  constexpr std::size_t kInode = 9;
  constexpr int kHex = 16;
  PortsByInode found;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    std::array<std::string_view, kInode + 1> words;
    for (auto& word : words) word = next_word(line);
    const auto colon = words[kAddress].rfind(':');
    if (words[kState] != "0A" || colon == std::string_view::npos) continue;
    const std::string_view port_text = words[kAddress].substr(colon + 1);
    std::uint16_t port = 0;
    std::uint64_t inode = 0;
    const auto port_read =
        std::from_chars(port_text.data(), port_text.data() + port_text.size(), port, kHex);
    const auto inode_read =
        std::from_chars(words[kInode].data(), words[kInode].data() + words[kInode].size(), inode);
    if (port_read.ec == std::errc{} && inode_read.ec == std::errc{}) found.emplace(inode, port);
  }
  return found;
}

std::vector<ListeningPort> listening_ports(pid_t root) {
  const auto tree = process_tree(root);
  if (tree.empty()) return {};
  auto listeners = ask_kernel();
  if (!listeners) listeners = read_proc(root);
  if (listeners->empty()) return {};
  std::map<std::uint16_t, ListeningPort> by_port;
  for (const auto& process : tree) {  // parents first: the topmost is found first
    for (const std::uint64_t inode : sockets_of(process.pid)) {
      const auto listener = listeners->find(inode);
      if (listener == listeners->end()) continue;
      by_port.try_emplace(listener->second,
                          ListeningPort{listener->second, process.pid, process.depth});
    }
  }
  std::vector<ListeningPort> ports;
  ports.reserve(by_port.size());
  for (const auto& [number, port] : by_port) ports.push_back(port);
  std::stable_sort(ports.begin(), ports.end(),
                   [](const auto& a, const auto& b) { return a.depth < b.depth; });
  return ports;
}

}  // namespace sb::process
