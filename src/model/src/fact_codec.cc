#include "sb/model/fact_codec.h"

#include <array>
#include <utility>

#include "sb/core/json_codec.h"

namespace sb::model {
namespace {

// One row of functions per scalar, made from the description of Facts, so that none is ever
// forgotten.
struct ScalarCodec {
  Result<void> (*read)(Facts&, const JsonValue&, const JsonPath&);
  void (*write)(std::string&, const Facts&);
  bool (*assign)(Facts&, const Facts&);
  bool (*same)(const Facts&, const Facts&);
};

// The contract shows an unknown creation time as "", not as null.
void append_member(std::string& out, const std::optional<WallTime>& value, bool empty_text) {
  if (!value && empty_text) {
    out += "\"\"";
  } else {
    append_json(out, value);
  }
}

template <std::size_t Index>
constexpr ScalarCodec make_codec() {
  using Descriptor = boost::mp11::mp_at_c<FactsMembers, Index>;
  using Member = std::remove_reference_t<decltype(std::declval<Facts&>().*Descriptor::pointer)>;
  return {[](Facts& facts, const JsonValue& value, const JsonPath& path) -> Result<void> {
            return read_json(facts.*Descriptor::pointer, value, path);
          },
          [](std::string& out, const Facts& facts) {
            if constexpr (std::is_same_v<Member, std::optional<WallTime>>) {
              append_member(out, facts.*Descriptor::pointer,
                            static_cast<Field>(Index) == Field::createdAt);
            } else {
              append_json(out, facts.*Descriptor::pointer);
            }
          },
          [](Facts& into, const Facts& from) {
            auto& target = into.*Descriptor::pointer;
            const auto& source = from.*Descriptor::pointer;
            if (target == source) return false;
            target = source;
            return true;
          },
          [](const Facts& a, const Facts& b) {
            return a.*Descriptor::pointer == b.*Descriptor::pointer;
          }};
}

template <std::size_t... Index>
constexpr std::array<ScalarCodec, kScalarCount> make_codecs(std::index_sequence<Index...>) {
  return {make_codec<Index>()...};
}
constexpr auto kCodecs = make_codecs(std::make_index_sequence<kScalarCount>());

const ScalarCodec& codec(Field field) {
  return kCodecs.at(static_cast<std::size_t>(field));
}

template <class Element>
Result<void> read_collection(ElementsPatch<Element>& into, const JsonValue& value,
                             const JsonPath& path) {
  into.whole = true;
  return read_json(into.upserts, value, path);
}

// An absent createdAt is "" on the wire; producers that hold a projection send it back so.
bool is_empty_text(const JsonValue& value) {
  const auto text = value.as_string();
  return text && text->empty();
}

}  // namespace

std::string pending_request_id(std::string_view session_id, std::string_view request_id) {
  std::string id;
  id.reserve(session_id.size() + 1 + request_id.size());
  id.append(session_id).append(1, '\x1f').append(request_id);
  return id;
}

Result<FactPatch> parse_fact_patch(const JsonValue& object, const JsonPath& path) {
  if (object.kind() != JsonValue::Kind::object) return json_type_error("an object", object, path);
  Result<FactPatch> made{tl::in_place};
  FactPatch& patch = *made;
  std::optional<Error> error;
  object.each_member([&](std::string_view key, JsonValue value) {
    if (error) return;
    const auto field = field_from_name(key);
    if (!field) return;
    const JsonPath at = path.member(key);
    Result<void> read;
    if (static_cast<std::size_t>(*field) < kScalarCount) {
      if (*field == Field::createdAt && is_empty_text(value)) return;
      read = codec(*field).read(patch.values, value, at);
      if (read) patch.present.insert(*field);
    } else if (*field == Field::sessionSummaries) {
      read = read_collection(patch.sessions, value, at);
    } else if (*field == Field::pendingRequests) {
      read = read_collection(patch.pending, value, at);
    } else if (*field == Field::terminals) {
      read = read_collection(patch.terminals, value, at);
    }
    if (!read) error = std::move(read).error();
  });
  if (error) return *std::move(error);
  return made;
}

void append_fact_json(std::string& out, const Facts& facts, Field field) {
  codec(field).write(out, facts);
}

bool assign_fact(Facts& into, const Facts& from, Field field) {
  return codec(field).assign(into, from);
}

bool same_fact(const Facts& a, const Facts& b, Field field) {
  return codec(field).same(a, b);
}

}  // namespace sb::model
