#include "token.h"

#include <algorithm>
#include <string_view>

namespace sb::github {
namespace {

constexpr std::chrono::milliseconds kGhTimeout{10'000};
constexpr std::size_t kTokenBytesMax = 4096;

bool is_github_cloud(std::string_view host) {
  return host == "github.com" || host.ends_with(".ghe.com");
}

}  // namespace

bool is_named_host(const GithubOptions& options, const std::string& host) {
  return is_github_cloud(host) ||
         std::find(options.hosts.begin(), options.hosts.end(), host) != options.hosts.end();
}

Result<std::string> find_token(const GithubOptions& options, const std::string& host,
                               ProcessRunner& processes) {
  if (is_named_host(options, host)) {
    const std::string& given = is_github_cloud(host) ? options.token : options.enterprise_token;
    if (!given.empty()) return given;
  }
  ProcessSpec spec;
  spec.argv = {options.gh_program, "auth", "token", "--hostname", host};
  spec.timeout = kGhTimeout;
  spec.output_bytes_max = kTokenBytesMax;
  // What gh keeps for this very host, not a token of the environment meant for another one.
  spec.unset_env = {"GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"};
  spec.set_env = {{"GH_PROMPT_DISABLED", "1"}, {"GH_NO_UPDATE_NOTIFIER", "1"}};
  const auto ran = processes.run(spec);
  if (ran && ran->exit_code == 0) {
    const auto end = ran->out.find_first_of("\r\n");
    std::string token = ran->out.substr(0, end);
    if (!token.empty()) return token;
  }
  return fail(ErrorCode::not_found, "nobody is logged in at " + host +
                                        ": set GH_TOKEN or run gh auth login, then refresh");
}

std::string graphql_url(const GithubOptions& options, const std::string& host) {
  if (!options.api_url.empty()) return options.api_url + "/graphql";
  if (is_github_cloud(host)) return "https://api." + host + "/graphql";
  return "https://" + host + "/api/graphql";
}

std::string rest_url(const GithubOptions& options, const std::string& host) {
  if (!options.api_url.empty()) return options.api_url;
  if (is_github_cloud(host)) return "https://api." + host;
  return "https://" + host + "/api/v3";
}

}  // namespace sb::github
