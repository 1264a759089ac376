// place: src/orchestration/src/attack.cc
// falls at: compile
// because: sb/sqlite/sqlite.h: No such file or directory
#include "sb/sqlite/sqlite.h"
