// place: src/model/include/sb/model/needy.h
// falls at: headers
// because: 'string' in namespace 'std' does not name a type
#pragma once

namespace sb::model {
std::string needy();
}  // namespace sb::model
