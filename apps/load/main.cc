#include <cstdio>
#include <cstdlib>
#include <string>

#include <CLI/CLI.hpp>

#include "report.h"
#include "run.h"

namespace {

using sb::load::Kind;
using sb::load::Options;

constexpr const char* kAbout =
    "Puts load on a running snapboard: thousands of clients in one process, each of which keeps "
    "the\n"
    "rules of the protocol and checks every message; events through POST /api/events. At the end "
    "all\n"
    "clients must show what the server shows. Exit codes: 0 all right, 1 a check failed, 2 usage,\n"
    "3 server not reachable.";

std::size_t& clients(Options& options, Kind kind) {
  return options.clients[static_cast<std::size_t>(kind)];
}

void add_options(CLI::App& app, Options& options) {
  app.add_option("--host", options.host, "IPv4 address of the server")->capture_default_str();
  app.add_option("--port", options.port, "Its port")->capture_default_str();
  app.add_option("--token", options.token, "Its bearer token (SNAPBOARD_TOKEN)")
      ->envname("SNAPBOARD_TOKEN");
  app.add_option("--pid", options.pid, "Its process id: also reports its CPU time and memory");
  app.add_option("--project", options.project, "Project whose workspaces change; made by events")
      ->capture_default_str();
  app.add_option("--dialect1", clients(options, Kind::dialect1), "Clients of /snapshots");
  app.add_option("--sync", clients(options, Kind::sync),
                 "Clients of /sync, everything of the project");
  app.add_option("--where", clients(options, Kind::sync_where),
                 "Clients of /sync that see the column WORKING only");
  app.add_option("--sse", clients(options, Kind::events), "Clients of server-sent events");
  app.add_option("--poll", clients(options, Kind::poll), "Clients of long polls");
  app.add_option("--baseline-readers", options.baseline_readers,
                 "Connections that read one whole baseline after the other");
  app.add_option("--workspaces", options.workspaces, "How many change")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  app.add_option("--rate", options.rate, "Events per second, sent whatever the server does")
      ->capture_default_str();
  app.add_option("--window", options.window,
                 "Instead of a rate: so many events until the last client has the first of them");
  app.add_option("--seconds", options.seconds, "How long events are sent")->capture_default_str();
  app.add_option("--warm-up", options.warm_up, "Seconds of events before anything is measured");
  app.add_flag("--mixed", options.mixed,
               "Also pull requests, sessions, run scripts, workspaces that come and go");
  app.add_option("--cut-every", options.cut_every,
                 "Cut each client at a random byte, every so many seconds on average");
  app.add_option("--stall-percent", options.stall_percent,
                 "So many clients stop reading for the second half; both halves are reported")
      ->check(CLI::Range(0.0, 100.0));
  app.add_option("--handshakes", options.handshakes,
                 "First so many seconds of nothing but handshakes");
  app.add_option("--coalesce-ms", options.coalesce_ms, "Gap asked for by clients of /sync");
  app.add_option("--settle-seconds", options.settle_seconds,
                 "How long clients may take to be equal to the server at the end")
      ->capture_default_str();
  app.add_option("--seed", options.seed, "Of the cuts")->capture_default_str();
  app.add_flag("--entries-there", options.entries_there,
               "The workspaces are there: bring none about");
  app.add_flag("--unchecked", options.unchecked,
               "No comparison at the end: the peer is not a snapboard");
  app.add_flag("--json", options.json, "One JSON object on standard output");
}

}  // namespace

int main(int argc, char** argv) {
  constexpr int kWrong = 1;
  constexpr int kUsage = 2;
  constexpr int kUnreachable = 3;
  Options options;
  CLI::App app(kAbout, "snapboard-load");
  app.set_version_flag("--version", std::string(SB_VERSION));
  add_options(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  sb::load::raise_descriptor_limit();
  sb::load::Run run(options);
  const auto outcome = run.go();
  if (!outcome) {
    std::fprintf(stderr, "snapboard-load: %s\n", outcome.error().message.c_str());
    return kUnreachable;
  }
  const std::string text = options.json ? report_json(*outcome) + "\n" : report_text(*outcome);
  std::fputs(text.c_str(), stdout);
  return outcome->right() ? 0 : kWrong;
}
