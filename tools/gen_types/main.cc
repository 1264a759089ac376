// Prints what the wire model is from the described structs and enums: the TypeScript side, so that
// a field added in C++ is a type error in the web app until it is shown, and JSON Schemas.
//   sb_gen_types > clients/typescript/src/generated/model.ts
//   sb_gen_types --schemas > src/transport/api/schemas.json
//   sb_gen_types --check FILE             exit 1 when FILE differs from what would be printed
//   sb_gen_types --check-schemas FILE

#include <cctype>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "model_types.h"
#include "schemas.h"

namespace sb::gen {
namespace {

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

int check(const char* path, const std::string& wanted, const char* command) {
  std::ifstream file(path, std::ios::binary);
  const std::string found((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (found == wanted) return 0;
  std::fprintf(stderr, "%s is not what %s prints. Run: %s > %s\n", path, command, command, path);
  return 1;
}

}  // namespace
}  // namespace sb::gen

int main(int argc, char** argv) {
  using namespace std::string_view_literals;
  using sb::gen::check;
  const std::string types = sb::gen::Printer().print();
  const std::string schemas = sb::gen::print_schemas();
  if (argc == 3 && argv[1] == "--check"sv) return check(argv[2], types, "sb_gen_types");
  if (argc == 3 && argv[1] == "--check-schemas"sv) {
    return check(argv[2], schemas, "sb_gen_types --schemas");
  }
  if (argc == 1 || (argc == 2 && argv[1] == "--schemas"sv)) {
    const std::string& text = argc == 1 ? types : schemas;
    std::fwrite(text.data(), 1, text.size(), stdout);
    return 0;
  }
  std::fputs("usage: sb_gen_types [--schemas | --check FILE | --check-schemas FILE]\n", stderr);
  return 2;
}
