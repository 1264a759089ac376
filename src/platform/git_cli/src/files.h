#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sb/core/result.h"

// Small file helpers of this room. Nothing here follows user input into a shell or throws.

namespace sb::git_cli {

inline constexpr std::size_t kSmallFileBytesMax = 64U << 10U;   // HEAD, gitdir, a loose ref, …
inline constexpr std::size_t kConfigBytesMax = 1U << 20U;       // a repository's config
inline constexpr std::size_t kPackedRefsBytesMax = 64U << 20U;  // packed-refs of a huge repository

/// The bytes of a file. Errors: not_found (no such file), limit_exceeded, unavailable (anything
/// else, with the reason).
Result<std::string> read_file(const std::string& path, std::size_t bytes_max = kSmallFileBytesMax);

[[nodiscard]] bool is_directory(const std::string& path);
[[nodiscard]] bool exists(const std::string& path);

/// The path without symbolic links, or nothing when it cannot be resolved.
[[nodiscard]] std::optional<std::string> canonical(const std::string& path);

/// `path` if absolute, else `base`/`path`; "." and ".." are folded, symbolic links are not
/// followed.
[[nodiscard]] std::string absolute_from(const std::string& base, std::string_view path);

[[nodiscard]] std::string parent_of(const std::string& path);
[[nodiscard]] std::string_view name_of(std::string_view path);

/// Without the line end git writes after a single value.
[[nodiscard]] std::string_view without_line_end(std::string_view text);

/// The target of a `.git` file ("gitdir: …"), made absolute. Errors: as read_file, and unavailable
/// when it is no such file.
Result<std::string> read_gitdir_file(const std::string& path);

/// True when git would accept this as a git directory: HEAD here, objects and refs here or where
/// `commondir` says.
[[nodiscard]] bool is_git_dir(const std::string& path);

/// The directory shared by all worktrees: `commondir` of a private git directory, else the
/// directory itself. Canonical.
[[nodiscard]] std::string common_dir_of(const std::string& git_dir);

}  // namespace sb::git_cli
