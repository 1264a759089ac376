#pragma once

#include <ranges>
#include <vector>

#include "sb/model/field.h"
#include "sb/snapshot/entry.h"

namespace sb::snapshot {

/// The revision of each field of one entry, kept as groups of fields that moved together last:
/// an entry has few of those, and "what moved above R" reads only the newest.
class FieldRevisions {
 public:
  /// `fields` moved at `revision`. REQUIRES: `revision` is not below any held.
  void set(model::FieldSet fields, Revision revision) {
    std::erase_if(groups_, [&](Group& group) {
      group.fields = group.fields & ~fields;
      return group.fields.empty();
    });
    if (!groups_.empty() && groups_.back().revision == revision) {
      groups_.back().fields |= fields;
    } else {
      groups_.push_back({revision, fields});
    }
  }
  /// The fields that moved above `revision`.
  [[nodiscard]] model::FieldSet above(Revision revision) const {
    model::FieldSet fields;
    for (const Group& group : std::views::reverse(groups_)) {
      if (group.revision <= revision) break;
      fields |= group.fields;
    }
    return fields;
  }
  /// The newest revision of any of `fields`; 0 when none was ever set.
  [[nodiscard]] Revision newest(model::FieldSet fields) const {
    for (const Group& group : std::views::reverse(groups_)) {
      if (!(group.fields & fields).empty()) return group.revision;
    }
    return 0;
  }
  /// How many commits above `revision` can still be told apart.
  [[nodiscard]] std::size_t commits_above(Revision revision) const {
    std::size_t commits = 0;
    for (const Group& group : std::views::reverse(groups_)) {
      if (group.revision <= revision) break;
      ++commits;
    }
    return commits;
  }

 private:
  struct Group {
    Revision revision = 0;
    model::FieldSet fields;
  };
  std::vector<Group> groups_;  // by revision, no field twice
};

}  // namespace sb::snapshot
