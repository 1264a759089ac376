// place: src/snapshot/src/attack.cc
// falls at: layers
// because: src/snapshot/src/attack.cc (snapshot) opened src/domains/git/include/sb/git/git.h (domain)
#include "../../domains/git/include/sb/git/git.h"
