#include "journal_rows.h"

#include <map>
#include <utility>

#include "sb/core/json_codec.h"
#include "sb/model/fact_codec.h"
#include "sb/orchestration/journal_step.h"

namespace sb::orchestration {
namespace {

using model::Field;

template <class T>
void append_elements(std::vector<workspace::JournalFact>& rows, const workspace::JournalFact& row,
                     Field field, const model::ElementsPatch<T>& patch) {
  const std::string collection(model::field_name(field));
  for (const T& value : patch.upserts) {
    workspace::JournalFact element = row;
    element.key = collection + "/" + std::string(model::element_id(value));
    append_json(element.value, value);
    rows.push_back(std::move(element));
  }
  for (const std::string& id : patch.removals) {
    workspace::JournalFact element = row;
    element.key = collection + "/" + id;
    rows.push_back(std::move(element));
  }
  if (patch.whole) {
    workspace::JournalFact whole = row;
    whole.key = collection;
    whole.value = "[]";  // a fenced absence as of its stamp; the elements have rows of their own
    rows.push_back(std::move(whole));  // after them: at the same stamp it takes away only others
  }
}

template <class T>
Result<void> read_elements(model::ElementsPatch<T>& patch, const std::string& id,
                           const std::string& value) {
  if (id.empty()) {
    patch.whole = true;
    return {};
  }
  if (value.empty()) {
    patch.removals.push_back(id);
    return {};
  }
  JsonDocument document;
  SB_TRY(const JsonValue json, document.parse(value));
  SB_TRY(T element, from_json<T>(json, "$"));
  patch.upserts.push_back(std::move(element));
  return {};
}

}  // namespace

std::size_t JournalStatement::row_count() const {
  std::size_t count = (facts.present & accepted).size() + (removal ? 1 : 0);
  if (!memory.empty()) ++count;
  if (!elements) return count;
  const auto of = [](const auto& patch) {
    return patch.upserts.size() + patch.removals.size() + (patch.whole ? 1 : 0);
  };
  return count + of(facts.sessions) + of(facts.pending) + of(facts.terminals);
}

std::vector<workspace::JournalFact> JournalStep::rows() const {
  return journal_rows(said);
}

std::vector<workspace::JournalFact> journal_rows(const std::vector<JournalStatement>& statements) {
  // The last memory of a source says all that those before it say.
  std::map<std::pair<std::string_view, std::string_view>, const JournalStatement*> last_memory;
  std::size_t count = 0;
  for (const JournalStatement& statement : statements) {
    count += statement.row_count();
    if (statement.memory.empty()) continue;
    last_memory[{statement.workspace.view(), statement.source}] = &statement;
  }
  std::vector<workspace::JournalFact> rows;
  rows.reserve(count);
  for (const JournalStatement& statement : statements) {
    const workspace::JournalFact row{
        statement.workspace, statement.source, statement.stamp, {}, {}};
    if (statement.removal) rows.push_back(row);
    (statement.facts.present & statement.accepted).each([&](Field field) {
      workspace::JournalFact& fact = rows.emplace_back(row);
      fact.key = model::field_name(field);
      model::append_fact_json(fact.value, statement.facts.values, field);
    });
    if (statement.elements) {
      append_elements(rows, row, Field::sessionSummaries, statement.facts.sessions);
      append_elements(rows, row, Field::pendingRequests, statement.facts.pending);
      append_elements(rows, row, Field::terminals, statement.facts.terminals);
    }
    if (statement.memory.empty() ||
        last_memory[{statement.workspace.view(), statement.source}] != &statement) {
      continue;
    }
    workspace::JournalFact& kept = rows.emplace_back(row);
    kept.key = kMemoryKey;
    kept.value = statement.memory.text();
    // A late statement must not look older than the memory before it.
    kept.stamp = statement.memory.newest;
  }
  return rows;
}

Result<model::FactPatch> read_journal_row(const workspace::JournalFact& row) {
  const auto slash = row.key.find('/');
  const std::string name = row.key.substr(0, slash);
  const std::string id = slash == std::string::npos ? "" : row.key.substr(slash + 1);
  const auto field = model::field_from_name(name);
  if (!field) return fail(ErrorCode::invalid_argument, "unknown journal key " + row.key);
  model::FactPatch patch;
  if (*field == Field::sessionSummaries) {
    SB_TRY_VOID(read_elements(patch.sessions, id, row.value));
  } else if (*field == Field::pendingRequests) {
    SB_TRY_VOID(read_elements(patch.pending, id, row.value));
  } else if (*field == Field::terminals) {
    SB_TRY_VOID(read_elements(patch.terminals, id, row.value));
  } else {
    JsonDocument document;
    SB_TRY(const JsonValue json, document.parse("{\"" + name + "\":" + row.value + "}"));
    return model::parse_fact_patch(json, "$");
  }
  return patch;
}

}  // namespace sb::orchestration
