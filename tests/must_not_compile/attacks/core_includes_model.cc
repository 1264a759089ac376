// place: src/core/src/attack.cc
// falls at: compile
// because: sb/model/model.h: No such file or directory
#include "sb/model/model.h"
