#pragma once

#include <string>

#include "sb/core/process_runner.h"
#include "sb/core/result.h"
#include "sb/github/github_service.h"

namespace sb::github {

/// True for a host that is GitHub without anybody having said so, or that the user named. Only
/// these get a token out of the environment.
[[nodiscard]] bool is_named_host(const GithubOptions& options, const std::string& host);

/// The token for a host: the environment's, else the one `gh` keeps. Blocks (may run `gh`): workers
/// only. Errors: not_found (nobody is logged in there), with a sentence for the user. The token is
/// never logged.
Result<std::string> find_token(const GithubOptions& options, const std::string& host,
                               ProcessRunner& processes);

/// Where GraphQL of a host is asked.
[[nodiscard]] std::string graphql_url(const GithubOptions& options, const std::string& host);
/// Where the REST resources of a host begin; without a last slash.
[[nodiscard]] std::string rest_url(const GithubOptions& options, const std::string& host);

}  // namespace sb::github
