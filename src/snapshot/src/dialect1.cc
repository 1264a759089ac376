#include <algorithm>
#include <iterator>
#include <optional>
#include <unordered_map>
#include <utility>

#include <boost/unordered/unordered_flat_map.hpp>

#include "sb/core/json_writer.h"
#include "sb/core/mutant.h"
#include "sb/snapshot/dialect1_session.h"

#include "baseline_parts.h"
#include "entity.h"
#include "short_text.h"

namespace sb::snapshot {

using namespace std::string_view_literals;  // appending a text of known length takes no strlen

struct Dialect1Encoder::Impl {
  static constexpr std::size_t kSpareBytesMax = 16'384;
  static constexpr int kUnusedHeadsMax = 1'000;  // encoded since a baseline was asked for

  Impl(const Store& borrowed, std::size_t bytes_max)
      : store(&borrowed), baseline_bytes_max(bytes_max) {}

  using Batch = std::shared_ptr<MessageBatch>;
  struct Key {
    model::ProjectId project;
    Revision from;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const {
      return std::hash<model::ProjectId>{}(key.project) ^ (key.from * 0x9E3779B97F4A7C15ULL);
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
    if (!baselines.empty()) baselines.clear();
    for (auto one = parts.begin(); one != parts.end();) {
      one = ++one->second.unused > kUnusedHeadsMax ? parts.erase(one) : std::next(one);
    }
    for (auto& [key, batch] : others) keep_spare(batch);
    if (!others.empty()) others.clear();
    keep_spare(last);
    last.reset();
  }

  // The room of a message nobody holds any more serves the next one.
  void keep_spare(Batch& batch) {
    if (batch == nullptr || batch.use_count() != 1 || batch->size() != 1) return;
    if (batch->front().head.capacity() <= kSpareBytesMax) spare = std::move(batch);
  }

  // A batch of `size` empty messages.
  Batch take_batch(std::size_t size) {
    if (spare == nullptr || size != 1) {
      return std::make_shared<MessageBatch>(size);
    }
    spare->front().head.clear();
    return std::exchange(spare, nullptr);
  }

  // Ends a message: reviewCount?, epoch, revision, cursor?
  void finish(std::string& text, const model::ProjectId& project, Revision revision,
              bool last_of_revision, bool complete) {
    if (const auto count = store->review_count()) {
      text += ",\"reviewCount\":"sv;
      append_json_int(text, *count);
    }
    if (epoch_text_of != store->epoch_number()) {
      epoch_text_of = store->epoch_number();
      epoch_text = ",\"epoch\":";
      append_json_string(epoch_text, store->epoch());
      epoch_text += ",\"revision\":";
    }
    text += epoch_text;
    ShortTexts<2> end;
    end.add_decimal(revision).add(last_of_revision ? ",\"cursor\":\""sv : "}"sv);
    text += end.text();
    if (!last_of_revision) return;
    cursors.append(text, store->epoch(), {{}, revision, complete, view_hash(project), {}});
    text += "\"}"sv;
  }

  // Mostly of the same project as before.
  std::uint64_t view_hash(const model::ProjectId& project) {
    if (!hashed || hashed->first != project)
      hashed.emplace(project, full_view_hash(project.view()));
    return hashed->second;
  }

  void changed(std::string& text, const model::ProjectId& project, const EntryText& entry,
               Revision revision, bool last_of_revision, bool complete) {
    constexpr std::size_t kAroundBytes = 320;
    text.reserve(entry.complete_bytes_max() + kAroundBytes);
    text.append(R"({"type":"snapshot_changed","workspaceId":)"sv).append(entry.id());
    text += R"(,"entry":)"sv;
    entry.append_complete(text);
    finish(text, project, revision, last_of_revision, complete);
  }

  void removed(std::string& text, const model::ProjectId& project, const IndexNode& node,
               bool last_of_revision, bool complete) {
    text += R"({"type":"snapshot_removed","workspaceId":)"sv;
    append_json_string(text, node.id().view());
    finish(text, project, node.shown_revision, last_of_revision, complete);
  }

  // The newest baseline somebody still holds, if they hold too much for one more.
  [[nodiscard]] std::optional<Beginning> shared_beginning(const model::ProjectId& project) {
    std::erase_if(held, [](const Held& baseline) { return baseline.text.expired(); });
    std::size_t bytes = 0;
    for (const Held& baseline : held) bytes += baseline.bytes;
    const auto pulse = store->pulse(project);
    if (bytes < baseline_bytes_max || pulse == nullptr) return std::nullopt;
    const auto newest = std::find_if(held.rbegin(), held.rend(), [&](const Held& baseline) {
      return baseline.project == project && baseline.epoch == store->epoch_number() &&
             baseline.at >= pulse->floor;
    });
    if (newest == held.rend()) return std::nullopt;
    return Beginning{newest->text.lock(), newest->at};
  }

  struct Held {
    model::ProjectId project;
    std::uint64_t epoch = 0;
    Revision at = 0;
    std::size_t bytes = 0;
    std::weak_ptr<const MessageBatch> text;
  };

  struct Parts {
    Parts(const Store& store, const model::ProjectId& project) : parts(store, project) {}
    BaselineParts parts;
    int unused = 0;  // heads encoded since
  };

  const Store* store;
  std::size_t baseline_bytes_max;
  std::vector<Held> held;  // baselines handed out, oldest first
  Revision cached_head = 0;
  std::uint64_t cached_epoch = 0;
  std::unordered_map<model::ProjectId, Batch> baselines;
  std::unordered_map<model::ProjectId, Parts> parts;      // what the next baseline shares
  Key last_key;                                           // of `last`
  Batch last;                                             // asked for last, or null
  boost::unordered_flat_map<Key, Batch, KeyHash> others;  // asked for before, at the same head
  std::vector<const IndexNode*> moved;                    // of the answer being made
  CursorWriter cursors;
  std::optional<std::pair<model::ProjectId, std::uint64_t>> hashed;  // and its view's hash
  std::uint64_t epoch_text_of = 0;                                   // epochs count from 1
  std::string epoch_text;  // what stands before a revision
  Batch spare;             // of one message, or null
};

Dialect1Encoder::Dialect1Encoder(const Store& store, std::size_t baseline_bytes_max)
    : impl_(std::make_unique<Impl>(store, baseline_bytes_max)) {}
Dialect1Encoder::~Dialect1Encoder() = default;

std::shared_ptr<const MessageBatch> Dialect1Encoder::baseline(const model::ProjectId& project) {
  impl_->drop_old();
  auto& cached = impl_->baselines[project];
  if (cached) return cached;
  auto& kept = impl_->parts.try_emplace(project, *impl_->store, project).first->second;
  kept.unused = 0;
  Message message;
  JsonWriter json(message.head);
  json.begin_object().key("type").string("snapshot_full").key("projectId").string(project.view());
  message.head += ",\"entries\":[";
  message.rest = kept.parts.at_head();
  std::string end = "]";
  impl_->finish(end, project, impl_->store->head(), true, true);
  message.rest.push_back(std::make_shared<const std::string>(std::move(end)));
  cached = std::make_shared<MessageBatch>();
  cached->push_back(std::move(message));
  return cached;
}

Dialect1Encoder::Beginning Dialect1Encoder::beginning(const model::ProjectId& project) {
  impl_->drop_old();
  const bool made = impl_->baselines.contains(project);
  if (!made) {
    if (auto shared = impl_->shared_beginning(project)) return *std::move(shared);
  }
  Beginning result{baseline(project), impl_->store->head()};
  if (!made) {
    impl_->held.push_back({project, impl_->store->epoch_number(), result.at,
                           result.baseline->front().size(), result.baseline});
  }
  return result;
}

std::shared_ptr<const MessageBatch> Dialect1Encoder::changes(const model::ProjectId& project,
                                                             Revision from) {
  impl_->drop_old();
  // Most of a crowd stands at the same place.
  if (impl_->last != nullptr && impl_->last_key.from == from &&
      impl_->last_key.project == project) {
    return impl_->last;
  }
  if (impl_->last != nullptr) impl_->others[std::move(impl_->last_key)] = std::move(impl_->last);
  impl_->last_key = {project, from};
  if (const auto made = impl_->others.find(impl_->last_key); made != impl_->others.end()) {
    return impl_->last = made->second;
  }
  const Store& store = *impl_->store;
  store.find_moved(project, from, impl_->moved);
  const auto& moved = impl_->moved;
  auto batch = impl_->take_batch(moved.size());
  for (std::size_t i = 0; i < moved.size(); ++i) {
    const IndexNode& node = *moved[i];
    std::string& text = (*batch)[i].head;
    const bool last = i + 1 == moved.size();
    const bool last_of_revision = last || moved[i + 1]->shown_revision != node.shown_revision;
    // Only after the last message is everything up to its revision delivered: an entry that changed
    // earlier and again later stands at its later place.
    if (node.shown) {
      impl_->changed(text, project, *node.entity->text, node.shown_revision, last_of_revision,
                     last);
    } else {
      impl_->removed(text, project, node, last_of_revision, last);
    }
  }
  if (moved.empty() && store.review_count_revision() > from) {
    const auto entries = store.entries(project);
    if (!entries.empty()) {
      impl_->changed(batch->emplace_back().head, project, *entries.front().text,
                     store.review_count_revision(), true, true);
    }
  }
  return impl_->last = std::move(batch);
}

Dialect1Session::Dialect1Session(const Store& store, Dialect1Encoder& encoder, Options options)
    : store_(&store),
      encoder_(&encoder),
      pulse_(store),
      project_(std::move(options.project)),
      coalesce_(options.coalesce),
      epoch_(store.epoch_number()) {
  const auto cursor = decode_cursor(options.cursor);
  const ProjectPulse* const pulse = pulse_.get(project_);
  if (cursor && pulse != nullptr && (cursor->epoch == store.epoch() || SB_MUTANT(epoch_ignored)) &&
      cursor->view_hash == full_view_hash(project_.view()) &&
      (cursor->covered() >= pulse->floor || SB_MUTANT(floor_unchecked_on_resume)) &&
      cursor->revision <= store.head()) {
    need_baseline_ = false;
    sent_ = cursor->covered();
    if (SB_MUTANT(floor_unchecked_on_resume)) {
      sent_ = std::max(sent_, pulse->floor);
    }
  }
}

std::shared_ptr<const MessageBatch> Dialect1Session::next(MonoTime now) {
  wake_at_.reset();
  const ProjectPulse* const pulse = pulse_.get(project_);
  if (pulse == nullptr) return nullptr;
  if (epoch_ != store_->epoch_number()) {  // what was sent has no place in the new epoch
    epoch_ = store_->epoch_number();
    need_baseline_ = true;
  }
  // A lagging live connection can fall below the floor as well.
  const bool fell = sent_ < pulse->floor && !SB_MUTANT(floor_unchecked_live);
  if (need_baseline_ || fell) {
    need_baseline_ = false;
    auto [baseline, at] = encoder_->beginning(project_);
    sent_ = at;
    last_sent_at_ = now;
    return baseline;
  }
  if (std::max(pulse->head, store_->review_count_revision()) <= sent_) return nullptr;
  if (last_sent_at_ && now < *last_sent_at_ + coalesce_ && pulse->reason_revision <= sent_) {
    if (SB_MUTANT(debounce_without_maximum)) last_sent_at_ = now;
    wake_at_ = *last_sent_at_ + coalesce_;
    return nullptr;
  }
  auto batch = encoder_->changes(project_, sent_);
  sent_ = store_->head();
  if (batch->empty()) return nullptr;
  last_sent_at_ = now;
  return batch;
}

bool Dialect1Session::is_at_head() const {
  return !need_baseline_ && epoch_ == store_->epoch_number() && sent_ == store_->head();
}

}  // namespace sb::snapshot
