// place: src/model/src/attack.cc
// falls at: layers
// because: src/model/src/attack.cc opened a private header: src/core/src/secret.h
#include "../../core/src/secret.h"
