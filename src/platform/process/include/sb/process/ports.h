#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sb::process {

/// A TCP port on which a process of a tree listens.
struct ListeningPort {
  std::uint16_t port = 0;
  pid_t pid = 0;  ///< of those that share it, the topmost
  int depth = 0;  ///< of that process below the root
  friend bool operator==(const ListeningPort&, const ListeningPort&) = default;
};

/// Every port the tree under `root` listens on, IPv4 and IPv6 as one, topmost process first, then
/// by number. Asks the kernel's socket diagnosis (about 0.1 ms), and reads /proc/net/tcp where that
/// is not allowed. Processes of other users have no readable descriptors and are left out. Blocks:
/// workers only.
[[nodiscard]] std::vector<ListeningPort> listening_ports(pid_t root);

/// The listening sockets of a text like /proc/net/tcp: inode -> port.
[[nodiscard]] std::unordered_map<std::uint64_t, std::uint16_t> parse_proc_net_tcp(
    std::string_view text);

}  // namespace sb::process
