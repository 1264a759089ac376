#include "baseline_parts.h"

#include <algorithm>
#include <utility>

#include "entity.h"
#include "entry_order.h"

namespace sb::snapshot {

const std::vector<BaselineParts::Part>& BaselineParts::at_head() {
  const bool made = epoch_ == store_->epoch_number();
  if (!made || at_ < store_->floor(project_) || !catch_up()) make_all();
  epoch_ = store_->epoch_number();
  at_ = store_->head();
  return parts_;
}

// Makes the parts anew in which something moved. False: entries came, went or changed places.
bool BaselineParts::catch_up() {
  if (store_->head() == at_) return true;
  find_places();
  std::vector<std::uint32_t> moved;
  bool in_place = true;
  store_->walk(&project_, at_, [&](const IndexNode& node) {
    if (node.shown_revision <= at_) return;  // only a hidden entry moved
    const auto place = places_.find(node.id());
    const bool known = place != places_.end();
    if (!node.shown) {
      in_place = in_place && !known;
    } else if (known && place->second.created_at == node.entity->facts.createdAt) {
      moved.push_back(place->second.part);
    } else {
      in_place = false;
    }
  });
  if (!in_place) return false;
  std::sort(moved.begin(), moved.end());
  moved.erase(std::unique(moved.begin(), moved.end()), moved.end());
  for (const std::uint32_t part : moved) parts_[part] = make(part);
  return true;
}

// Only once one baseline follows another.
void BaselineParts::find_places() {
  if (!places_.empty()) return;
  std::uint32_t part = 0;
  for (const auto& members : members_) {
    for (const Member& member : members) places_.emplace(member.id, Place{part, member.created_at});
    ++part;
  }
}

void BaselineParts::make_all() {
  parts_.clear();
  members_.clear();
  places_.clear();
  std::vector<const Entity*> shown;
  store_->walk(&project_, 0, [&](const IndexNode& node) {
    if (node.shown) shown.push_back(node.entity);
  });
  sort_newest_first(shown);
  std::string text;
  for (const Entity* entity : shown) {
    if (text.empty()) {
      text.reserve(part_bytes_ + entity->text->complete_bytes_max() + 1);
      members_.emplace_back();
    }
    if (entity != shown.front()) text += ',';
    entity->text->append_complete(text);
    members_.back().push_back({entity->id, entity->facts.createdAt});
    if (text.size() < part_bytes_) continue;
    parts_.push_back(std::make_shared<const std::string>(std::exchange(text, {})));
  }
  if (!text.empty()) parts_.push_back(std::make_shared<const std::string>(std::move(text)));
}

BaselineParts::Part BaselineParts::make(std::size_t part) const {
  auto text = std::make_shared<std::string>();
  std::size_t bytes = 0;
  for (const Member& member : members_[part]) {
    bytes += store_->entity(member.id)->text->complete_bytes_max() + 1;
  }
  text->reserve(bytes);
  for (const auto& [id, created_at] : members_[part]) {
    if (part != 0 || !text->empty()) *text += ',';
    store_->entity(id)->text->append_complete(*text);
  }
  return text;
}

}  // namespace sb::snapshot
