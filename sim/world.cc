#include "world.h"

namespace sb::sim {

using model::Field;

Statement row_statement(int workspace, const Row& row) {
  Statement statement;
  statement.workspace = workspace;
  statement.version = row.name / kSources;
  statement.set(Field::projectId, row.project);
  statement.set(Field::name, row.name);
  statement.set(Field::status, row.status);
  statement.set(Field::createdAt, row.created);
  statement.set(Field::branchName, row.branch);
  statement.set(Field::worktreePath, workspace);
  statement.set(Field::isMain, row.is_main ? 1 : 0);
  return statement;
}

Statement git_statement(int workspace, std::int64_t version) {
  Statement statement;
  statement.workspace = workspace;
  statement.version = version / kSources;
  statement.set(Field::gitStats, version);
  statement.set(Field::ahead, version % 7);
  statement.set(Field::behind, version % 3 == 0 ? kNull : version % 5);
  statement.set(Field::operation, kNull);
  statement.set(Field::problem, kNull);
  return statement;
}

}  // namespace sb::sim
