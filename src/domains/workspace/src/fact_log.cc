#include "fact_log.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <system_error>
#include <tuple>

#include <boost/unordered/unordered_flat_map.hpp>
#include <fmt/format.h>

#include "sb/core/hash.h"

namespace sb::workspace {
namespace {

using Kind = LogEntry::Kind;

constexpr std::size_t kNumberDigitsMax = 20;  // of 64 bits
// epoch, sequence and arrival of the stamp; the sizes of workspace, source, key and value
constexpr std::size_t kNumbers = 7;

void append_number(std::string& text, std::uint64_t number) {
  std::array<char, kNumberDigitsMax> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), number).ptr;
  text.append(digits.begin(), end);
  text += ' ';
}

/// Takes entries off the front of a text.
class EntryReader {
 public:
  explicit EntryReader(std::string_view text) : text_(text), left_(text) {}

  [[nodiscard]] bool done() const { return left_.empty(); }

  Result<LogEntry> next() {
    LogEntry entry;
    entry.kind = static_cast<Kind>(left_.front());
    if (entry.kind != Kind::fact && entry.kind != Kind::late_fact && entry.kind != Kind::forget) {
      return damaged("kind");
    }
    left_.remove_prefix(1);
    std::array<std::uint64_t, kNumbers> numbers{};
    for (std::uint64_t& number : numbers) {
      const auto [end, error] = std::from_chars(left_.begin(), left_.end(), number);
      if (error != std::errc() || end == left_.end() || *end != ' ') return damaged("number");
      left_.remove_prefix(static_cast<std::size_t>(end - left_.begin()) + 1);
    }
    const auto [epoch, sequence, arrival, workspace, source, key, value] = numbers;
    if (epoch > std::numeric_limits<std::uint32_t>::max()) return damaged("epoch");
    JournalRow& row = entry.row;
    row.stamp = {static_cast<std::uint32_t>(epoch), sequence, arrival};
    if (!take(workspace, row.workspace) || !take(source, row.source) || !take(key, row.key) ||
        !take(value, row.value)) {
      return damaged("size");
    }
    return entry;
  }

 private:
  bool take(std::uint64_t size, std::string_view& taken) {
    if (size > left_.size()) return false;
    taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return true;
  }
  [[nodiscard]] tl::unexpected<Error> damaged(std::string_view what) const {
    return fail(ErrorCode::internal, fmt::format("the journal has no sound {} at byte {} of {}",
                                                 what, text_.size() - left_.size(), text_.size()));
  }

  std::string_view text_;
  std::string_view left_;
};

using FactKey = std::tuple<std::string_view, std::string_view, std::string_view>;

struct FactKeyHash {
  using is_avalanching = void;
  std::size_t operator()(const FactKey& key) const {
    const auto& [workspace, source, name] = key;
    return hash_text(name, hash_text(source, hash_text(workspace)));
  }
  std::size_t operator()(std::string_view workspace) const { return hash_text(workspace); }
};

}  // namespace

std::vector<LogEntry> entries_of(const JournalBatch& batch) {
  std::vector<LogEntry> entries;
  entries.reserve(batch.forget.size() + batch.facts.size());
  for (const model::WorkspaceId& id : batch.forget) {
    entries.push_back({Kind::forget, {id.view(), {}, {}, {}, {}}});
  }
  for (const JournalFact& fact : batch.facts) {
    const bool late = fact.may_be_late && !fact.key.empty();
    entries.push_back({late ? Kind::late_fact : Kind::fact,
                       {fact.workspace.view(), fact.source, fact.stamp, fact.key, fact.value}});
  }
  return entries;
}

void append_entry(std::string& text, const LogEntry& entry) {
  const JournalRow& row = entry.row;
  text += static_cast<char>(entry.kind);
  for (const std::uint64_t number :
       {std::uint64_t{row.stamp.epoch}, row.stamp.sequence, row.stamp.arrival,
        std::uint64_t{row.workspace.size()}, std::uint64_t{row.source.size()},
        std::uint64_t{row.key.size()}, std::uint64_t{row.value.size()}}) {
    append_number(text, number);
  }
  text.append(row.workspace).append(row.source).append(row.key).append(row.value);
}

Result<void> read_entries(std::string_view text, std::vector<LogEntry>& entries) {
  EntryReader reader(text);
  while (!reader.done()) {
    SB_TRY(LogEntry entry, reader.next());
    entries.push_back(entry);
  }
  return {};
}

void drop_outdated(std::vector<LogEntry>& entries) {
  boost::unordered_flat_map<std::string_view, std::size_t, FactKeyHash> wiped;  // from where on
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].wipes()) wiped.insert_or_assign(entries[i].row.workspace, i);
  }
  boost::unordered_flat_map<FactKey, std::size_t, FactKeyHash> last(entries.size());
  std::vector<bool> outdated(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    LogEntry& entry = entries[i];
    const auto wipe = wiped.find(entry.row.workspace);
    if (wipe != wiped.end() && i < wipe->second) {
      outdated[i] = true;
      continue;
    }
    if (entry.kind == Kind::forget) continue;
    const auto [held, first] =
        last.try_emplace({entry.row.workspace, entry.row.source, entry.row.key}, i);
    if (first) continue;
    const LogEntry& before = entries[held->second];
    if (entry.kind == Kind::late_fact && entry.row.stamp < before.row.stamp) {
      outdated[i] = true;
      continue;
    }
    // What took the place of anything leaves it to this one.
    if (before.kind == Kind::fact) entry.kind = Kind::fact;
    outdated[held->second] = true;
    held->second = i;
  }
  std::size_t at = 0;
  std::erase_if(entries, [&](const LogEntry&) { return outdated[at++]; });
}

}  // namespace sb::workspace
