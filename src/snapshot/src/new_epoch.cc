#include "store_impl.h"

namespace sb::snapshot {

void Store::Impl::begin_epoch() {
  epoch = first_epoch + '_' + std::to_string(++epochs);
  head = 0;
  floor = 0;
  const Revision revision = take_revision();
  if (review_count) review_count_revision = revision;
  for (auto& [id, project] : projects) {
    project.index.clear();
    project.visible = 0;
    *project.pulse = {};
  }
  for (const auto& held : entities) {
    Entity& entity = *held;
    entity.node = IndexNode{.entity = &entity};
    entity.field_revisions = {};
    entity.history.reset();  // it tells revisions of the old epoch
    entity.text.reset();
    mark_dirty(entity, model::all_fields(), entity.computed_at, "epoch");
  }
}

}  // namespace sb::snapshot
