#include "refs.h"

#include <algorithm>
#include <utility>

#include "files.h"

namespace sb::git_cli {
namespace {

constexpr int kSymbolicDepthMax = 5;  // as git
constexpr std::size_t kSha1HexLength = 40;
constexpr std::size_t kSha256HexLength = 64;
constexpr std::string_view kSymbolicPrefix = "ref:";

std::optional<std::string_view> symbolic(std::string_view text) {
  if (!text.starts_with(kSymbolicPrefix)) return std::nullopt;
  text.remove_prefix(kSymbolicPrefix.size());
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  return without_line_end(text);
}

bool is_private_ref(std::string_view ref) {
  return ref.starts_with("refs/bisect/") || ref.starts_with("refs/worktree/") ||
         ref.starts_with("refs/rewritten/");
}

}  // namespace

bool is_oid(std::string_view text) {
  return (text.size() == kSha1HexLength || text.size() == kSha256HexLength) &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_safe_ref(std::string_view name) {
  return name.starts_with("refs/") && !name.ends_with('/') &&
         name.find("..") == std::string_view::npos && name.find("//") == std::string_view::npos &&
         name.find("/.") == std::string_view::npos && name.find('\0') == std::string_view::npos &&
         name.find('\n') == std::string_view::npos;
}

RefReader::RefReader(std::string git_dir, std::string common_dir)
    : git_dir_(std::move(git_dir)), common_dir_(std::move(common_dir)) {}

bool RefReader::needs_git() const {
  return is_directory(common_dir_ + "/reftable");
}

std::optional<std::string> RefReader::read_loose(std::string_view ref) const {
  if (!is_safe_ref(ref)) return std::nullopt;
  auto text = read_file((is_private_ref(ref) ? git_dir_ : common_dir_) + "/" + std::string(ref));
  if (!text) return std::nullopt;
  return std::string(without_line_end(*text));
}

std::optional<std::string> RefReader::find_packed(std::string_view ref) {
  if (!packed_) {
    packed_ = "\n" + read_file(common_dir_ + "/packed-refs", kPackedRefsBytesMax).value_or("");
  }
  // Lines are "<oid> <ref>"; comments start with '#', peeled tags with '^'.
  const std::string wanted = " " + std::string(ref) + "\n";
  for (auto at = packed_->find(wanted); at != std::string::npos;
       at = packed_->find(wanted, at + 1)) {
    const auto line = packed_->rfind('\n', at) + 1;
    const auto oid = std::string_view(*packed_).substr(line, at - line);
    if (is_oid(oid)) return std::string(oid);
  }
  return std::nullopt;
}

std::optional<std::string> RefReader::resolve(std::string_view ref) {
  std::string name(ref);
  for (int depth = 0; depth < kSymbolicDepthMax; ++depth) {
    auto loose = read_loose(name);
    if (!loose) return find_packed(name);
    if (is_oid(*loose)) return loose;
    const auto target = symbolic(*loose);
    if (!target || !is_safe_ref(*target)) return std::nullopt;
    name = std::string(*target);
  }
  return std::nullopt;
}

std::optional<std::string> RefReader::symbolic_target(std::string_view ref) {
  const auto loose = read_loose(ref);
  if (!loose) return std::nullopt;
  const auto target = symbolic(*loose);
  if (!target || !is_safe_ref(*target)) return std::nullopt;
  return std::string(*target);
}

}  // namespace sb::git_cli
