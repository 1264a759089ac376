#include "explain_tool.h"

#include <cstdio>

#include "sb/core/percent.h"

#include "board.h"
#include "local_api.h"
#include "text_table.h"

namespace sb::app {
namespace {

constexpr std::size_t kIndent = 2;      // columns
constexpr std::size_t kCellWidth = 44;  // columns

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

// The answer of one read about one workspace, however it was named.
Result<std::string> read_about(const std::string& given_socket, const std::string& workspace,
                               const std::string& what) {
  SB_TRY(const std::string socket, find_socket(given_socket));
  SB_TRY(const Board board, read_board(socket));
  const auto found = find_workspace(board.rows, workspace);
  // Archiving ones are on no board, yet readable by id.
  if (!found && found.error().code != ErrorCode::not_found) return found.error();
  const std::string id = found ? found->id : workspace;
  auto text = api_get(socket, "/api/workspaces/" + percent_encode(id) + "/" + what);
  if (!text && text.error().code == ErrorCode::not_found && !found) return found.error();
  return text;
}

std::string member(const JsonValue& object, std::string_view key) {
  const auto value = object.find(key);
  return value ? brief(*value) : "-";
}

void print_decision(const JsonValue& derived) {
  TextTable table({"", "", ""}, 60);
  table.add({"decided", text_of(derived, "rule"), "-> " + member(derived, "gives")});
  if (const auto tried = derived.find("tried")) {
    tried->each_element([&](std::size_t, JsonValue rule) {
      table.add({"not", text_of(rule, "rule"), "-> " + member(rule, "gives")});
    });
  }
  print(table.text(kIndent));
}

void print_derived(const JsonValue& explanation) {
  const auto derived = explanation.find("derived");
  if (!derived) return;
  derived->each_element([&](std::size_t index, JsonValue one) {
    if (index != 0) return;
    std::string label = "-";
    if (const auto value = one.find("value")) {
      label = text_of(*value, "label") + " (" + text_of(*value, "code") + ")";
    }
    print("Status: " + label + "\n\nWhy this status\n");
    print_decision(one);
  });
  TextTable table({"FIELD", "VALUE", "RULE"}, kCellWidth);
  derived->each_element([&](std::size_t index, JsonValue one) {
    if (index == 0) return;
    table.add({text_of(one, "field"), member(one, "value"), text_of(one, "rule")});
  });
  print("\nWhat else follows\n" + table.text(kIndent));
}

void print_dependent(const JsonValue& explanation) {
  TextTable table({"FIELD", "VALUE", "STATED", "WHY"}, kCellWidth);
  if (const auto list = explanation.find("dependent")) {
    list->each_element([&](std::size_t, JsonValue one) {
      const char* stated = !flag_of(one, "stated")  ? "no"
                           : flag_of(one, "counts") ? "counts"
                                                    : "void";
      table.add({text_of(one, "field"), member(one, "value"), stated, text_of(one, "why")});
    });
  }
  print("\nFacts that depend on others\n" + table.text(kIndent));
}

void print_facts(const JsonValue& explanation) {
  TextTable table({"FIELD", "VALUE", "AGE", "FRESHNESS", "SOURCE", "SET BY"}, kCellWidth);
  std::string unknown;
  std::string notes;
  const auto facts = explanation.find("facts");
  if (!facts) return;
  facts->each_element([&](std::size_t, JsonValue fact) {
    std::string field = text_of(fact, "field");
    const auto authority = fact.find("authority");
    if (!authority || authority->is_null()) {
      unknown += (unknown.empty() ? "" : ", ") + field;
      return;
    }
    if (const std::string element = text_of(fact, "element"); !element.empty()) {
      field += "[" + element + "]";
    }
    if (const auto voided = fact.find("voided")) {
      notes += "  " + field + " does not count: " + text_of(*voided, "why") + "\n";
    }
    const auto age = fact.find("ageMs");
    const bool own = text_of(*authority, "rank") == "own";
    table.add({field, member(fact, "value"), age_text(age ? age->as_int().value_or(0) : 0),
               text_of(fact, "freshness"), text_of(*authority, "source") + (own ? " (own)" : ""),
               member(fact, "setBy")});
  });
  print("\nFacts (those of our own domains outrank external ones)\n" + table.text(kIndent) + notes);
  if (!unknown.empty()) print("\nNobody reported: " + unknown + "\n");
}

void print_title(const JsonValue& answer) {
  print(text_of(answer, "name") + "  (" + text_of(answer, "workspaceId") + ", revision " +
        number_of(answer, "revision") + ")\n");
}

// Whole, unlike in the table of facts: it says what to do.
void print_problem(const JsonValue& explanation) {
  const auto facts = explanation.find("facts");
  if (!facts) return;
  facts->each_element([](std::size_t, JsonValue fact) {
    if (text_of(fact, "field") != "problem") return;
    const auto problem = fact.find("value");
    if (!problem || problem->is_null()) return;
    print("Problem: " + lines_of(*problem, "message") + " (" + text_of(*problem, "code") + ")\n");
  });
}

std::string side(const JsonValue& change, std::string_view key, std::string_view cut) {
  return member(change, key) + (flag_of(change, cut) ? "\u2026" : "");
}

void print_history(const JsonValue& answer) {
  print_title(answer);
  const auto transitions = answer.find("transitions");
  std::size_t count = 0;
  if (transitions) {
    transitions->each_element([&](std::size_t, JsonValue one) {
      ++count;
      print("\n" + text_of(one, "at") + "  revision " + number_of(one, "revision") + "  " +
            text_of(one, "source") + "\n");
      TextTable table({"", "", "", ""}, kCellWidth);
      if (const auto changes = one.find("changes")) {
        changes->each_element([&](std::size_t, JsonValue change) {
          table.add({text_of(change, "field"), side(change, "before", "beforeCut"), "->",
                     side(change, "after", "afterCut")});
        });
      }
      print(table.text(kIndent));
    });
  }
  if (count == 0) print("\nNothing changed since it appeared.\n");
  if (!flag_of(answer, "complete")) print("\nEarlier transitions are not kept.\n");
}

}  // namespace

int explain(const std::string& socket, const std::string& workspace, Output output) {
  const auto text = read_about(socket, workspace, "explain");
  if (!text) return report(text.error());
  if (output == Output::json) {
    print(*text + "\n");
    return kExitOk;
  }
  JsonDocument document;
  const auto answer = document.parse(*text);
  if (!answer) return report(answer.error());
  print_title(*answer);
  print_problem(*answer);
  print_derived(*answer);
  print_dependent(*answer);
  print_facts(*answer);
  return kExitOk;
}

int history(const std::string& socket, const std::string& workspace, Output output) {
  const auto text = read_about(socket, workspace, "history");
  if (!text) return report(text.error());
  if (output == Output::json) {
    print(*text + "\n");
    return kExitOk;
  }
  JsonDocument document;
  const auto answer = document.parse(*text);
  if (!answer) return report(answer.error());
  print_history(*answer);
  return kExitOk;
}

}  // namespace sb::app
