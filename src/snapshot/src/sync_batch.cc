#include "sb/snapshot/sync_batch.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <boost/unordered/unordered_flat_map.hpp>

#include "sb/core/hash.h"
#include "sb/core/json_codec.h"
#include "sb/core/json_writer.h"
#include "sb/core/mutant.h"

#include "entry_order.h"
#include "short_text.h"
#include "standing.h"

namespace sb::snapshot {

using namespace std::string_view_literals;  // appending a text of known length takes no strlen
namespace {

using model::Field;
using model::FieldSet;

constexpr std::size_t kAnswersKeptMax = 256;         // answers of the current head
constexpr std::size_t kTextsKeptBytes = 32'000'000;  // bytes of their texts
constexpr std::size_t kHeadBytes = 1'024;  // room for the members of a batch around its ops
constexpr std::size_t kHeadTypicalBytes = 320;
constexpr std::size_t kOpBytes = 96;  // room for the members of an op around its values

constexpr std::size_t kIdJsonFactor = 6;  // bytes of JSON one byte of an id may need, \u00XX

// The visible fields one after the other, without braces.
void append_members(std::string& out, const EntryText& text, FieldSet fields) {
  bool first = true;
  fields.each([&](Field field) {
    if (SB_MUTANT(null_as_delete) && text.member(field).ends_with(":null")) return;
    if (!first) out += ',';
    first = false;
    out += text.member(field);
  });
}

std::size_t members_size(const EntryText& text, FieldSet fields) {
  std::size_t bytes = 0;
  fields.each([&](Field field) { bytes += text.member(field).size() + 1; });
  return bytes;
}

void append_entry(std::string& out, const View& view, const EntryText& text) {
  if (view.shape() == ViewShape::full) {
    text.append_plain(out);
  } else {
    out.append("{\"workspaceId\":"sv).append(text.id()).append(1, ',');
    append_members(out, text, view.fields());
  }
  out += '}';
}

// Never less than what `append_op` writes.
std::size_t op_size(const View& view, const ViewOp& op) {
  if (!op.text) return kOpBytes + op.id.view().size() * kIdJsonFactor;
  const std::size_t ids = 2 * op.text->id().size();
  if (!op.set.empty()) return kOpBytes + ids + members_size(*op.text, op.set);
  if (view.shape() == ViewShape::full) return kOpBytes + ids + op.text->plain_bytes();
  return kOpBytes + ids + members_size(*op.text, view.fields());
}

void append_op(std::string& out, const View& view, const ViewOp& op) {
  const bool put = op.text && op.set.empty();
  out += !op.text ? R"({"op":"del","id":)"sv
                  : (put ? R"({"op":"put","id":)"sv : R"({"op":"patch","id":)"sv);
  if (op.text) {
    out += op.text->id();
  } else {
    append_json_string(out, op.id.view());
  }
  ShortTexts<3> revision;
  revision.add(R"(,"revision":)"sv).add_decimal(op.revision);
  revision.add(!op.text ? "}"sv : (put ? R"(,"entry":)"sv : R"(,"set":{)"sv));
  out += revision.text();
  if (!op.text) return;
  if (put) {
    append_entry(out, view, *op.text);
    out += '}';
  } else {
    append_members(out, *op.text, op.set);
    out += "}}"sv;
  }
}

std::uint64_t rank_of(const ViewOp& op) {
  if (op.text) return fnv1a(op.text->id());
  std::string id;
  append_json_string(id, op.id.view());
  return fnv1a(id);
}

// What a reader got of the revision in which its last batch ended.
void drop_delivered(std::vector<ViewOp>& ops, const Position& from) {
  if (!from.within) return;
  std::erase_if(ops, [&](const ViewOp& op) {
    return op.revision == from.revision && rank_of(op) <= *from.within;
  });
}

// Where several batches are needed, one may end inside a revision: the order in it is that of
// ranks.
void order_by_rank(std::vector<ViewOp>& ops) {
  for (ViewOp& op : ops) op.rank = rank_of(op);
  std::sort(ops.begin(), ops.end(), [](const ViewOp& a, const ViewOp& b) {
    return std::pair(a.revision, a.rank) < std::pair(b.revision, b.rank);
  });
}

// Cuts the ops into batches that fit, between two revisions where it can.
void cut(ViewAnswer& answer, const BatchLimits& limits) {
  answer.ends.clear();
  answer.bytes = 0;
  const auto same_revision = [&](std::size_t at) {
    return answer.ops[at - 1].revision == answer.ops[at].revision;
  };
  std::size_t begin = 0;
  std::size_t bytes = kHeadBytes;
  for (std::size_t i = 0; i < answer.ops.size(); ++i) {
    const std::size_t size = answer.ops[i].bytes = op_size(answer.view, answer.ops[i]);
    answer.bytes += size;
    if (i > begin && (bytes + size > limits.bytes || i - begin == limits.ops)) {
      std::size_t end = i;
      while (end > begin && same_revision(end)) --end;
      if (end == begin) end = i;
      answer.ends.push_back(end);
      begin = end;
      bytes = kHeadBytes;
      for (std::size_t j = begin; j < i; ++j) bytes += answer.ops[j].bytes;
    }
    bytes += size;
  }
  answer.ends.push_back(answer.ops.size());
}

std::shared_ptr<const ViewAnswer> capture(const Store& store, const View& view,
                                          const std::optional<Position>& from, bool patches,
                                          const BatchLimits& limits) {
  auto answer = std::make_shared<ViewAnswer>(ViewAnswer{.view = view,
                                                        .from = from,
                                                        .to = store.head(),
                                                        .ops = {},
                                                        .ends = {},
                                                        .review_count = std::nullopt});
  const Revision since = from ? from->covered() : 0;
  const bool may_patch = patches && from && (from->complete || SB_MUTANT(patch_after_prefix));
  const FieldSet filter = view.filter_fields();
  const auto take = [&](const IndexNode& node) {
    const Standing now = standing(view, store, node);
    if (now.revision <= since) return;
    ViewOp op{.revision = now.revision, .text = {}, .set = {}, .id = {}};
    if (now.in) {
      const FieldRevisions& fields = node.entity->field_revisions;
      op.text = node.entity->text;
      const bool entered = fields.newest(filter) > since;
      if (may_patch && !entered) op.set = fields.above(since) & view.fields();
      if (SB_MUTANT(composed_patches) && !op.set.empty()) {
        op.set = fields.above(fields.newest(view.fields()) - 1) & view.fields();
      }
      answer->urgent = answer->urgent || entered || fields.newest({Field::statusReason}) > since;
      answer->conflated = answer->conflated || fields.commits_above(since) > 1;
    } else {
      if (!from || (SB_MUTANT(no_del_when_incomplete) && !from->complete)) return;
      op.id = node.id();
      answer->urgent = true;
    }
    answer->ops.push_back(std::move(op));
  };
  store.walk(view.project(), since, std::cref(take));
  std::reverse(answer->ops.begin(), answer->ops.end());
  const auto by_revision = [](const ViewOp& a, const ViewOp& b) { return a.revision < b.revision; };
  if (!std::is_sorted(answer->ops.begin(), answer->ops.end(), by_revision)) {
    std::stable_sort(answer->ops.begin(), answer->ops.end(), by_revision);
  }
  if (from) drop_delivered(answer->ops, *from);
  if (!answer->ops.empty() && answer->ops.front().revision != answer->ops.back().revision) {
    answer->conflated = true;
  }
  if (!from) answer->conflated = false;
  if (store.review_count() && (!from || store.review_count_revision() > since)) {
    answer->review_count = store.review_count();
  }
  cut(*answer, limits);
  if (answer->ends.size() > 1) {
    order_by_rank(answer->ops);
    cut(*answer, limits);
  }
  if (may_patch && answer->ends.size() > 1 && !SB_MUTANT(patch_after_prefix)) {
    // A patch is right only on the state it was made for: in pieces, whole entries.
    for (ViewOp& op : answer->ops) op.set = {};
    cut(*answer, limits);
  }
  return answer;
}

}  // namespace

Position ViewAnswer::after(std::size_t index) const {
  if (index + 1 == ends.size()) return {to, true, {}};
  const std::size_t end = ends[index];
  const Revision revision = ops[end - 1].revision;
  const bool inside = ops[end].revision == revision;
  return {revision, false, inside ? std::optional(ops[end - 1].rank) : std::nullopt};
}

struct ViewEncoder::Impl {
  Impl(const Store& borrowed, BatchLimits batch_limits) : store(&borrowed), limits(batch_limits) {}

  struct AnswerKey {
    View view;
    std::optional<Position> from;
    bool patches;
    friend bool operator==(const AnswerKey&, const AnswerKey&) = default;
  };
  struct TextKey {
    std::shared_ptr<const ViewAnswer> answer;
    std::size_t index;
    std::uint64_t view_seq;
    std::optional<ResetReason> reason;
    friend bool operator==(const TextKey&, const TextKey&) = default;
  };
  struct Hash {
    std::size_t operator()(const AnswerKey& key) const {
      const Revision from = key.from ? key.from->revision * 4 + (key.from->complete ? 1 : 2) : 0;
      return key.view.hash() ^ (from * 0x9E3779B97F4A7C15ULL) ^ (key.patches ? 1 : 0);
    }
    std::size_t operator()(const TextKey& key) const {
      return std::hash<const void*>{}(key.answer.get()) ^ (key.index * 0x9E3779B97F4A7C15ULL) ^
             key.view_seq;
    }
  };

  // Cached texts hold for one head only.
  void drop_old() {
    const bool same = cached_head == store->head() && cached_epoch == store->epoch_number();
    if (!same && !SB_MUTANT(reset_cached)) drop();
  }

  void drop() {
    cached_head = store->head();
    cached_epoch = store->epoch_number();
    answers.clear();
    last_answer = {};
    texts.clear();
    last_text = {};
    texts_bytes = 0;
    digests.clear();
  }

  // Makes an answer that is not kept, and keeps it.
  std::shared_ptr<const ViewAnswer> make_answer(const AnswerKey& key) {
    auto answer = capture(*store, key.view, key.from, key.patches, limits);
    if (key.from && answer->ends.size() != 1) {
      const AnswerKey reset{key.view, std::nullopt, false};
      const auto kept = answers.find(reset);
      const auto whole = kept != answers.end() ? kept->second : make_answer(reset);
      if (whole->bytes < answer->bytes) answer = whole;
    }
    if (answers.size() >= kAnswersKeptMax) answers.clear();
    return answers[key] = answer;
  }

  [[nodiscard]] std::shared_ptr<const MessageBatch> make_text(const TextKey& key);

  void append_cursor(std::string& out, const View& view, const Position& position) {
    cursors.append(out, store->epoch(),
                   {{}, position.revision, position.complete, view.hash(), position.within});
  }

  const Store* store;
  BatchLimits limits;
  CursorWriter cursors;
  Revision cached_head = 0;
  std::uint64_t cached_epoch = 0;
  boost::unordered_flat_map<AnswerKey, std::shared_ptr<const ViewAnswer>, Hash> answers;
  boost::unordered_flat_map<TextKey, std::shared_ptr<const MessageBatch>, Hash> texts;
  // Most of a crowd asks for what was asked for last.
  std::optional<std::pair<AnswerKey, std::shared_ptr<const ViewAnswer>>> last_answer;
  std::optional<std::pair<TextKey, std::shared_ptr<const MessageBatch>>> last_text;
  std::size_t texts_bytes = 0;
  std::unordered_map<std::uint64_t, std::pair<View, std::uint64_t>> digests;  // by view hash
};

ViewEncoder::ViewEncoder(const Store& store, BatchLimits limits)
    : impl_(std::make_unique<Impl>(store, limits)) {}
ViewEncoder::~ViewEncoder() = default;

const Store& ViewEncoder::store() const {
  return *impl_->store;
}

const BatchLimits& ViewEncoder::limits() const {
  return impl_->limits;
}

std::shared_ptr<const ViewAnswer> ViewEncoder::answer(const View& view,
                                                      const std::optional<Position>& from,
                                                      bool patches) {
  impl_->drop_old();
  const bool patched = patches && from.has_value();
  if (const auto& last = impl_->last_answer; last && last->first.patches == patched &&
                                             last->first.from == from && last->first.view == view) {
    return last->second;
  }
  const Impl::AnswerKey key{view, from, patched};
  std::shared_ptr<const ViewAnswer> answer;
  if (const auto kept = impl_->answers.find(key); kept != impl_->answers.end()) {
    answer = kept->second;
  } else {
    answer = impl_->make_answer(key);
  }
  impl_->last_answer.emplace(key, answer);
  return answer;
}

std::shared_ptr<const MessageBatch> ViewEncoder::text(
    const std::shared_ptr<const ViewAnswer>& answer, std::size_t index, std::uint64_t view_seq,
    std::optional<ResetReason> reason) {
  impl_->drop_old();
  if (!answer->reset() || index != 0) reason.reset();
  if (const auto& last = impl_->last_text;
      last && last->first.answer == answer && last->first.index == index &&
      last->first.view_seq == view_seq && last->first.reason == reason) {
    return last->second;
  }
  if (impl_->texts_bytes > kTextsKeptBytes) {
    impl_->texts.clear();
    impl_->texts_bytes = 0;
  }
  const Impl::TextKey key{answer, index, view_seq, reason};
  auto& kept = impl_->texts[key];
  if (kept == nullptr) {
    kept = impl_->make_text(key);
    impl_->texts_bytes += kept->front().size();
  }
  impl_->last_text.emplace(key, kept);
  return kept;
}

std::shared_ptr<const MessageBatch> ViewEncoder::Impl::make_text(const TextKey& key) {
  const auto& [answer, index, view_seq, reason] = key;
  const Position before = index != 0 ? answer->after(index - 1) : answer->from.value_or(Position{});
  const Position after = answer->after(index);
  const std::size_t begin = index == 0 ? 0 : answer->ends[index - 1];
  std::size_t bytes = kHeadTypicalBytes;
  for (std::size_t i = begin; i < answer->ends[index]; ++i) {
    bytes += answer->ops[i].bytes;
  }
  std::string text;
  text.reserve(bytes);
  ShortTexts<7> head;
  head.add(R"({"type":"batch","viewSeq":)"sv).add_decimal(view_seq);
  head.add(R"(,"from":)"sv).add_decimal(before.revision);
  head.add(R"(,"to":)"sv).add_decimal(after.revision);
  text += head.add(after.complete ? R"(,"complete":true)"sv : R"(,"complete":false)"sv).text();
  if (answer->reset()) text += R"(,"reset":true)"sv;
  if (reason) text.append(R"(,"reason":")"sv).append(enum_text(*reason)).append(1, '"');
  if (answer->conflated) text += R"(,"conflated":true)"sv;
  text += R"(,"cursor":")"sv;
  append_cursor(text, answer->view, after);
  if (answer->review_count) {
    text += R"(","reviewCount":)"sv;
    append_json_int(text, *answer->review_count);
    text += R"(,"ops":[)"sv;
  } else {
    text += R"(","ops":[)"sv;
  }
  for (std::size_t i = begin; i < answer->ends[index]; ++i) {
    if (i != begin) text += ',';
    append_op(text, answer->view, answer->ops[i]);
  }
  text += "]}"sv;

  auto made = std::make_shared<MessageBatch>();
  made->emplace_back(std::move(text));
  return made;
}

void ViewEncoder::append_entries(std::string& out, const View& view) const {
  const Store& store = *impl_->store;
  std::vector<const Entity*> shown;
  std::size_t bytes = 0;
  store.walk(view.project(), 0, [&](const IndexNode& node) {
    if (!standing(view, store, node).in) return;
    shown.push_back(node.entity);
    bytes += op_size(view, {.revision = 0, .text = node.entity->text, .set = {}, .id = {}});
  });
  sort_newest_first(shown);
  out.reserve(out.size() + bytes);
  out += '[';
  for (const Entity* entity : shown) {
    if (out.back() != '[') out += ',';
    append_entry(out, view, *entity->text);
  }
  out += ']';
}

std::uint64_t ViewEncoder::digest(const View& view) {
  impl_->drop_old();
  if (const auto found = impl_->digests.find(view.hash());
      found != impl_->digests.end() && found->second.first == view) {
    return found->second.second;
  }
  std::uint64_t digest = 0;
  impl_->store->walk(view.project(), 0, [&](const IndexNode& node) {
    const Standing now = standing(view, *impl_->store, node);
    if (!now.in) return;
    std::array<char, 20> decimal;
    const auto end = std::to_chars(decimal.data(), decimal.data() + decimal.size(), now.revision);
    std::uint64_t hash = fnv1a(node.id().view());
    hash = fnv1a(std::string_view("\0", 1), hash);
    digest ^= fnv1a(std::string_view(decimal.data(), end.ptr), hash);
  });
  impl_->digests.insert_or_assign(view.hash(), std::pair(view, digest));
  return digest;
}

std::string ViewEncoder::cursor(const View& view, const Position& position) const {
  std::string text;
  impl_->append_cursor(text, view, position);
  return text;
}

}  // namespace sb::snapshot
