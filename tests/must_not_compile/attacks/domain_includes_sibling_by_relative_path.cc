// place: src/domains/git/src/attack.cc
// falls at: layers
// because: src/domains/git/src/attack.cc (domain) opened src/domains/workspace/include/sb/workspace/workspace.h (domain)
#include "../../workspace/include/sb/workspace/workspace.h"
