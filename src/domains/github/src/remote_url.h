#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sb/github/types.h"

namespace sb::github {

/// The repository a remote URL names: https, ssh, git and scp-like forms. Nothing for paths, other
/// depths than owner/name, and hosts that are no names. Says nothing of whether the host is GitHub.
[[nodiscard]] std::optional<Repository> parse_remote_url(std::string_view url);

/// Equal without regard to ASCII case.
[[nodiscard]] bool same_name(std::string_view a, std::string_view b);

}  // namespace sb::github
