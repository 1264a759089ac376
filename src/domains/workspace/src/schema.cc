#include "sb/workspace/schema.h"

#include <array>

namespace sb::workspace {
namespace {

// Times are milliseconds since 1970 UTC. Paths and names of git are bytes; SQLite keeps them as
// they are.
constexpr std::array<std::string_view, 5> kMigrations{R"sql(
CREATE TABLE project (
  id             TEXT PRIMARY KEY,
  name           TEXT NOT NULL,
  repo_path      TEXT NOT NULL,
  common_dir     TEXT NOT NULL UNIQUE,
  default_branch TEXT,
  created_at     INTEGER NOT NULL,
  stamp          INTEGER NOT NULL
) STRICT;

-- renamed: the user chose the name, so the folder no longer decides it.
-- git_dir, inode, birth_ns: the private git directory to which the id is bound.
CREATE TABLE workspace (
  id               TEXT PRIMARY KEY,
  project          TEXT NOT NULL REFERENCES project (id) ON DELETE CASCADE,
  name             TEXT NOT NULL,
  renamed          INTEGER NOT NULL,
  status           TEXT NOT NULL,
  created_at       INTEGER NOT NULL,
  branch_name      TEXT,
  worktree_path    TEXT NOT NULL,
  is_main          INTEGER NOT NULL,
  git_dir          TEXT NOT NULL,
  git_dir_inode    INTEGER NOT NULL,
  git_dir_birth_ns INTEGER NOT NULL,
  stamp            INTEGER NOT NULL,
  UNIQUE (project, git_dir)
) STRICT;

-- The newest fact per (workspace, source, key). Replacing a row gives it the next number, so a scan by the primary key
-- is the order of writing.
CREATE TABLE external_fact (
  written      INTEGER PRIMARY KEY,
  workspace    TEXT NOT NULL,
  source       TEXT NOT NULL,
  key          TEXT NOT NULL,
  project      TEXT NOT NULL,
  source_epoch TEXT NOT NULL,
  epoch        INTEGER NOT NULL,
  sequence     INTEGER NOT NULL,
  arrival      INTEGER NOT NULL,
  value        TEXT NOT NULL,
  UNIQUE (workspace, source, key)
) STRICT;

-- The lives of each producer, oldest first.
CREATE TABLE source_epoch (
  written INTEGER PRIMARY KEY,
  source  TEXT NOT NULL,
  epoch   TEXT NOT NULL,
  UNIQUE (source, epoch)
) STRICT;
)sql",
                                                      R"sql(
-- A workspace may have moved to another project since, and lives are numbered by `epoch`.
ALTER TABLE external_fact DROP COLUMN project;
ALTER TABLE external_fact DROP COLUMN source_epoch;
)sql",
                                                      R"sql(
-- git_dir may be NULL: the worktree is still to be made.
CREATE TABLE workspace_next (
  id               TEXT PRIMARY KEY,
  project          TEXT NOT NULL REFERENCES project (id) ON DELETE CASCADE,
  name             TEXT NOT NULL,
  renamed          INTEGER NOT NULL,
  status           TEXT NOT NULL,
  created_at       INTEGER NOT NULL,
  branch_name      TEXT,
  worktree_path    TEXT NOT NULL,
  is_main          INTEGER NOT NULL,
  git_dir          TEXT,
  git_dir_inode    INTEGER NOT NULL,
  git_dir_birth_ns INTEGER NOT NULL,
  stamp            INTEGER NOT NULL,
  UNIQUE (project, git_dir)
) STRICT;
INSERT INTO workspace_next SELECT id, project, name, renamed, status, created_at, branch_name, worktree_path, is_main,
  git_dir, git_dir_inode, git_dir_birth_ns, stamp FROM workspace;
DROP TABLE workspace;
ALTER TABLE workspace_next RENAME TO workspace;

-- Of workspaces made here. branch begins at the commit start. mark: of a set-up script of which processes may be left.
-- error: why it is FAILED. output: the last of what the set-up script wrote,
-- output_end bytes in all.
CREATE TABLE making (
  workspace     TEXT PRIMARY KEY REFERENCES workspace (id) ON DELETE CASCADE,
  branch        TEXT NOT NULL,
  start         TEXT NOT NULL,
  worktree_made INTEGER NOT NULL,
  mark          TEXT,
  error         TEXT,
  output        TEXT NOT NULL,
  output_end    INTEGER NOT NULL
) STRICT;

-- What an archive that is under way was told to do.
CREATE TABLE archive (
  workspace       TEXT PRIMARY KEY REFERENCES workspace (id) ON DELETE CASCADE,
  status_before   TEXT NOT NULL,
  remove_worktree INTEGER NOT NULL,
  force           INTEGER NOT NULL,
  forget          INTEGER NOT NULL
) STRICT;
)sql",
                                                      R"sql(
-- One tree instead of a table and its index: replacing a row touches one page instead of three. `written` is the order
-- of writing, a new number for each replacement.
CREATE TABLE external_fact_next (
  workspace TEXT NOT NULL,
  source    TEXT NOT NULL,
  key       TEXT NOT NULL,
  written   INTEGER NOT NULL,
  epoch     INTEGER NOT NULL,
  sequence  INTEGER NOT NULL,
  arrival   INTEGER NOT NULL,
  value     TEXT NOT NULL,
  PRIMARY KEY (workspace, source, key)
) STRICT, WITHOUT ROWID;
INSERT INTO external_fact_next SELECT workspace, source, key, written, epoch, sequence, arrival, value FROM external_fact;
DROP TABLE external_fact;
ALTER TABLE external_fact_next RENAME TO external_fact;
)sql",
                                                      R"sql(
-- What was said since, a row for each commit, in order: it takes its place in external_fact when it is long.
CREATE TABLE fact_log (
  place INTEGER PRIMARY KEY,
  said  TEXT NOT NULL
) STRICT;
)sql"};

}  // namespace

std::span<const std::string_view> migrations() {
  return kMigrations;
}

}  // namespace sb::workspace
