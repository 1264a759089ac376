#include "baseline_parts.h"

#include <algorithm>
#include <utility>

#include "entity.h"

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

void BaselineParts::make_all() {
  parts_.clear();
  ids_.clear();
  places_.clear();
  std::vector<const Entity*> shown;
  store_->walk(&project_, 0, [&](const IndexNode& node) {
    if (node.shown) shown.push_back(node.entity);
  });
  std::sort(shown.begin(), shown.end(), newest_first);
  places_.reserve(shown.size());
  std::string text;
  for (const Entity* entity : shown) {
    if (text.empty()) {
      text.reserve(part_bytes_ + entity->text->complete_bytes_max() + 1);
      ids_.emplace_back();
    }
    if (!places_.empty()) text += ',';
    entity->text->append_complete(text);
    ids_.back().push_back(entity->id);
    places_.emplace(entity->id,
                    Place{static_cast<std::uint32_t>(ids_.size() - 1), entity->facts.createdAt});
    if (text.size() < part_bytes_) continue;
    parts_.push_back(std::make_shared<const std::string>(std::exchange(text, {})));
  }
  if (!text.empty()) parts_.push_back(std::make_shared<const std::string>(std::move(text)));
}

BaselineParts::Part BaselineParts::make(std::size_t part) const {
  auto text = std::make_shared<std::string>();
  std::size_t bytes = 0;
  for (const auto& id : ids_[part]) bytes += store_->entity(id)->text->complete_bytes_max() + 1;
  text->reserve(bytes);
  for (const auto& id : ids_[part]) {
    if (part != 0 || !text->empty()) *text += ',';
    store_->entity(id)->text->append_complete(*text);
  }
  return text;
}

}  // namespace sb::snapshot
