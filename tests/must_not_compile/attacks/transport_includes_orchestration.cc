// place: src/transport/src/attack.cc
// falls at: compile
// because: sb/orchestration/orchestration.h: No such file or directory
#include "sb/orchestration/orchestration.h"
