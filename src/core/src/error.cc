#include "sb/core/error.h"

#include <array>
#include <cstddef>

namespace sb {
namespace {

struct Row {
  std::string_view text;
  int status;
};

// In the order of ErrorCode.
constexpr std::array<Row, 10> kRows{{{"invalid_argument", 400},
                                     {"not_found", 404},
                                     {"conflict", 409},
                                     {"unauthorized", 401},
                                     {"forbidden", 403},
                                     {"limit_exceeded", 429},
                                     {"unavailable", 503},
                                     {"timeout", 504},
                                     {"unsupported", 415},
                                     {"internal", 500}}};

}  // namespace

std::string_view to_text(ErrorCode code) {
  return kRows.at(static_cast<std::size_t>(code)).text;
}
int http_status(ErrorCode code) {
  return kRows.at(static_cast<std::size_t>(code)).status;
}

}  // namespace sb
