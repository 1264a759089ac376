// place: src/domains/git/src/visitor.cc
// falls at: nothing
#include "sb/core/core.h"
#include "sb/model/model.h"
#include "sb/process/process.h"
