#include "sb/snapshot/view.h"

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sb/snapshot/cursor.h"

namespace sb::snapshot {
namespace {

using model::StatusReasonCode;
using model::WorkspaceStatus;

Result<View> parse(const std::string& json) {
  JsonDocument document;
  return View::parse(*document.parse(json), "$.view");
}

TEST(View, OfOneProjectInFullSharesItsCursorsWithDialect1) {
  EXPECT_EQ(parse(R"({"projectId":"p"})")->hash(), full_view_hash("p"));
  EXPECT_EQ(parse(R"({"projectId":"p","shape":"full","where":{}})")->hash(), full_view_hash("p"));
  EXPECT_EQ(View::full(model::ProjectId("p")).hash(), full_view_hash("p"));
  EXPECT_NE(parse(R"({"projectId":"*"})")->hash(), full_view_hash("*"));
  EXPECT_EQ(View::full(model::ProjectId("*")), *parse(R"({"projectId":"*"})"));
}

TEST(View, IsTheSameInEverySpelling) {
  const auto view =
      parse(R"({"projectId":"p","where":{"needsUser":true,"status":["READY","NEW"]}})");
  for (const char* spelling :
       {R"({"where":{"status":["NEW","READY","NEW"],"needsUser":[true]},"projectId":"p"})",
        R"({"projectId":"p","where":{"kanbanColumn":"WAITING","status":["READY","NEW"]}})"}) {
    EXPECT_EQ(*parse(spelling), *view) << spelling;
    EXPECT_EQ(parse(spelling)->hash(), view->hash()) << spelling;
  }
  EXPECT_EQ(*parse(R"({"projectId":"p","where":{"needsUser":[true,false]}})"),
            *parse(R"({"projectId":"p"})"));
}

TEST(View, OfAnotherProjectShapeOrFilterHasAnotherHash) {
  std::set<std::uint64_t> hashes;
  const std::vector<std::string> views{
      R"({"projectId":"p"})",
      R"({"projectId":"q"})",
      R"({"projectId":"*"})",
      R"({"projectId":"p","shape":"sidebar"})",
      R"({"projectId":"p","shape":"kanban"})",
      R"({"projectId":"p","shape":"list"})",
      R"({"projectId":"p","where":{"status":"READY"}})",
      R"({"projectId":"p","where":{"status":["READY","ARCHIVING"]}})",
      R"({"projectId":"p","where":{"kanbanColumn":[null]}})",
      R"({"projectId":"p","where":{"statusReasonCode":["MERGED"]}})",
      R"({"projectId":"p","where":{"needsUser":false}})"};
  for (const auto& view : views) hashes.insert(parse(view)->hash());
  EXPECT_EQ(hashes.size(), views.size());
}

TEST(View, ShowsHiddenEntriesOnlyWhenTheirStatusIsNamed) {
  const auto plain = parse(R"({"projectId":"p","where":{"statusReasonCode":["ARCHIVING"]}})");
  EXPECT_FALSE(plain->shows_hidden());
  EXPECT_FALSE(plain->matches(WorkspaceStatus::ARCHIVING, StatusReasonCode::ARCHIVING));
  const auto named = parse(R"({"projectId":"p","where":{"status":["ARCHIVING"]}})");
  EXPECT_TRUE(named->shows_hidden());
  EXPECT_TRUE(named->matches(WorkspaceStatus::ARCHIVING, StatusReasonCode::ARCHIVING));
  EXPECT_FALSE(named->matches(WorkspaceStatus::READY, StatusReasonCode::MERGED));
}

TEST(View, IsEnteredOnlyThroughFieldsItFiltersBy) {
  using model::Field;
  EXPECT_EQ(parse(R"({"projectId":"*"})")->filter_fields(), model::FieldSet{Field::status});
  EXPECT_EQ(parse(R"({"projectId":"p","where":{"needsUser":true}})")->filter_fields(),
            (model::FieldSet{Field::projectId, Field::status, Field::kanbanColumn}));
  EXPECT_EQ(
      parse(R"({"projectId":"p","where":{"statusReasonCode":"AGENT_WORKING"}})")->filter_fields(),
      (model::FieldSet{Field::projectId, Field::status, Field::statusReason}));
  for (const auto shape :
       {ViewShape::full, ViewShape::sidebar, ViewShape::kanban, ViewShape::list}) {
    // Entering and leaving must be visible changes.
    for (const Field field :
         {Field::projectId, Field::status, Field::kanbanColumn, Field::statusReason}) {
      EXPECT_TRUE(fields_of(shape).contains(field));
    }
  }
}

TEST(View, RefusesWhatItDoesNotUnderstandWithThePath) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {R"("p")", "$.view"},
      {R"({})", "$.view.projectId"},
      {R"({"projectId":7})", "$.view.projectId"},
      {R"({"projectId":""})", "$.view.projectId"},
      {R"({"projectId":")" + std::string(300, 'x') + "\"}", "$.view.projectId"},
      {R"({"projectId":"p","shape":"wide"})", "$.view.shape"},
      {R"({"projectId":"p","fields":[]})", "$.view.fields"},
      {R"({"projectId":"p","where":[]})", "$.view.where"},
      {R"({"projectId":"p","where":{"column":"DONE"}})", "$.view.where.column"},
      {R"({"projectId":"p","where":{"status":[]}})", "$.view.where.status"},
      {R"({"projectId":"p","where":{"status":["READY","LOST"]}})", "$.view.where.status[1]"},
      {R"({"projectId":"p","where":{"kanbanColumn":[null,7]}})", "$.view.where.kanbanColumn[1]"},
      {R"({"projectId":"p","where":{"needsUser":"yes"}})", "$.view.where.needsUser"}};
  for (const auto& [json, path] : cases) {
    const auto view = parse(json);
    ASSERT_FALSE(view) << json;
    EXPECT_EQ(view.error().path, path) << json;
  }
}

}  // namespace
}  // namespace sb::snapshot
