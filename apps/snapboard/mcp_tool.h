#pragma once

#include <string>

namespace sb::app {

/// `snapboard mcp`: a Model Context Protocol server on standard input and output, one message a
/// line, until the input ends. Runs beside any number of others; a server that is away is said in
/// the answer and looked for again with the next request.
int mcp(const std::string& socket);

}  // namespace sb::app
