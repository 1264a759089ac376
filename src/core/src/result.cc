#include "sb/core/result.h"

#include <utility>

namespace sb {

tl::unexpected<Error> fail(ErrorCode code, std::string message, std::string path) {
  return fail(Error{code, std::move(message), std::move(path)});
}

tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace sb
