// place: src/snapshot/src/attack.cc
// falls at: compile
// because: sb/git/git.h: No such file or directory
#include "sb/git/git.h"
