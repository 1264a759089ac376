// place: src/domains/git/src/attack.cc
// falls at: layers
// because: src/domains/git/src/attack.cc (domain) opened src/snapshot/include/sb/snapshot/snapshot.h (snapshot)
#include "../../../snapshot/include/sb/snapshot/snapshot.h"
