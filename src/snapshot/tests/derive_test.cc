#include "sb/snapshot/derive.h"

#include <gtest/gtest.h>

#include "sb/core/json_codec.h"
#include "sb/model/fact_codec.h"
#include "sb/snapshot/store.h"
#include "sb/testing/vectors.h"

namespace sb::snapshot {
namespace {

using model::Field;

// The member of a published entry, parsed again.
std::string member_text(const PublishedEntry& entry, Field field) {
  const auto member = entry.text->member(field);
  return std::string(member.substr(model::field_name(field).size() + 3));
}

TEST(Derive, S_36_StoreAgreesWithEveryVector) {
  const auto rows = testing_support::for_each_vector(
      "derived.jsonl", [](const JsonValue& row, const std::string& where) {
        Store store("e", Limits{});
        model::ProjectInfo project;
        project.id = model::ProjectId("p");
        ASSERT_TRUE(store.put_project(project));
        auto facts = model::parse_fact_patch(*row.find("facts"), "$.facts");
        ASSERT_TRUE(facts) << where << facts.error().path << " " << facts.error().message;
        Update update;
        update.workspace = model::WorkspaceId("w");
        update.stamp = {0, 1, 0};
        update.facts = *std::move(facts);
        update.facts.set<&model::Facts::projectId>(project.id);
        const bool archived = update.facts.values.status == model::WorkspaceStatus::ARCHIVED;
        if (archived) update.facts.set<&model::Facts::status>(model::WorkspaceStatus::READY);
        ASSERT_EQ(store.apply(std::move(update), WallTime{}, MonoTime{}).outcome, Outcome::changed)
            << where;
        if (archived)
          return;  // an archived workspace has no entry; the rule itself is checked below
        const auto entry = store.entry(model::WorkspaceId("w"));
        ASSERT_TRUE(entry) << where;
        row.find("derived")->each_member([&](std::string_view key, JsonValue value) {
          const auto field = model::field_from_name(key);
          ASSERT_TRUE(field) << where << key;
          JsonDocument document;
          const std::string text = member_text(*entry, *field);
          const auto actual = document.parse(text);
          ASSERT_TRUE(actual) << where << text;
          if (value.kind() == JsonValue::Kind::object) {
            value.each_member([&](std::string_view name, JsonValue expected) {
              const auto found = actual->find(name);
              ASSERT_TRUE(found) << where << key << "." << name;
              EXPECT_EQ(found->as_string(), expected.as_string()) << where << key << "." << name;
              EXPECT_EQ(found->as_bool(), expected.as_bool()) << where << key << "." << name;
            });
          } else {
            EXPECT_EQ(actual->kind(), value.kind()) << where << key;
            EXPECT_EQ(actual->as_string(), value.as_string()) << where << key;
            EXPECT_EQ(actual->as_bool(), value.as_bool()) << where << key;
          }
        });
      });
  EXPECT_EQ(rows, 1500U);
}

TEST(Derive, S_120_RatchetStateAgreesWithEveryVector) {
  const auto rows = testing_support::for_each_vector(
      "ratchet_state.jsonl", [](const JsonValue& row, const std::string& where) {
        const JsonValue input = *row.find("input");
        const auto review =
            from_json<std::optional<std::string>>(*input.find("prReviewState"), "$");
        ASSERT_TRUE(review);
        const auto state = derive_ratchet_state(
            {*input.find("ratchetEnabled")->as_bool(),
             *enum_from_text<model::PrState>(*input.find("prState")->as_string()),
             *enum_from_text<model::CiStatus>(*input.find("prCiStatus")->as_string()),
             *input.find("prHasMergeConflict")->as_bool(), *review == "CHANGES_REQUESTED"});
        EXPECT_EQ(enum_text(state), *row.find("ratchetState")->as_string()) << where;
      });
  EXPECT_EQ(rows, 448U);
}

TEST(Derive, S_36_EveryCodeHasOneRuleAndNeedsUserMeansWaiting) {
  model::FieldSet seen;
  for (const ReasonRule& rule : reason_rules()) {
    seen.insert(static_cast<Field>(rule.value));
    EXPECT_EQ(status_reason(rule.value).needsUser,
              kanban_column(rule.value) == model::KanbanColumn::WAITING)
        << enum_text(rule.value);
  }
  EXPECT_EQ(seen.size(), 24U);
}

TEST(Derive, ArchivedIsOffTheBoard) {
  DeriveInput input;
  input.status = model::WorkspaceStatus::ARCHIVED;
  input.pr_state = model::PrState::MERGED;
  EXPECT_EQ(derive(input).status_reason.code, model::StatusReasonCode::ARCHIVED);
  EXPECT_EQ(derive(input).kanban_column, std::nullopt);
}

}  // namespace
}  // namespace sb::snapshot
