// place: src/domains/git/src/attack.cc
// falls at: compile
// because: sb/workspace/workspace.h: No such file or directory
#include "sb/workspace/workspace.h"
