// place: src/domains/git/src/attack.cc
// falls at: compile
// because: sb/snapshot/snapshot.h: No such file or directory
#include "sb/snapshot/snapshot.h"
