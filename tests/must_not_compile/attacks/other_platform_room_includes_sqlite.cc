// place: src/platform/process/src/attack.cc
// falls at: layers
// because: src/platform/process/src/attack.cc (platform) reached SQLite
#include <sqlite3.h>
