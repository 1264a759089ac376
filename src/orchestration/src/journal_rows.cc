#include "journal_rows.h"

#include <utility>

#include "sb/core/json_codec.h"
#include "sb/model/fact_codec.h"

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

void append_journal_rows(std::vector<workspace::JournalFact>& rows,
                         const workspace::JournalFact& row, const model::FactPatch& patch,
                         model::FieldSet accepted) {
  (patch.present & accepted).each([&](Field field) {
    workspace::JournalFact fact = row;
    fact.key = model::field_name(field);
    model::append_fact_json(fact.value, patch.values, field);
    rows.push_back(std::move(fact));
  });
  append_elements(rows, row, Field::sessionSummaries, patch.sessions);
  append_elements(rows, row, Field::pendingRequests, patch.pending);
  append_elements(rows, row, Field::terminals, patch.terminals);
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
