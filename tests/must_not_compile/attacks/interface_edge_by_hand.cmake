# place: attack.cmake
# falls at: configure
# because: sb_snapshot (snapshot) -> sb_git (domain)
target_link_libraries(sb_snapshot INTERFACE sb_git)
