#pragma once

namespace sb::sqlite {
int answer();
}  // namespace sb::sqlite
