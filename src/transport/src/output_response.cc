#include "output_response.h"

#include <utility>

#include "sb/core/json_writer.h"
#include "sb/core/utf8.h"

namespace sb::transport {
namespace {

/// How many bytes at the end are the beginning of a character that is not complete.
std::size_t cut_character(std::string_view bytes) {
  constexpr std::size_t kCharacterBytesMax = 4;
  for (std::size_t back = 1; back < kCharacterBytesMax && back < bytes.size(); ++back) {
    const auto byte = static_cast<unsigned char>(bytes[bytes.size() - back]);
    if ((byte & 0xC0U) == 0x80U) continue;  // in the middle of one
    const std::size_t length = byte >= 0xF0U ? 4 : byte >= 0xE0U ? 3 : byte >= 0xC0U ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}

}  // namespace

HttpResponse output_response(OutputPiece piece) {
  if (!piece.over) {
    const std::size_t cut = cut_character(piece.bytes);
    piece.bytes.resize(piece.bytes.size() - cut);
    piece.end -= cut;
  }
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  json.key("from").number(piece.begin);
  json.key("next").number(piece.end);
  json.key("over").boolean(piece.over);
  json.key("text").string(to_valid_utf8(piece.bytes));
  json.end_object();
  return json_response(200, std::move(text));
}

}  // namespace sb::transport
