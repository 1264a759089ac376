#include "replica.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace sb::load {
namespace {

constexpr std::size_t kExamplesMax = 10;

}  // namespace

void Findings::violation(std::string text) {
  ++violations;
  if (examples.size() < kExamplesMax) examples.push_back(std::move(text));
}

void Replica::begin() {
  staging_.clear();
  is_staging_ = false;
  live_ = kind_ == Kind::poll && !cursor_.empty();
  expected_ = revision_;
}

bool Replica::fails(Findings& findings, std::string text) const {
  findings.violation(
      fmt::format("{}: {}", kKindNames[static_cast<std::size_t>(kind_)], std::move(text)));
  return false;
}

// A client that came with a cursor of this very epoch starts again from nothing.
void Replica::count_reset(const Message& message, Findings& findings) const {
  if (cursor_.empty()) return;
  if (message.epoch != epoch_) {
    ++findings.epochs;
    return;
  }
  ++findings.resets;
  if (message.reason == "compacted") ++findings.resets_compacted;
}

bool Replica::take(const Message& message, Findings& findings, Deliveries* deliveries,
                   std::uint64_t now) {
  ++findings.messages;
  switch (message.type) {
    case Message::Type::full:
      if (!take_full(message, findings)) return false;
      break;
    case Message::Type::changed:
    case Message::Type::removed:
      if (message.epoch != epoch_) return fails(findings, "a change of another epoch");
      if (message.revision < revision_) {
        return fails(findings, fmt::format("revision {} after {}", message.revision, revision_));
      }
      if (!live_) ++findings.resumes;
      live_ = true;
      if (!apply(message.ops.front(), entries_, findings, false)) return false;
      ++findings.operations;
      if (!message.cursor.empty()) {
        cursor_ = message.cursor;
        revision_ = message.revision;
      }
      break;
    case Message::Type::welcome:
      return take_welcome(message, findings);
    case Message::Type::batch:
      if (message.view_seq != 1) return fails(findings, "a batch of a view nobody asked for");
      if (!take_batch(message, findings)) return false;
      break;
    case Message::Type::mark:
      if (message.revision < expected_) return fails(findings, "a mark goes back");
      revision_ = expected_ = message.revision;
      cursor_ = message.cursor;
      live_ = true;
      break;
    case Message::Type::bye:
      if (message.reason == "slow") ++findings.slow;
      break;
    case Message::Type::unknown:
      return fails(findings, "a message of no known type");
  }
  if (deliveries != nullptr && !is_staging_) tell(message, *deliveries, now);
  return true;
}

bool Replica::take_full(const Message& message, Findings& findings) {
  count_reset(message, findings);
  if (message.epoch == epoch_ && message.revision < revision_) {
    return fails(findings, "a baseline older than what is held");
  }
  Entries fresh;
  for (const Op& op : message.ops) {
    if (!apply(op, fresh, findings, true)) return false;
  }
  entries_ = std::move(fresh);
  epoch_ = message.epoch;
  cursor_ = message.cursor;
  revision_ = message.revision;
  live_ = true;
  return true;
}

bool Replica::take_welcome(const Message& message, Findings& findings) {
  if (message.reset) {
    count_reset(message, findings);
    if (message.epoch != epoch_) revision_ = 0;
    expect_reset_ = true;
  } else {
    if (cursor_.empty() || message.epoch != epoch_) return fails(findings, "resumed from nothing");
    ++findings.resumes;
    expect_reset_ = false;
    live_ = true;
  }
  epoch_ = message.epoch;
  return true;
}

bool Replica::take_batch(const Message& message, Findings& findings) {
  if (message.reset && !is_staging_) {
    if (kind_ == Kind::poll && !cursor_.empty()) ++findings.resets;
    if (!expect_reset_ && kind_ != Kind::poll) {
      ++findings.resets;  // of a live connection
      if (message.reason == "compacted") ++findings.resets_compacted;
    }
    is_staging_ = true;
    expect_reset_ = false;
    staging_.clear();
  } else if (expect_reset_ && kind_ != Kind::poll) {
    return fails(findings, "a reset was announced and did not come");
  } else if (message.from != expected_) {
    return fails(findings,
                 fmt::format("a gap: a batch from {}, held is {}", message.from, expected_));
  }
  Entries& target = is_staging_ ? staging_ : entries_;
  for (const Op& op : message.ops) {
    if (!apply(op, target, findings, is_staging_)) return false;
  }
  findings.operations += message.ops.size();
  expected_ = message.revision;
  if (!message.complete) {
    // Of a reader that polls each batch is a request of its own.
    if (!is_staging_ || kind_ == Kind::poll) cursor_ = message.cursor;
    return true;
  }
  if (is_staging_) {
    entries_ = std::exchange(staging_, {});
    is_staging_ = false;
  } else if (message.revision < revision_) {
    return fails(findings, "a batch goes back");
  }
  revision_ = message.revision;
  cursor_ = message.cursor;
  live_ = true;
  return true;
}

bool Replica::apply(const Op& op, Entries& entries, Findings& findings, bool reset) {
  if (entries.size() <= op.workspace) entries.resize(op.workspace + 1);
  Held& held = entries[op.workspace];
  if (!reset && op.revision < held.revision) {
    return fails(findings,
                 fmt::format("an entry goes back from {} to {}", held.revision, op.revision));
  }
  held.revision = op.revision;
  if (op.what != Op::What::patch) {
    held.image = op.image;
    return true;
  }
  if (held.image == nullptr) return fails(findings, "a patch of an entry it does not have");
  auto merged = std::make_shared<Image>(*held.image);
  const auto& set = op.image->fields;
  if (merged->fields.size() < set.size()) merged->fields.resize(set.size());
  for (std::size_t field = 0; field < set.size(); ++field) {
    if (set[field] != 0) merged->fields[field] = set[field];
  }
  if (op.image->mark != 0) merged->mark = op.image->mark;
  held.image = std::move(merged);
  return true;
}

void Replica::tell(const Message& message, Deliveries& deliveries, std::uint64_t now) {
  if (message.type == Message::Type::batch && !message.complete) return;
  const auto show = [&](std::uint32_t workspace, const Image* image) {
    if (image != nullptr && image->mark != 0) deliveries.seen(seen_, workspace, image->mark, now);
  };
  if (message.type == Message::Type::full || message.reset) {
    for (std::uint32_t i = 0; i < entries_.size(); ++i) show(i, entries_[i].image.get());
    return;
  }
  for (const Op& op : message.ops) show(op.workspace, op.image.get());
}

bool Replica::equals(const std::vector<Held>& wanted, const std::vector<bool>& hidden) const {
  for (std::size_t i = 0; i < std::max(wanted.size(), entries_.size()); ++i) {
    const Image* const want = i < wanted.size() ? wanted[i].image.get() : nullptr;
    const Image* const have = i < entries_.size() ? entries_[i].image.get() : nullptr;
    if ((want == nullptr) != (have == nullptr)) return false;
    if (want == nullptr || want == have) continue;
    for (std::size_t f = 0; f < std::max(want->fields.size(), have->fields.size()); ++f) {
      if (kind_ != Kind::dialect1 && f < hidden.size() && hidden[f]) continue;
      const std::uint64_t wanted_hash = f < want->fields.size() ? want->fields[f] : 0;
      const std::uint64_t held_hash = f < have->fields.size() ? have->fields[f] : 0;
      if (wanted_hash != held_hash) return false;
    }
  }
  return true;
}

}  // namespace sb::load
