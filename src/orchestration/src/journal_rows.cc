#include "journal_rows.h"

#include <iterator>
#include <optional>
#include <string_view>
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
  // A statement that is taken in for something else may say what is known better.
  for (const T& value : patch.upserts) {
    workspace::JournalFact element = row;
    element.may_be_late = true;
    element.key = collection;
    element.key.append("/").append(model::element_id(value));
    append_json(element.value, value);
    rows.push_back(std::move(element));
  }
  for (const std::string& id : patch.removals) {
    workspace::JournalFact element = row;
    element.may_be_late = true;
    element.key = collection;
    element.key.append("/").append(id);
    rows.push_back(std::move(element));
  }
  if (patch.whole) {
    workspace::JournalFact whole = row;
    whole.may_be_late = true;
    whole.key = collection;
    whole.value = "[]";  // a fenced absence as of its stamp; the elements have rows of their own
    rows.push_back(std::move(whole));  // after them: at the same stamp it takes away only others
  }
}

// Of a field by itself, or of an element: "sessionSummaries/s1".
std::optional<Field> field_of(std::string_view key) {
  return model::field_from_name(key.substr(0, key.find('/')));
}

bool is_collection(Field field) {
  return field == Field::sessionSummaries || field == Field::pendingRequests ||
         field == Field::terminals;
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

std::size_t JournalStep::row_count() const {
  std::size_t count = 0;
  for (const JournalStatement& statement : said) count += statement.row_count();
  return count;
}

void JournalStep::forget_all_of(const model::WorkspaceId& id) {
  std::erase_if(said, [&](const JournalStatement& old) { return old.workspace == id; });
  forget.push_back(id);
}

void JournalStep::append(JournalStep later) {
  if (empty()) {
    *this = std::move(later);
    return;
  }
  epochs.insert(epochs.end(), std::make_move_iterator(later.epochs.begin()),
                std::make_move_iterator(later.epochs.end()));
  for (const model::WorkspaceId& id : later.forget) forget_all_of(id);
  said.insert(said.end(), std::make_move_iterator(later.said.begin()),
              std::make_move_iterator(later.said.end()));
}

workspace::JournalBatch JournalStep::batch() const {
  workspace::JournalBatch batch{epochs, forget, {}};
  auto& rows = batch.facts;
  rows.reserve(row_count());
  for (const JournalStatement& statement : said) {
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
    if (statement.memory.empty()) continue;
    workspace::JournalFact& kept = rows.emplace_back(row);
    kept.key = kMemoryKey;
    kept.value = statement.memory.text();
    // A late statement must not look older than the memory before it.
    kept.stamp = statement.memory.newest;
  }
  return batch;
}

std::size_t JournalReader::statement(Rows rows) {
  const workspace::JournalRow& first = rows.front();
  const auto stands_alone = [](const workspace::JournalRow& row) {
    const auto field = field_of(row.key);
    return !field || is_collection(*field);
  };
  if (stands_alone(first)) return 1;
  std::size_t count = 1;
  while (count < rows.size() && rows[count].stamp == first.stamp &&
         rows[count].workspace == first.workspace && rows[count].source == first.source &&
         !stands_alone(rows[count])) {
    ++count;
  }
  return count;
}

Result<model::FactPatch> JournalReader::read(Rows rows) {
  const workspace::JournalRow& first = rows.front();
  const auto field = field_of(first.key);
  if (!field) {
    return fail(ErrorCode::invalid_argument, "unknown journal key " + std::string(first.key));
  }
  model::FactPatch patch;
  switch (*field) {
    case Field::sessionSummaries:
      SB_TRY_VOID(read_elements(patch.sessions, first));
      return patch;
    case Field::pendingRequests:
      SB_TRY_VOID(read_elements(patch.pending, first));
      return patch;
    case Field::terminals:
      SB_TRY_VOID(read_elements(patch.terminals, first));
      return patch;
    default:
      break;
  }
  text_.clear();
  for (const workspace::JournalRow& row : rows) {
    text_.append(text_.empty() ? "{\"" : ",\"").append(row.key).append("\":").append(row.value);
  }
  SB_TRY(const JsonValue json, document_.parse(text_ += '}'));
  return model::parse_fact_patch(json, "$");
}

template <class T>
Result<void> JournalReader::read_elements(model::ElementsPatch<T>& patch,
                                          const workspace::JournalRow& row) {
  const auto slash = row.key.find('/');
  if (slash == std::string_view::npos) {
    patch.whole = true;
    return {};
  }
  if (row.value.empty()) {
    patch.removals.emplace_back(row.key.substr(slash + 1));
    return {};
  }
  SB_TRY(const JsonValue json, document_.parse(row.value));
  SB_TRY(T element, from_json<T>(json, "$"));
  patch.upserts.push_back(std::move(element));
  return {};
}

}  // namespace sb::orchestration
