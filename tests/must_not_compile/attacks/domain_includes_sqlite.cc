// place: src/domains/git/src/attack.cc
// falls at: layers
// because: src/domains/git/src/attack.cc (domain) reached SQLite
#include <sqlite3.h>
