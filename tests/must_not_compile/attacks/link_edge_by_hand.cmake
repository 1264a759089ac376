# place: attack.cmake
# falls at: configure
# because: sb_git (domain) -> sb_workspace (domain)
target_link_libraries(sb_git PRIVATE sb_workspace)
