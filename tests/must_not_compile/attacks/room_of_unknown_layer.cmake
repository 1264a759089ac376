# place: attack.cmake
# falls at: configure
# because: sb_room(attic): unknown layer 'attic'
sb_room(NAME attic LAYER attic DIR src/attic)
