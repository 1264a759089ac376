#pragma once

namespace sb::model {
int answer();
}  // namespace sb::model
