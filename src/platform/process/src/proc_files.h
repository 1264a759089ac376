#pragma once

#include <functional>
#include <optional>
#include <string>

namespace sb::process {

/// A file of /proc whole; nothing when it cannot be read.
std::optional<std::string> read_small_file(const std::string& path);
/// Visits the entries of a folder whose names are numbers: processes, threads, descriptors.
void each_number_in(const std::string& folder, const std::function<void(int)>& visit);

}  // namespace sb::process
