// Prints the TypeScript side of the wire model from the described structs and enums, so that a
// field added in C++ is a type error in the web app until it is shown.
//   sb_gen_types > clients/typescript/src/generated/model.ts
//   sb_gen_types --check FILE     exit 1 when FILE differs from what would be printed

#include <cctype>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <boost/describe.hpp>
#include <boost/mp11.hpp>
#include <boost/type_index.hpp>

#include "sb/core/clock.h"
#include "sb/core/json_codec.h"
#include "sb/core/strong_string.h"
#include "sb/model/elements.h"
#include "sb/model/enums.h"
#include "sb/model/facts.h"
#include "sb/model/field.h"

namespace {

using namespace std::string_view_literals;
namespace model = sb::model;
namespace describe = boost::describe;
namespace mp11 = boost::mp11;

using Enums = mp11::mp_list<
    model::WorkspaceStatus, model::WorkspaceMode, model::AutoIterationStatus, model::PrState,
    model::CiStatus, model::RatchetState, model::RatchetDispatchOutcome, model::RunScriptStatus,
    model::SessionStatus, model::SessionProvider, model::SessionRuntimePhase,
    model::SessionRuntimeProcessState, model::SessionRuntimeActivity, model::PendingRequestType,
    model::TerminalState, model::FlowPhase, model::CiObservation, model::SidebarActivityState,
    model::SidebarCiState, model::KanbanColumn, model::StatusReasonTone, model::StatusReasonCode,
    model::FieldGroup, model::Freshness>;

using Records =
    mp11::mp_list<model::LastExit, model::SessionSummary, model::PendingRequest, model::Terminal,
                  model::GitStats, model::Problem, model::SidebarStatus, model::StatusReason>;

/// The members of an entry that are no scalar fact, in the order of Field after `problem`.
struct NotScalar {
  std::vector<model::SessionSummary> sessionSummaries;
  std::vector<model::PendingRequest> pendingRequests;
  std::vector<model::Terminal> terminals;
  model::SidebarStatus sidebarStatus;
  std::optional<model::KanbanColumn> kanbanColumn;
  model::FlowPhase flowPhase = model::FlowPhase::NO_PR;
  model::CiObservation ciObservation = model::CiObservation::NOT_FETCHED;
  bool ratchetButtonAnimated = false;
  model::StatusReason statusReason{model::StatusReasonCode::SETTING_UP, "Setting up workspace"sv,
                                   model::StatusReasonTone::working, false};
  std::vector<std::string> unknownFields;
};
BOOST_DESCRIBE_STRUCT(NotScalar, (),
                      (sessionSummaries, pendingRequests, terminals, sidebarStatus, kanbanColumn,
                       flowPhase, ciObservation, ratchetButtonAnimated, statusReason,
                       unknownFields))
static_assert(sb::all_members_described<NotScalar>());
using NotScalarMembers = describe::describe_members<NotScalar, describe::mod_public>;
static_assert(model::kScalarCount + mp11::mp_size<NotScalarMembers>::value == model::kFieldCount,
              "a field of the entry has no TypeScript type yet: add it to NotScalar");

/// What the store manages itself (contract, section 4.5). `fieldTimestamps` is written by hand
/// below.
struct Managed {
  std::int64_t version = 0;
  std::string computedAt;
  std::string source;
};
BOOST_DESCRIBE_STRUCT(Managed, (), (version, computedAt, source))

template <class T>
struct Unwrap {
  using type = T;
  static constexpr bool optional = false;
};
template <class T>
struct Unwrap<std::optional<T>> {
  using type = T;
  static constexpr bool optional = true;
};
template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};
template <class T>
struct IsStrong : std::false_type {};
template <class Tag>
struct IsStrong<sb::StrongString<Tag>> : std::true_type {};

template <class T>
constexpr bool kIsText = std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view> ||
                         std::is_same_v<T, sb::WallTime> || IsStrong<T>::value;

template <class T>
std::string type_name() {
  std::string name = boost::typeindex::type_id<T>().pretty_name();
  const auto colon = name.rfind(':');
  return colon == std::string::npos ? name : name.substr(colon + 1);
}

template <class E>
std::string values_name() {
  std::string name = type_name<E>();
  name[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(name[0])));
  return name + "Values";
}

template <class T>
std::string ts_type() {
  if constexpr (Unwrap<T>::optional) {
    return ts_type<typename Unwrap<T>::type>() + " | null";
  } else if constexpr (IsVector<T>::value) {
    return "readonly " + ts_type<typename T::value_type>() + "[]";
  } else if constexpr (std::is_same_v<T, bool>) {
    return "boolean";
  } else if constexpr (std::is_arithmetic_v<T>) {
    return "number";
  } else if constexpr (kIsText<T>) {
    return "string";
  } else {
    return type_name<T>();
  }
}

/// The kind of a value, without nullability and fallback.
template <class T>
std::string shape_kind() {
  if constexpr (IsVector<T>::value) {
    return "kind: \"list\", of: { " + shape_kind<typename T::value_type>() + ", fallback: null }";
  } else if constexpr (std::is_same_v<T, bool>) {
    return "kind: \"flag\"";
  } else if constexpr (std::is_arithmetic_v<T>) {
    return "kind: \"number\"";
  } else if constexpr (kIsText<T>) {
    return "kind: \"text\"";
  } else if constexpr (std::is_enum_v<T>) {
    return "kind: \"enum\", values: " + values_name<T>();
  } else {
    return "kind: \"record\", record: \"" + type_name<T>() + "\"";
  }
}

template <class T>
std::string fallback(const T& value) {
  if constexpr (std::is_same_v<T, sb::WallTime>) {
    return "\"\"";
  } else {
    std::string text;
    sb::append_json(text, value);
    return text;
  }
}

template <class Record>
constexpr bool is_omitted_when_empty(std::string_view name) {
  if constexpr (requires { Record::kJsonOmitEmpty; }) {
    for (const std::string_view omitted : Record::kJsonOmitEmpty) {
      if (omitted == name) return true;
    }
  }
  return false;
}

class Printer {
 public:
  std::string print() {
    line("// Generated from the C++ model by sb_gen_types. Do not edit.");
    print_enums();
    print_records();
    print_entry();
    print_messages();
    return out_;
  }

 private:
  void line(std::string_view text = {}) {
    out_ += text;
    out_ += '\n';
  }

  void print_enums() {
    mp11::mp_for_each<mp11::mp_transform<mp11::mp_identity, Enums>>([&](auto identity) {
      using E = typename decltype(identity)::type;
      line();
      line("export const " + values_name<E>() + " = [");
      mp11::mp_for_each<describe::describe_enumerators<E>>(
          [&](auto described) { line("  \"" + std::string(described.name) + "\","); });
      line("] as const;");
      line("export type " + type_name<E>() + " = (typeof " + values_name<E>() + ")[number];");
    });
  }

  template <class Record>
  void print_members() {
    mp11::mp_for_each<describe::describe_members<Record, describe::mod_public>>(
        [&](auto described) {
          using T = std::remove_cvref_t<decltype(std::declval<Record>().*described.pointer)>;
          const std::string name = described.name;
          if (is_omitted_when_empty<Record>(name)) {
            line("  readonly " + name + "?: " + ts_type<typename Unwrap<T>::type>() + ";");
          } else if (name == "createdAt") {
            line("  /** Empty when unknown. */");
            line("  readonly " + name + ": string;");
          } else {
            line("  readonly " + name + ": " + ts_type<T>() + ";");
          }
        });
  }

  template <class Record>
  void print_shape_members() {
    mp11::mp_for_each<describe::describe_members<Record, describe::mod_public>>(
        [&](auto described) {
          using T = std::remove_cvref_t<decltype(std::declval<Record>().*described.pointer)>;
          using Plain = typename Unwrap<T>::type;
          const Record defaults{};
          const std::string name = described.name;
          std::string text = "    " + name + ": { " + shape_kind<Plain>();
          if (is_omitted_when_empty<Record>(name)) {
            text += ", optional: true, fallback: undefined";
          } else if (name == "createdAt") {
            text += ", fallback: \"\"";
          } else if constexpr (Unwrap<T>::optional) {
            text += ", nullable: true, fallback: null";
          } else {
            text += ", fallback: " + fallback(defaults.*described.pointer);
          }
          line(text + " },");
        });
  }

  void print_records() {
    mp11::mp_for_each<mp11::mp_transform<mp11::mp_identity, Records>>([&](auto identity) {
      using Record = typename decltype(identity)::type;
      line();
      line("export interface " + type_name<Record>() + " {");
      print_members<Record>();
      line("}");
    });
  }

  void print_entry() {
    line();
    line("/** One workspace, complete. Members in wire order. */");
    line("export interface Entry {");
    line("  readonly workspaceId: string;");
    print_members<model::Facts>();
    print_members<NotScalar>();
    print_members<Managed>();
    line("  readonly fieldTimestamps: Readonly<Record<FieldGroup, number>>;");
    line("}");
    line();
    line(
        "/** How to read a value without trusting it. `fallback` stands in for one that cannot be "
        "read. */");
    line("export interface Shape {");
    line("  readonly kind: \"text\" | \"number\" | \"flag\" | \"enum\" | \"record\" | \"list\";");
    line("  readonly values?: readonly string[];");
    line("  readonly record?: RecordName;");
    line("  readonly of?: Shape;");
    line("  readonly nullable?: true;");
    line("  readonly optional?: true;");
    line("  readonly fallback: unknown;");
    line("}");
    line("export type RecordName =");
    mp11::mp_for_each<mp11::mp_transform<mp11::mp_identity, Records>>([&](auto identity) {
      line("  | \"" + type_name<typename decltype(identity)::type>() + "\"");
    });
    line("  | \"FieldTimestamps\"");
    line("  | \"Entry\";");
    line();
    line("export const shapes: Readonly<Record<RecordName, Readonly<Record<string, Shape>>>> = {");
    mp11::mp_for_each<mp11::mp_transform<mp11::mp_identity, Records>>([&](auto identity) {
      using Record = typename decltype(identity)::type;
      line("  " + type_name<Record>() + ": {");
      print_shape_members<Record>();
      line("  },");
    });
    line("  FieldTimestamps: {");
    mp11::mp_for_each<describe::describe_enumerators<model::FieldGroup>>([&](auto described) {
      line("    " + std::string(described.name) + ": { kind: \"number\", fallback: 0 },");
    });
    line("  },");
    line("  Entry: {");
    line("    workspaceId: { kind: \"text\", fallback: \"\" },");
    print_shape_members<model::Facts>();
    print_shape_members<NotScalar>();
    print_shape_members<Managed>();
    std::string zeros;
    mp11::mp_for_each<describe::describe_enumerators<model::FieldGroup>>([&](auto described) {
      zeros += (zeros.empty() ? "" : ", ") + std::string(described.name) + ": 0";
    });
    line("    fieldTimestamps: { kind: \"record\", record: \"FieldTimestamps\", fallback: { " +
         zeros + " } },");
    line("  },");
    line("};");
  }

  void print_messages() {
    line(R"(
/** Where a message stands. `cursor` is only on the last message of a revision. */
export interface Position {
  readonly epoch?: string;
  readonly revision?: number;
  readonly cursor?: string;
}
export interface SnapshotFull extends Position {
  readonly type: "snapshot_full";
  readonly projectId: string;
  readonly entries: readonly Entry[];
  readonly reviewCount?: number;
}
export interface SnapshotChanged extends Position {
  readonly type: "snapshot_changed";
  readonly workspaceId: string;
  readonly entry: Entry;
  readonly reviewCount?: number;
}
export interface SnapshotRemoved extends Position {
  readonly type: "snapshot_removed";
  readonly workspaceId: string;
  readonly reviewCount?: number;
}
export type SnapshotMessage = SnapshotFull | SnapshotChanged | SnapshotRemoved;

/** A row of GET /api/projects. */
export interface ProjectRow {
  readonly id: string;
  readonly name: string;
  readonly repoPath: string | null;
  readonly defaultBranch: string | null;
  readonly workspaceCount: number;
  readonly problem?: Problem | null;
  readonly external?: boolean;
})");
  }

  std::string out_;
};

int check(const char* path, const std::string& wanted) {
  std::ifstream file(path, std::ios::binary);
  const std::string found((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (found == wanted) return 0;
  std::fprintf(stderr, "%s is not what sb_gen_types prints. Run: sb_gen_types > %s\n", path, path);
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string text = Printer().print();
  if (argc == 3 && argv[1] == "--check"sv) return check(argv[2], text);
  if (argc != 1) {
    std::fputs("usage: sb_gen_types [--check FILE]\n", stderr);
    return 2;
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  return 0;
}
